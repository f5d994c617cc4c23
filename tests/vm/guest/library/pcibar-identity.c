// SPDX-License-Identifier: BSD-2-Clause
/*
 * pcibar-identity BACKEND FUNCTION: opens an rtl8139, maps its BARs of each kind,
 * says "ready" and waits for a line. Then it makes every call that reaches the
 * device or reports of it, and prints a line for each: "CALL RESULT".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <pcibar/pcibar.h>

#define IO		0u
#define MEMORY		1u
#define MARK		0x77u		/* must never be found in another device */
#define LINE		0x3cu		/* Interrupt Line */
#define REGISTER	0x00u		/* the first of its MAC address */

static const struct { const char *name; uint32_t id; } backends[] = {
	{ "sysfs", PCIBAR_BACKEND_SYSFS },
	{ "pciio", PCIBAR_BACKEND_PCIIO },
	{ "freebsd", PCIBAR_BACKEND_FREEBSD },
};

static struct pcibar_device *dev;
static struct pcibar_map *memory, *ports, *rom;

static void report(const char *call, int ret)
{
	printf("%s %s\n", call, ret ? strerror(-ret) : "ok");
}

static struct pcibar_map *map(unsigned int bar, uint32_t flags, int *ret)
{
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = flags };
	struct pcibar_map *new = NULL;

	*ret = pcibar_bar_map(dev, bar, &opts, &new);
	return new;
}

static void through_map(const char *name, struct pcibar_map *map, unsigned int width)
{
	unsigned char bytes[8] = { MARK, MARK, MARK, MARK, MARK, MARK, MARK, MARK };
	char call[32];
	uint64_t val;

	if (!map)
		return;

	snprintf(call, sizeof(call), "%s-read", name);
	report(call, pcibar_map_read(map, REGISTER, width, &val));
	snprintf(call, sizeof(call), "%s-copy-from", name);
	report(call, pcibar_map_copy_from(map, REGISTER, bytes, sizeof(bytes), width, 0));
	if (map == rom)
		return;

	memset(bytes, MARK, sizeof(bytes));
	snprintf(call, sizeof(call), "%s-write", name);
	report(call, pcibar_map_write(map, REGISTER, width, MARK));
	snprintf(call, sizeof(call), "%s-copy-to", name);
	report(call, pcibar_map_copy_to(map, REGISTER, bytes, sizeof(bytes), width, 0));
}

static int ignore(void *data, const struct pcibar_vpd_field *field)
{
	(void)data;
	(void)field;
	return 0;
}

static void through_device(void)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	unsigned int off;
	uint32_t bits;
	uint8_t byte;
	int ret;

	report("info", pcibar_device_get_info(dev, &info));
	report("bar-info", pcibar_bar_get_info(dev, MEMORY, 0, &bar));

	report("config-read", pcibar_config_read8(dev, LINE, &byte));
	report("config-find", pcibar_config_find_capability(dev, 1, &off));
	report("config-write", pcibar_config_write8(dev, LINE, MARK));
	report("get-enable", pcibar_device_get_enable(dev, &bits));
	report("set-enable", pcibar_device_set_enable(dev, PCIBAR_BUS_MASTER,
						      PCIBAR_BUS_MASTER, 0));
	report("vpd", pcibar_vpd_list(dev, ignore, NULL));

	pcibar_map_release(map(MEMORY, PCIBAR_MAP_SHARE_PAGE, &ret));
	report("map", ret);
	pcibar_map_release(map(MEMORY, PCIBAR_MAP_SHARE_PAGE | PCIBAR_MAP_WRITE |
			       PCIBAR_MAP_ACTIVATE, &ret));
	report("map-activate", ret);
	pcibar_map_release(map(IO, PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE, &ret));
	report("map-io", ret);
}

int main(int argc, char **argv)
{
	struct pcibar_open_opts opts = { .size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE };
	int ret;

	if (argc != 3)
		return 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(backends) / sizeof(*backends); i++)
		if (!strcmp(argv[1], backends[i].name))
			opts.backend = backends[i].id;
	pcibar_guard_install();
	ret = pcibar_device_open(argv[2], &opts, &dev);
	if (!ret)
		memory = map(MEMORY, PCIBAR_MAP_SHARE_PAGE | PCIBAR_MAP_WRITE, &ret);
	if (!ret)
		ports = map(IO, PCIBAR_MAP_INDIRECT | PCIBAR_MAP_WRITE, &ret);
	if (!ret && opts.backend == PCIBAR_BACKEND_PCIIO)
		rom = map(PCIBAR_BAR_ROM, PCIBAR_MAP_ACTIVATE, &ret);
	puts(ret ? strerror(-ret) : "ready");
	if (ret || getchar() == EOF)
		return 1;

	through_device();
	through_map("memory", memory, 4);
	through_map("io", ports, 1);
	through_map("rom", rom, 4);
	puts("end");
	return 0;
}
