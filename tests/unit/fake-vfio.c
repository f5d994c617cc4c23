// SPDX-License-Identifier: BSD-2-Clause
/* A fake VFIO behind the nodes of one group, or of a character device. */
#include "fake-vfio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "fake-devpci.h"
#include "must.h"

#define BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

struct vfio vfio = { .device = -1 };

int __real_openat64(int dir, const char *path, int flags, ...);

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void drop_vectors(void)
{
	for (unsigned int i = 0; vfio.present && i < VFIO_VECTORS; i++)
		drop(&vfio.vector[i]);
	vfio.irq_type = -1;
	vfio.irq_ready = 0;
	vfio.masked = false;
}

void vfio_drop_signals(void)
{
	drop_vectors();
	for (unsigned int i = 0; vfio.present && i < VFIO_SIGNALS; i++)
		drop(&vfio.signal[i]);
}

void vfio_reset(void)
{
	if (vfio.device >= 0)
		close(vfio.device);
	vfio_drop_signals();
	memset(&vfio, 0, sizeof(vfio));
	vfio.device = -1;
}

static void link_to(const struct tree *tree, const char *target, const char *path)
{
	char name[PATH_MAX];

	MUST(snprintf(name, sizeof(name), "%s/%s", tree->root, path) < (int)sizeof(name));
	MUST(!symlink(target, name));
}

void vfio_create(struct tree *tree)
{
	tree_create(tree);
	node_create(tree);
	tree_add(tree, VFIO_FUNCTION);
	tree_add(tree, VFIO_MATE);
	tree_driver(tree, VFIO_FUNCTION, "vfio-pci");
	tree_set(tree, VFIO_FUNCTION, "reset_method", "flr bus\n");
	tree_set(tree, NULL, "kernel/iommu_groups/12/devices/" VFIO_FUNCTION, "%s", "");
	tree_set(tree, NULL, "kernel/iommu_groups/12/devices/" VFIO_MATE, "%s", "");
	link_to(tree, "../../../kernel/iommu_groups/12",
		"bus/pci/devices/" VFIO_FUNCTION "/iommu_group");

	vfio_reset();
	vfio.present = true;
	vfio.device = memfd_create("fake-vfio", MFD_CLOEXEC);
	MUST(vfio.device >= 0);
	MUST(!ftruncate(vfio.device, VFIO_OFFSET(VFIO_CONFIG + 1)));
	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++) {
		tree_bar(tree, VFIO_FUNCTION, i, tree_resources[i].start, tree_resources[i].length,
			 tree_resources[i].flags);
		vfio.length[i] = tree_resources[i].length;
	}

	vfio.length[VFIO_CONFIG] = 256;
	vfio.not_mappable = 1u << 1 | 1u << 4;
	memset(vfio.signal, -1, sizeof(vfio.signal));
	memset(vfio.vector, -1, sizeof(vfio.vector));
	vfio.irq_type = -1;
}

void vfio_peek(unsigned int index, uint64_t off, void *buf, size_t len)
{
	MUST(pread(vfio.device, buf, len, VFIO_OFFSET(index) + (off_t)off) == (ssize_t)len);
}

void vfio_poke(unsigned int index, uint64_t off, const void *buf, size_t len)
{
	MUST(pwrite(vfio.device, buf, len, VFIO_OFFSET(index) + (off_t)off) == (ssize_t)len);
}

static void count(int fd)
{
	uint64_t one = 1;

	MUST(fd >= 0);
	MUST(write(fd, &one, sizeof(one)) == sizeof(one));
}

void vfio_signal(unsigned int index)
{
	count(vfio.signal[index]);
}

void vfio_message(uint32_t vector)
{
	count(vfio.vector[vector]);
}

static void update_line(void)
{
	if (!vfio.line || vfio.masked || vfio.irq_type != VFIO_PCI_INTX_IRQ_INDEX)
		return;
	vfio.masked = true;
	count(*vfio.vector);
}

