// SPDX-License-Identifier: BSD-2-Clause
/* The regions of a function: BARs, the ROM and configuration space. */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"
#include "vfio.h"

/* More than the kernel ever has to report; garbage is not followed. */
#define INFO_MAX	65536

/* A page of the second level, on architectures with pages of 4 KiB */
#define PMD_BYTES	((uintptr_t)2 << 20)

/* The areas that a driver allows. The capability is inside @info, or else is not used. */
static int take_sparse(const struct vfio_region_info *info, uint32_t at,
		       struct pcibar_vfio_region *region)
{
	struct vfio_region_info_cap_sparse_mmap cap;
	const char *from = (const char *)info + at;

	if (info->argsz - at < sizeof(cap))
		return -EIO;
	memcpy(&cap, from, sizeof(cap));
	if (cap.nr_areas > (info->argsz - at - sizeof(cap)) / sizeof(*cap.areas))
		return -EIO;

	free(region->areas);
	region->areas = calloc(cap.nr_areas + (size_t)1, sizeof(*region->areas));
	if (!region->areas)
		return -ENOMEM;

	region->area_count = cap.nr_areas;
	for (uint32_t i = 0; i < cap.nr_areas; i++) {
		struct vfio_region_sparse_mmap_area area;

		memcpy(&area, from + sizeof(cap) + i * sizeof(area), sizeof(area));
		region->areas[i] = (struct pcibar_vfio_area){ area.offset, area.size };
	}
	return 0;
}

static int take_capabilities(const struct vfio_region_info *info, struct pcibar_vfio_region *region)
{
	uint32_t at = info->cap_offset, last = 0;
	struct vfio_info_cap_header header;
	int ret = 0;

	/* Each is behind the one before, so that the list ends. */
	for (; !ret && at > last; last = at, at = header.next) {
		if (at > info->argsz || info->argsz - at < sizeof(header))
			return -EIO;
		memcpy(&header, (const char *)info + at, sizeof(header));
		if (header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			ret = take_sparse(info, at, region);
	}
	return ret;
}

/*
 * Without the capability for sparse areas all of the pages can be mapped, the table of
 * MSI-X included, since Linux 4.15.
 */
static int take_region(const struct vfio_region_info *info, struct pcibar_vfio_region *region)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	region->offset = info->offset;
	region->length = info->size;
	if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;

	region->areas = calloc(1, sizeof(*region->areas));
	if (!region->areas)
		return -ENOMEM;
	region->area_count = 1;
	region->areas->length = (info->size + page - 1) & ~(page - 1);
	return info->flags & VFIO_REGION_INFO_FLAG_CAPS ? take_capabilities(info, region) : 0;
}

/* Asks again with room for the capabilities, if there are any. */
static int read_region(int fd, uint32_t index, struct pcibar_vfio_region *region)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	struct vfio_region_info *all = &info;
	int ret;

	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return errno == EINVAL ? 0 : -errno;	/* the driver has no such region */
	if (info.argsz > INFO_MAX)
		return -EIO;

	if (info.argsz > sizeof(info)) {
		all = calloc(1, info.argsz);
		if (!all)
			return -ENOMEM;
		all->argsz = info.argsz;
		all->index = index;
		if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, all) || all->argsz > info.argsz) {
			free(all);
			return -EIO;
		}
	}

	ret = take_region(all, region);
	if (all != &info)
		free(all);
	return ret;
}

int pcibar_vfio_regions_read(struct pcibar_vfio_device *dev)
{
	int ret = 0;

	for (uint32_t i = 0; !ret && i < PCIBAR_VFIO_REGIONS; i++)
		ret = read_region(dev->fd, i, &dev->region[i]);
	return ret;
}

void pcibar_vfio_regions_free(struct pcibar_vfio_device *dev)
{
	for (unsigned int i = 0; i < PCIBAR_VFIO_REGIONS; i++)
		free(dev->region[i].areas);
}

static int result(ssize_t n, unsigned int width)
{
	if (n < 0)
		return -errno;
	return n == (ssize_t)width ? 0 : -EIO;
}

