// SPDX-License-Identifier: BSD-2-Clause
/* The way to a function through its character device and iommufd, since Linux 6.6. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "vfio.h"

#define IOMMUFD		"/dev/iommu"

/* Headers of Linux 6.1 do not have it. */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
# define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};
#endif

/* Functions of one group must use the same. It has no address space: DMA is blocked. */
static int open_iommufd(struct pcibar_refuse_ctx *ctx, struct pcibar_vfio_anchor **anchorp)
{
	int fd;

	*anchorp = pcibar_vfio_anchor_find(IOMMUFD);
	if (*anchorp)
		return 0;

	fd = open(IOMMUFD, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -ENOENT;
	*anchorp = pcibar_vfio_anchor_add(IOMMUFD, fd);
	return *anchorp ? 0 : pcibar_refuse_nomem(ctx);
}

static int refuse_bind(struct pcibar_refuse_ctx *ctx, const char *address, const char *node,
		       int error)
{
	/* A group that is in use, or a function that another process has bound */
	if (error == -EBUSY || error == -EINVAL)
		return pcibar_vfio_refuse_busy(ctx, address, node);
	if (error == -EPERM)
		return pcibar_vfio_refuse_interrupts(ctx, "iommufd");
	return pcibar_vfio_refuse_open(ctx, address, error);
}

int pcibar_vfio_cdev_open(const char *address, struct pcibar_refuse_ctx *ctx,
			  struct pcibar_vfio_anchor **anchorp, int *fd)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	char name[PCIBAR_NAME_LEN], node[PCIBAR_VFIO_PATH];
	int ret = pcibar_vfio_cdev(address, name);

	*fd = -1;
	if (ret)
		return -ENOENT;

	snprintf(node, sizeof(node), PCIBAR_VFIO_DEV "/devices/%s", name);
	*fd = open(node, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && errno == EACCES && !pcibar_vfio_group_exists(address))
		return pcibar_vfio_refuse_node(ctx, node, -EACCES);
	if (*fd < 0)
		return -ENOENT;

	ret = open_iommufd(ctx, anchorp);
	if (!ret && !ctx->all) {
		bind.iommufd = (*anchorp)->fd;
		if (!ioctl(*fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
			return 0;
		ret = refuse_bind(ctx, address, node, -errno);
		pcibar_vfio_anchor_put(*anchorp);
	}
	close(*fd);
	*fd = -1;
	return ret;
}