void vfio_line(bool held)
{
	vfio.line = held;
	update_line();
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int null(void)
{
	int fd = __real_openat64(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

	MUST(fd >= 0);
	return fd;
}

bool vfio_openat(const char *path, int *fd)
{
	if (!vfio.present || (strncmp(path, "/dev/vfio/", 10) && strcmp(path, "/dev/iommu")))
		return false;
	if (!strcmp(path, "/dev/vfio/vfio") || (vfio.cdev && !strcmp(path, "/dev/iommu")))
		*fd = null();
	else if (!strcmp(path, "/dev/vfio/12") && !vfio.no_group)
		*fd = vfio.open_error ? fail(vfio.open_error) : null();
	else if (!strcmp(path, "/dev/vfio/devices/vfio3") && vfio.cdev)
		*fd = vfio.open_error ? fail(vfio.open_error)
				      : fcntl(vfio.device, F_DUPFD_CLOEXEC, 0);
	else
		*fd = fail(ENOENT);
	return true;
}

static void add_areas(struct vfio_region_info *info, uint32_t room)
{
	struct vfio_region_info_cap_sparse_mmap cap = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP }, .nr_areas = vfio.area_count,
	};
	char *to = (char *)(info + 1);

	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->argsz = (uint32_t)(sizeof(*info) + sizeof(cap) + vfio.area_count * 16);
	if (room < info->argsz)
		return;
	info->cap_offset = sizeof(*info);
	memcpy(to, &cap, sizeof(cap));
	memcpy(to + sizeof(cap), vfio.area, vfio.area_count * 16);
}

static int region_info(struct vfio_region_info *info)
{
	uint32_t room = info->argsz;

	info->argsz = sizeof(*info);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->cap_offset = 0;
	info->size = vfio.length[info->index];
	info->offset = (uint64_t)VFIO_OFFSET(info->index);
	if (info->size && info->index < PCIBAR_BAR_ROM && !(vfio.not_mappable & 1u << info->index))
		info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (info->index == 2 && vfio.area_count)
		add_areas(info, room);
	return 0;
}

static int irq_info(struct vfio_irq_info *info)
{
	info->count = vfio.irq_count[info->index];
	info->flags = vfio.irq_flags[info->index];
	return 0;
}

/* By dup(): qemu-user swaps the bytes of an eventfd, but not of what fcntl() makes of it. */
static void replace(int *at, int fd)
{
	drop(at);
	if (fd < 0)
		return;
	*at = dup(fd);
	MUST(*at >= 0);
}

static int fd_of(const struct vfio_irq_set *set, uint32_t i)
{
	int fd;

	memcpy(&fd, set->data + i * sizeof(fd), sizeof(fd));
	return fd;
}

/* Returns how many requests there were. */
static unsigned int note(const struct vfio_irq_set *set)
{
	static const char *const types[] = { "intx", "msi", "msix" };
	bool fds = set->flags & VFIO_IRQ_SET_DATA_EVENTFD;
	char *to = vfio.irq_requests;
	unsigned int lines = 1;

	if (strlen(to) > sizeof(vfio.irq_requests) / 2)
		*to = '\0';
	for (; *to; to++)
		lines += *to == '\n';
	to += sprintf(to, "%s %s %u+%u", types[set->index],
		      set->flags & VFIO_IRQ_SET_ACTION_MASK ? "mask" :
		      set->flags & VFIO_IRQ_SET_ACTION_UNMASK ? "unmask" : "trigger",
		      set->start, set->count);
	if (!(set->flags & VFIO_IRQ_SET_DATA_NONE))
		*to++ = ':';
	for (uint32_t i = 0; i < set->count && !(set->flags & VFIO_IRQ_SET_DATA_NONE); i++)
		*to++ = !fds ? '0' + (char)set->data[i] : fd_of(set, i) < 0 ? '-' : '+';
	strcpy(to, "\n");
	return lines;
}

/* Eventfds of a range, for which vectors are allocated first. */
static int attach(const struct vfio_irq_set *set)
{
	uint32_t end = set->start + set->count;

	if (vfio.irq_type < 0 && vfio.irq_left && end > vfio.irq_left)
		return (int)vfio.irq_left;
	if (vfio.irq_type >= 0 && end > vfio.irq_ready &&
	    vfio.irq_flags[set->index] & VFIO_IRQ_INFO_NORESIZE)
		return fail(EINVAL);
	vfio.irq_type = (int)set->index;
	vfio.irq_ready = end > vfio.irq_ready ? end : vfio.irq_ready;
	for (uint32_t i = 0; i < set->count; i++)
		replace(&vfio.vector[set->start + i], fd_of(set, i));
	update_line();
	return 0;
}

