// SPDX-License-Identifier: BSD-2-Clause
/* Checked reads and writes of one unit. */
#include <errno.h>

#include "internal.h"

static uint64_t all_ones(unsigned int width)
{
	return UINT64_MAX >> (64 - 8 * width);
}

/* Of 8 bytes each half has a completion of its own, behind a 32-bit bus for example. */
static bool is_suspect(uint64_t val, unsigned int width)
{
	if (width == 8)
		return (uint32_t)val == UINT32_MAX || val >> 32 == UINT32_MAX;
	return val == all_ones(width);
}

int pcibar_access_ones(struct pcibar_map *map)
{
	bool present = pcibar_function_is_present(map->dev);

	if (present && !pcibar_map_lost(map))
		return 0;
	atomic_store_explicit(&map->lost, true, memory_order_relaxed);
	return -ENODEV;
}

int pcibar_access_result(struct pcibar_map *map, int ret)
{
	/* The kernel finds no image in the ROM of a function that does not respond. */
	if (ret == -EIO && !pcibar_function_is_present(map->dev))
		ret = -ENODEV;
	if (ret == -ENODEV)
		atomic_store_explicit(&map->lost, true, memory_order_relaxed);
	return pcibar_device_result(map->dev, ret);
}

static uint64_t load(const volatile void PCIBAR_IOMEM *addr, unsigned int width)
{
	switch (width) {
	case 1:
		return pcibar_read8(addr);
	case 2:
		return pcibar_read16(addr);
#ifdef PCIBAR_HAVE_64
	case 8:
		return pcibar_read64(addr);
#endif
	default:
		return pcibar_read32(addr);
	}
}

static void store(volatile void PCIBAR_IOMEM *addr, unsigned int width, uint64_t val)
{
	switch (width) {
	case 1:
		pcibar_write8(addr, (uint8_t)val);
		break;
	case 2:
		pcibar_write16(addr, (uint16_t)val);
		break;
#ifdef PCIBAR_HAVE_64
	case 8:
		pcibar_write64(addr, val);
		break;
#endif
	default:
		pcibar_write32(addr, (uint32_t)val);
	}
}

PCIBAR_API int pcibar_map_read(struct pcibar_map *map, uint64_t off, unsigned int width,
			       uint64_t *val)
{
	uint64_t got;
	int ret;

	ret = width ? pcibar_access_check(map, off, width, width, false) : -EINVAL;
	if (ret)
		return ret;
	if (map->addr)
		got = load(map->addr + off, width);
	else
		ret = pcibar_access_result(map, map->dev->ops->channel_read(map->channel,
									    map->offset + off,
									    width, &got));
	if (!ret && is_suspect(got, width))
		ret = pcibar_access_ones(map);
	if (!ret)
		*val = got;

	return ret;
}

PCIBAR_API int pcibar_map_write(struct pcibar_map *map, uint64_t off, unsigned int width,
				uint64_t val)
{
	int ret = width ? pcibar_access_check(map, off, width, width, true) : -EINVAL;

	if (ret)
		return ret;
	if (val & ~all_ones(width))
		return -EINVAL;
	if (!map->addr)
		return pcibar_access_result(map, map->dev->ops->channel_write(map->channel,
									      map->offset + off,
									      width, val));
	store(map->addr + off, width, val);
	return pcibar_map_lost(map) ? -ENODEV : 0;
}
