// SPDX-License-Identifier: BSD-2-Clause
/* The way to a function through its IOMMU group, which all kernels with VFIO have. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"
#include "vfio.h"

#define CONTAINER	PCIBAR_VFIO_DEV "/vfio"

static int node_of(const char *address, char node[PCIBAR_VFIO_PATH])
{
	char group[PCIBAR_NAME_LEN];
	int ret = pcibar_vfio_group(address, group);

	if (ret)
		return ret;
	snprintf(node, PCIBAR_VFIO_PATH, PCIBAR_VFIO_DEV "/%s", group);
	return *group ? 0 : -ENOENT;
}

bool pcibar_vfio_group_exists(const char *address)
{
	char node[PCIBAR_VFIO_PATH];

	return !node_of(address, node) && !access(node, F_OK);
}

/* The group's descriptor. This has no effect on its functions. */
static int open_group(const char *address, const char *node, struct pcibar_refuse_ctx *ctx)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int fd = open(node, O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return pcibar_vfio_refuse_node(ctx, node, -errno);

	if (ioctl(fd, VFIO_GROUP_GET_STATUS, &status))
		ret = pcibar_vfio_refuse_open(ctx, address, -errno);
	else if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		ret = pcibar_vfio_refuse_busy(ctx, address, node);
	else
		return fd;
	close(fd);
	return ret;
}

static int refuse_type1(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			     "modprobe vfio_iommu_type1",
			     "VFIO has no driver for the IOMMU of this machine");
}

/*
 * Puts the group into a container with an empty address space, and closes that: nothing
 * can be mapped for DMA then, and the group keeps what it needs. An explanation only looks
 * whether there is a container.
 */
static int isolate(const char *address, const char *node, int group,
		   struct pcibar_refuse_ctx *ctx)
{
	int container = open(CONTAINER, O_RDWR | O_CLOEXEC), ret = 0;

	if (container < 0)
		return pcibar_vfio_refuse_node(ctx, CONTAINER, -errno);

	if (ioctl(container, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
	    ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
		ret = refuse_type1(ctx);
	else if (ctx->all)
		ret = 0;
	else if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		ret = errno == EPERM || errno == EBUSY ?
		      pcibar_vfio_refuse_busy(ctx, address, node) :
		      pcibar_vfio_refuse_open(ctx, address, -errno);
	else if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		ret = errno == EPERM ? pcibar_vfio_refuse_interrupts(ctx, "vfio_iommu_type1")
				     : pcibar_vfio_refuse_open(ctx, address, -errno);
	close(container);
	return ret;
}

static int open_anchor(const char *address, const char *node, struct pcibar_refuse_ctx *ctx,
		       struct pcibar_vfio_anchor **anchorp)
{
	int fd, ret;

	*anchorp = pcibar_vfio_anchor_find(node);
	if (*anchorp)
		return 0;

	fd = open_group(address, node, ctx);
	if (fd < 0)
		return fd;

	ret = isolate(address, node, fd, ctx);
	if (ret) {
		close(fd);
		return ret;
	}
	*anchorp = pcibar_vfio_anchor_add(node, fd);
	return *anchorp ? 0 : pcibar_refuse_nomem(ctx);
}

int pcibar_vfio_group_open(const char *address, struct pcibar_refuse_ctx *ctx,
			   struct pcibar_vfio_anchor **anchorp, int *fd)
{
	char node[PCIBAR_VFIO_PATH];
	int ret = node_of(address, node);

	*fd = -1;
	if (ret)
		return pcibar_vfio_refuse_unbound(ctx, address);

	ret = open_anchor(address, node, ctx, anchorp);
	if (ret || ctx->all)
		return ret;

	*fd = ioctl((*anchorp)->fd, VFIO_GROUP_GET_DEVICE_FD, address);
	if (*fd >= 0)
		return 0;

	ret = -errno;
	pcibar_vfio_anchor_put(*anchorp);
	return pcibar_vfio_refuse_open(ctx, address, ret);
}
