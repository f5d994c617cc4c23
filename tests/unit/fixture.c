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

int fixture_open(uint32_t backend, const char *root, uint32_t flags, const char *selector,
		 struct pcibar_device **devp)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = flags, .backend = backend, .sysfs_root = root,
		.why = &why,
	};

	return pcibar_device_open(selector, &open_opts, devp);
}

int fixture_sysfs(void **state, const char *address)
{
	int ret = fixture_setup(state);

	tree_create(&tree);
	tree_add(&tree, address);
	assert_int_equal(fixture_open(PCIBAR_BACKEND_SYSFS, tree.root, 0, address, &dev), 0);
	return ret;
}

void fixture_explain(uint32_t backend, const char *address, uint32_t map_flags)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts), .backend = backend };
	struct pcibar_intent intent = { .size = sizeof(intent), .map_flags = map_flags };
	struct pcibar_selector sel = { .size = sizeof(sel) };

	assert_int_equal(pcibar_selector_parse(address, &sel, NULL), 0);
	assert_int_equal(pcibar_explain(&sel, &intent, &open_opts, &why), 0);
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
