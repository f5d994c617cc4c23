// SPDX-License-Identifier: BSD-2-Clause
/* The file `resource` of a function, parsed, and then taken through all that checks BARs. */
#include "fuzz.h"

#include <errno.h>

#include "internal.h"
#include "sysfs.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"

static struct tree tree;
static struct pcibar_device *dev;

static void tidy_up(void)
{
	pcibar_device_close(dev);
	tree_remove(&tree);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = PCIBAR_BACKEND_SYSFS, .sysfs_root = tree.root,
	};

	(void)argc;
	(void)argv;
	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	tree_add(&tree, "0000:03:00.1");
	MUST(!pcibar_device_open(FUNCTION, &opts, &dev));
	atexit(tidy_up);
	return 0;
}

static void check_lines(const char *text)
{
	struct pcibar_sysfs_line lines[PCIBAR_SYSFS_LINES];
	int count = pcibar_sysfs_parse_resource(text, lines, PCIBAR_SYSFS_LINES);

	MUST(count == -EIO || (count >= 0 && count <= PCIBAR_SYSFS_LINES));
}

static void check_bar(unsigned int bar)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts opts = { .size = sizeof(opts), .offset = 4, .why = &why };
	struct pcibar_map *map;
	int ret = pcibar_bar_get_info(dev, bar, PCIBAR_BAR_INFO_CONFIG, &info);

	if (ret) {
		MUST(ret == -EIO);
		return;
	}
	MUST(info.kind <= PCIBAR_BAR_KIND_ROM);
	if (info.kind == PCIBAR_BAR_KIND_NONE)
		MUST(!info.length && !(info.flags & PCIBAR_BAR_F_MAPPABLE));
	else
		MUST(!(info.flags & PCIBAR_BAR_F_UPPER_HALF));

	/* No BAR has a file: the result is always a refusal with its reason. */
	MUST(pcibar_bar_map(dev, bar, &opts, &map) < 0 && why.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_string(data, len);

	check_lines(text);
	tree_truncate(&tree, FUNCTION, "resource", 0);
	tree_poke(&tree, FUNCTION, "resource", 0, text, len);
	for (unsigned int bar = 0; bar < PCIBAR_BAR_COUNT; bar++)
		check_bar(bar);
	free(text);
	return 0;
}