/* The kernel makes one access of an aligned one of 1, 2 or 4 bytes. Bytes are as on the bus. */
int pcibar_vfio_region_read(const struct pcibar_vfio_device *dev, unsigned int index, uint64_t off,
			    unsigned int width, uint32_t *val)
{
	unsigned char bytes[4];
	int ret = result(pread(dev->fd, bytes, width, (off_t)(dev->region[index].offset + off)),
			 width);

	if (!ret)
		*val = (uint32_t)pcibar_sysfs_number(bytes, width);
	return ret;
}

int pcibar_vfio_region_write(const struct pcibar_vfio_device *dev, unsigned int index,
			     uint64_t off, unsigned int width, uint32_t val)
{
	unsigned char bytes[4];

	pcibar_sysfs_bytes(bytes, width, val);
	return result(pwrite(dev->fd, bytes, width, (off_t)(dev->region[index].offset + off)),
		      width);
}

/* The pages must be in one area. */
static bool is_mappable(const struct pcibar_vfio_region *region, const struct pcibar_pages *pages)
{
	for (uint32_t i = 0; i < region->area_count; i++) {
		const struct pcibar_vfio_area *area = &region->areas[i];

		if (pages->offset >= area->offset && pages->length <= area->length &&
		    pages->offset - area->offset <= area->length - pages->length)
			return true;
	}
	return false;
}

static int refuse_area(struct pcibar_refuse_ctx *ctx, const struct pcibar_vfio_region *region)
{
	if (!region->area_count)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     "make an indirect map and use checked calls on it",
				     "VFIO does not map this BAR, which shares its page");
	return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			     "map a window in one of them, or make an indirect map",
			     "the driver allows to map parts of the BAR only, of which the first "
			     "is 0x%" PRIx64 "+0x%" PRIx64, region->areas->offset,
			     region->areas->length);
}

static int refuse_mmap(struct pcibar_refuse_ctx *ctx, int error)
{
	if (error == -EBUSY)
		return pcibar_refuse(ctx, PCIBAR_REASON_CLAIMED, -EBUSY,
				     "see /proc/iomem for who holds it",
				     "the kernel keeps the range for another user");
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "mmap: %s", strerror(-error));
}

/* A multiple of PMD_BYTES with room for @length bytes, as long as no other thread takes it; or 0 */
static uintptr_t find_room(size_t length)
{
	void *area = mmap(NULL, length + PMD_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return 0;
	munmap(area, length + PMD_BYTES);
	return ((uintptr_t)area + PMD_BYTES - 1) / PMD_BYTES * PMD_BYTES;
}

/*
 * Since Linux 6.12 VFIO maps 2 MiB at once where address and offset in the BAR have the same
 * remainder, @rest; mmap() rarely chooses such an address by itself. Addresses are given as hints,
 * which replace no map of another thread. The place of the last map is tried first, because
 * maps that follow each other then need one call each.
 */
static void *map_aligned(size_t length, int prot, int fd, off_t off, uintptr_t rest)
{
	static _Atomic(uintptr_t) last;
	uintptr_t place = atomic_load(&last);
	void *base;

	if (place) {
		base = mmap((void *)(place + rest), length, prot, MAP_SHARED, fd, off);
		if (base == MAP_FAILED || (uintptr_t)base == place + rest)
			return base;
		munmap(base, length);
	}

	place = find_room(rest + length);
	base = mmap((void *)(place + rest), length, prot, MAP_SHARED, fd, off);
	if (base != MAP_FAILED)
		atomic_store(&last, place);
	return base;
}

int pcibar_vfio_region_map(const struct pcibar_vfio_device *dev, unsigned int bar,
			   const struct pcibar_pages *pages, struct pcibar_refuse_ctx *ctx,
			   void **basep)
{
	int prot = PROT_READ | (pages->flags & PCIBAR_MAP_WRITE ? PROT_WRITE : 0);
	const struct pcibar_vfio_region *region = &dev->region[bar];
	off_t off = (off_t)(region->offset + pages->offset);
	void *base;

	if (!is_mappable(region, pages))
		return refuse_area(ctx, region);

	if (pages->length < PMD_BYTES)
		base = mmap(NULL, (size_t)pages->length, prot, MAP_SHARED, dev->fd, off);
	else
		base = map_aligned((size_t)pages->length, prot, dev->fd, off,
				   (uintptr_t)(pages->offset % PMD_BYTES));
	if (base == MAP_FAILED)
		return refuse_mmap(ctx, -errno);
	*basep = base;
	return 0;
}
