// SPDX-License-Identifier: BSD-2-Clause
/* Why VFIO does not give a function away, and what can be done about that. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "process.h"
#include "sysfs.h"
#include "vfio.h"

#define NAMES_LEN	96
#define REMEDY_LEN	sizeof(((struct pcibar_reason *)0)->remedy)

static bool is_node(void *data, long pid, const char *fd, const char *target)
{
	const char *node = data;

	(void)pid;
	(void)fd;
	return !strcmp(target, node);
}

static int refuse_held(struct pcibar_refuse_ctx *ctx, const char *node)
{
	char holder[NAMES_LEN] = "another process", name[PCIBAR_NAME_LEN];
	long pid = pcibar_process_find(0, is_node, (void *)node);

	if (pid) {
		pcibar_process_name(pid, name, sizeof(name));
		snprintf(holder, sizeof(holder), "process %ld (%s)", pid, name);
	}
	return pcibar_refuse(ctx, PCIBAR_REASON_HELD, -EBUSY,
			     "end it: VFIO gives a group of functions to one process at a time",
			     "%s has %s open, or its functions", holder, node);
}

int pcibar_vfio_refuse_node(struct pcibar_refuse_ctx *ctx, const char *node, int error)
{
	char remedy[REMEDY_LEN];

	switch (error) {
	case -EBUSY:
		return refuse_held(ctx, node);
	case -EACCES:
		snprintf(remedy, sizeof(remedy), "run it as root, or have root give you the node: "
			 "chown %u %s", (unsigned int)geteuid(), node);
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES, remedy,
				     "no permission to open %s", node);
	case -EPERM:
		return pcibar_refuse(ctx, PCIBAR_REASON_DENIED, -EPERM,
				     "let the container have the node",
				     "a security module or a container denied access to %s", node);
	case -ENOENT:
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_BACKEND, -ENOENT,
				     "modprobe vfio_iommu_type1, or in a container: let it have "
				     "the node",
				     "there is no %s", node);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "%s: %s", node,
				     strerror(-error));
	}
}

/* VFIO's own, those that leave it alone, and bridges prevent nothing. */
static bool prevents(const char *address, char driver[PCIBAR_NAME_LEN])
{
	char path[PCIBAR_VFIO_PATH];

	snprintf(path, sizeof(path), PCIBAR_VFIO_SYSFS "/%s/driver", address);
	return !pcibar_sysfs_read_link(AT_FDCWD, path, driver, PCIBAR_NAME_LEN) && *driver &&
	       strcmp(driver, "pci-stub") && strcmp(driver, "pcieport") &&
	       !pcibar_vfio_is_bound(address);
}

/* "ADDRESS (DRIVER), ..." of those with a driver of the kernel */
static void find_drivers(const char *address, char names[NAMES_LEN])
{
	char path[PCIBAR_VFIO_PATH], text[PCIBAR_ADDRESS_STRLEN], driver[PCIBAR_NAME_LEN];
	struct pcibar_address member;
	struct dirent *entry;
	size_t len = 0;
	DIR *dir;

	*names = '\0';
	snprintf(path, sizeof(path), PCIBAR_VFIO_SYSFS "/%s/iommu_group/devices", address);
	dir = opendir(path);
	while (dir && len < NAMES_LEN && (entry = readdir(dir))) {
		if (pcibar_address_parse(entry->d_name, &member))
			continue;
		pcibar_address_format(&member, text);
		if (prevents(text, driver))
			len += (size_t)snprintf(names + len, NAMES_LEN - len, "%s%s (%s)",
						len ? ", " : "", text, driver);
	}
	if (dir)
		closedir(dir);
}

int pcibar_vfio_refuse_busy(struct pcibar_refuse_ctx *ctx, const char *address, const char *node)
{
	char names[NAMES_LEN], remedy[REMEDY_LEN];

	find_drivers(address, names);
	if (!*names)
		return refuse_held(ctx, node);
	snprintf(remedy, sizeof(remedy), "bind these, too: pcibar bind --group %s vfio-pci",
		 address);
	return pcibar_refuse(ctx, PCIBAR_REASON_GROUP, -EBUSY, remedy,
			     "kernel drivers own functions of the same IOMMU group: %s", names);
}

int pcibar_vfio_refuse_interrupts(struct pcibar_refuse_ctx *ctx, const char *module)
{
	char remedy[REMEDY_LEN];

	snprintf(remedy, sizeof(remedy), "turn interrupt remapping on in the firmware's settings, "
		 "or accept that: echo Y >/sys/module/%s/parameters/allow_unsafe_interrupts",
		 module);
	return pcibar_refuse(ctx, PCIBAR_REASON_ISOLATION, -EPERM, remedy,
			     "interrupts are not remapped: the function could send any");
}

int pcibar_vfio_refuse_open(struct pcibar_refuse_ctx *ctx, const char *address, int error)
{
	if (!pcibar_vfio_is_bound(address))
		return pcibar_vfio_refuse_unbound(ctx, address);
	if (error == -EACCES)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EACCES,
				     "bind the physical function to its own driver",
				     "it is a virtual function of a user of VFIO, who has to allow "
				     "access by a token");
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "",
			     "VFIO does not open the function: %s", strerror(-error));
}

int pcibar_vfio_refuse_unbound(struct pcibar_refuse_ctx *ctx, const char *address)
{
	char group[PCIBAR_NAME_LEN], remedy[REMEDY_LEN], path[PCIBAR_VFIO_PATH];

	snprintf(path, sizeof(path), PCIBAR_VFIO_SYSFS "/%s", address);
	if (access(path, F_OK))
		return pcibar_refuse(ctx, PCIBAR_REASON_NO_DEVICE, -ENODEV,
				     "'pcibar list' shows all functions",
				     "there is no function at %s", address);

	if (pcibar_vfio_is_unsafe(address))
		return pcibar_refuse(ctx, PCIBAR_REASON_ISOLATION, -ENODEV,
				     "turn the IOMMU on, or use another back end",
				     "VFIO would be unsafe without an IOMMU: nothing would isolate "
				     "the function");
	if (pcibar_vfio_group(address, group) || !*group)
		return pcibar_refuse(ctx, PCIBAR_REASON_ISOLATION, -ENODEV,
				     "turn the IOMMU on: in the firmware's settings, and with "
				     "Intel's boot with intel_iommu=on",
				     "the function has no IOMMU");

	snprintf(remedy, sizeof(remedy), "pcibar bind %s vfio-pci", address);
	return pcibar_refuse(ctx, PCIBAR_REASON_NOT_BOUND, -ENODEV, remedy,
			     "the function is not bound to vfio-pci");
}

void pcibar_vfio_note_reset(struct pcibar_refuse_ctx *ctx, const char *address)
{
	char path[PCIBAR_VFIO_PATH], methods[PCIBAR_NAME_LEN];

	snprintf(path, sizeof(path), PCIBAR_VFIO_SYSFS "/%s/reset_method", address);
	if (pcibar_sysfs_read(AT_FDCWD, path, methods, sizeof(methods)))
		*methods = '\0';
	methods[strcspn(methods, " \n")] = '\0';
	if (*methods)
		pcibar_refuse(ctx, PCIBAR_REASON_RESETS, 0, "",
			      "the first use resets the function (%s), and closing it does so "
			      "again", methods);
	else
		pcibar_refuse(ctx, PCIBAR_REASON_RESETS, 0, "",
			      "closing the function after its use may reset its bus");
}