static int set_mask(const struct vfio_irq_set *set)
{
	if (set->index != VFIO_PCI_INTX_IRQ_INDEX)
		return fail(ENOTTY);
	MUST(set->flags & VFIO_IRQ_SET_DATA_NONE && !set->start && set->count == 1);
	vfio.masked = set->flags & VFIO_IRQ_SET_ACTION_MASK;
	update_line();
	return 0;
}

static int set_vectors(const struct vfio_irq_set *set)
{
	if (note(set) == vfio.irq_fails)
		return fail(vfio.irq_error);
	if (set->start + set->count > vfio.irq_count[set->index] ||
	    (vfio.irq_type >= 0 && vfio.irq_type != (int)set->index))
		return fail(EINVAL);

	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return attach(set);
	if (vfio.irq_type < 0)
		return fail(EINVAL);
	if (set->flags & (VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_UNMASK))
		return set_mask(set);
	if (set->flags & VFIO_IRQ_SET_DATA_NONE) {
		MUST(!set->start && !set->count);
		drop_vectors();
		return 0;
	}

	for (uint32_t i = 0; i < set->count; i++)
		if (set->data[i])
			vfio_message(set->start + i);
	return 0;
}

static int set_irqs(const struct vfio_irq_set *set)
{
	size_t width = set->flags & VFIO_IRQ_SET_DATA_EVENTFD ? sizeof(int) :
		       set->flags & VFIO_IRQ_SET_DATA_BOOL ? 1 : 0;

	MUST(set->argsz == sizeof(*set) + width * set->count);
	if (set->index <= VFIO_PCI_MSIX_IRQ_INDEX)
		return set_vectors(set);

	MUST(set->flags == (VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER));
	replace(&vfio.signal[set->index], fd_of(set, 0));
	return 0;
}

static int serve(enum vfio_step step, void *arg)
{
	struct vfio_group_status *status = arg;

	switch (step) {
	case VFIO_STEP_STATUS:
		status->flags = vfio.not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_STEP_EXTENSION:
		return 1;
	case VFIO_STEP_DEVICE:
		MUST(!strcmp(arg, VFIO_FUNCTION));
		if (vfio.opened)
			vfio.opened();
		return fcntl(vfio.device, F_DUPFD_CLOEXEC, 0);
	case VFIO_STEP_REGION:
		return region_info(arg);
	case VFIO_STEP_IRQ_INFO:
		return irq_info(arg);
	case VFIO_STEP_IRQS:
		return set_irqs(arg);
	default:
		return 0;
	}
}

bool vfio_ioctl(int fd, unsigned long request, void *arg, int *ret)
{
	static const unsigned long requests[VFIO_STEPS] = {
		[VFIO_STEP_STATUS] = VFIO_GROUP_GET_STATUS,
		[VFIO_STEP_API] = VFIO_GET_API_VERSION,
		[VFIO_STEP_EXTENSION] = VFIO_CHECK_EXTENSION,
		[VFIO_STEP_CONTAINER] = VFIO_GROUP_SET_CONTAINER,
		[VFIO_STEP_IOMMU] = VFIO_SET_IOMMU,
		[VFIO_STEP_DEVICE] = VFIO_GROUP_GET_DEVICE_FD,
		[VFIO_STEP_BIND] = BIND_IOMMUFD,
		[VFIO_STEP_REGION] = VFIO_DEVICE_GET_REGION_INFO,
		[VFIO_STEP_IRQ_INFO] = VFIO_DEVICE_GET_IRQ_INFO,
		[VFIO_STEP_IRQS] = VFIO_DEVICE_SET_IRQS,
	};

	(void)fd;
	for (unsigned int i = 0; vfio.present && i < VFIO_STEPS; i++) {
		if (request != requests[i])
			continue;
		vfio.calls[i]++;
		*ret = vfio.error[i] ? fail(vfio.error[i]) : serve(i, arg);
		return true;
	}
	return false;
}
