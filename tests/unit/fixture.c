// SPDX-License-Identifier: BSD-2-Clause
/* What the tests of a back end share: see fixture.h. */
#include "fixture.h"

struct tree tree;
struct pcibar_device *dev;
struct pcibar_refusal why;
struct pcibar_map_opts opts;

int fixture_setup(void **state)
{
	int ret = unit_setup(state);

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	opts = (struct pcibar_map_opts){ .size = sizeof(opts), .why = &why };
	return ret;
}

int fixture_teardown(void **state)
{
	pcibar_device_close(dev);
	dev = NULL;
	tree_remove(&tree);
	return unit_teardown(state);
}

struct pcibar_map *map_bar(unsigned int bar)
{
	struct pcibar_map *map = NULL;

	if (pcibar_bar_map(dev, bar, &opts, &map))
		fail_msg("BAR %u: %s", bar, why.reasons[0].what);
	return map;
}

int try_map(unsigned int bar)
{
	struct pcibar_map *map = NULL;
	int ret = pcibar_bar_map(dev, bar, &opts, &map);

	if (!ret)
		pcibar_map_release(map);
	return ret;
}
