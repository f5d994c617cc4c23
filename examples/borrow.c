// SPDX-License-Identifier: BSD-2-Clause
/*
 * Borrows a function from its kernel driver: binds it to vfio-pci, reads a register through
 * VFIO, and gives the function back.
 *
 *	modprobe -a vfio-pci vfio_iommu_type1
 *	cc borrow.c -o borrow $(pkg-config --cflags --libs libpcibar)
 *	./borrow 0000:00:08.0 0 0x8
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/pcibar.h>

static int complain(const char *what, int error, const struct pcibar_refusal *why)
{
	if (why->count)
		fprintf(stderr, "%s: %s; %s\n", what, why->reasons[0].what, why->reasons[0].remedy);
	else
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static int open_device(const char *name, struct pcibar_device **devp)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .why = &why,
	};
	int ret = pcibar_device_open(name, &opts, devp);

	return ret ? complain(name, ret, &why) : EXIT_SUCCESS;
}

/* @driver: NULL binds what the function had before. */
static int bind_driver(const char *name, const char *driver)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_bind_opts opts = { .size = sizeof(opts), .driver = driver, .why = &why };
	struct pcibar_device *dev;
	int ret;

	if (open_device(name, &dev))
		return EXIT_FAILURE;

	ret = pcibar_device_bind(dev, &opts);
	pcibar_device_close(dev);
	return ret ? complain(name, ret, &why) : EXIT_SUCCESS;
}

/* A handle keeps its back end, so that of VFIO needs one that is opened after the binding. */
static int read_register(const char *name, unsigned int bar, uint64_t offset)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_device *dev;
	struct pcibar_map *map;
	uint64_t val;
	int ret;

	if (open_device(name, &dev))
		return EXIT_FAILURE;

	ret = pcibar_bar_map(dev, bar, &opts, &map);
	if (!ret) {
		ret = pcibar_map_read(map, offset, 4, &val);
		pcibar_map_release(map);
	}
	if (ret)
		ret = complain(name, ret, &why);
	else if (!pcibar_device_get_info(dev, &info))
		printf("%s: 0x%08" PRIx64 "\n", pcibar_backend_name(info.backend), val);
	pcibar_device_close(dev);
	return ret;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc != 4) {
		fprintf(stderr, "usage: %s SELECTOR BAR OFFSET\n", argv[0]);
		return 2;
	}
	if (bind_driver(argv[1], "vfio-pci"))
		return EXIT_FAILURE;

	ret = read_register(argv[1], (unsigned int)strtoul(argv[2], NULL, 0),
			    strtoull(argv[3], NULL, 0));
	return bind_driver(argv[1], NULL) || ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
