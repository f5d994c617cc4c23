// SPDX-License-Identifier: BSD-2-Clause
/* Configuration space and its capabilities. */
#include <errno.h>

#include <pcibar/config.h>

#include "internal.h"

#define CAP_FIRST		0x40
#define CAP_MAX			48	/* (256 - 64) / 4: more would be a loop */
#define EXT_MAX			960	/* (4096 - 256) / 4 */

/*
 * Reads of a function that is absent return all-ones, which is not a valid
 * vendor ID; but the vendor ID of a virtual function reads as that, too (SR-IOV
 * 1.1, 3.4.1.1). Class and revision are valid in both, and never all-ones. A
 * function that cannot be asked, for lack of a right, is not taken for absent.
 */
bool pcibar_function_is_present(struct pcibar_device *dev)
{
	uint32_t val;
	int ret = dev->query->config_read(dev->query_data, PCIR_VENDOR, 2, &val);
	bool ones = !ret && val == UINT16_MAX;

	if (ones) {
		ret = dev->query->config_read(dev->query_data, PCIR_REVID, 4, &val);
		ones = !ret && val == UINT32_MAX;
	}
	if (!ones && ret != -ENODEV)
		return true;

	atomic_store(&dev->gone, true);
	return false;
}

int pcibar_config_read(struct pcibar_device *dev, unsigned int off, unsigned int width,
		       uint32_t *val)
{
	uint32_t got;
	int ret;

	if (off % width)
		return -EINVAL;

	ret = pcibar_device_result(dev, dev->query->config_read(dev->query_data, off, width, &got));
	if (ret)
		return ret;
	if (got == UINT32_MAX >> (32 - 8 * width) && !pcibar_function_is_present(dev))
		return -ENODEV;

	*val = got;
	return 0;
}

int pcibar_config_write(struct pcibar_device *dev, unsigned int off, unsigned int width,
			uint32_t val)
{
	if (off % width)
		return -EINVAL;
	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		return -EACCES;
	return pcibar_device_result(dev, dev->ops->config_write(dev->be, off, width, val));
}

#define DEFINE_CONFIG(bits)							\
PCIBAR_API int pcibar_config_read##bits(struct pcibar_device *dev, unsigned int off,	\
					uint##bits##_t *val)			\
{										\
	uint32_t got;								\
	int ret = pcibar_config_read(dev, off, bits / 8, &got);			\
										\
	if (!ret)								\
		*val = (uint##bits##_t)got;					\
	return ret;								\
}										\
										\
PCIBAR_API int pcibar_config_write##bits(struct pcibar_device *dev, unsigned int off,	\
					 uint##bits##_t val)			\
{										\
	return pcibar_config_write(dev, off, bits / 8, val);			\
}

DEFINE_CONFIG(8)
DEFINE_CONFIG(16)
DEFINE_CONFIG(32)

/*
 * Where the list begins; PC Card 8.0, volume 2, 4.5 for CardBus bridges, which
 * have the base of an I/O window at 0x34. The layout comes from the system, so
 * that it costs no access of the device, and is asked for by the first search
 * only: that takes sysfs ten calls for a bridge, one for others. Not by the class
 * first, which would take three for all.
 */
static int first_capability(struct pcibar_device *dev, uint32_t *off)
{
	unsigned int pointer = atomic_load_explicit(&dev->cap_pointer, memory_order_relaxed);
	uint8_t header, secondary;
	int ret;

	if (!pointer) {
		ret = dev->query->get_header(dev->query_data, &header, &secondary);
		if (ret)
			return ret;
		pointer = header == PCIM_HDRTYPE_CARDBUS ? PCIR_CAP_PTR_2 : PCIR_CAP_PTR;
		atomic_store_explicit(&dev->cap_pointer, pointer, memory_order_relaxed);
	}
	return pcibar_config_read(dev, pointer, 1, off);
}

/* PCI 3.0, 6.7: a linked list; the low two bits of a pointer are reserved. */
PCIBAR_API int pcibar_config_find_capability(struct pcibar_device *dev, unsigned int id,
					     unsigned int *offp)
{
	uint32_t status, off, header;
	int ret;

	if (!id || id > UINT8_MAX)
		return -EINVAL;

	ret = pcibar_config_read(dev, PCIR_STATUS, 2, &status);
	if (!ret && !(status & PCIM_STATUS_CAPPRESENT))
		return -ENOENT;
	if (!ret)
		ret = first_capability(dev, &off);
	for (unsigned int i = 0; !ret && i < CAP_MAX; i++) {
		off &= 0xfc;
		if (off < CAP_FIRST)
			return -ENOENT;
		ret = pcibar_config_read(dev, off, 2, &header);
		if (!ret && (header & 0xff) == id) {
			*offp = off;
			return 0;
		}
		off = header >> 8;
	}
	return ret ? ret : -ENOENT;
}

/* PCIe 6.0, 7.6.3: from 0x100; a header of zero ends the list. */
PCIBAR_API int pcibar_config_find_extended(struct pcibar_device *dev, unsigned int id,
					   unsigned int *offp)
{
	unsigned int off = PCIR_EXTCAP;
	uint32_t header;

	if (!id || id > UINT16_MAX)
		return -EINVAL;

	for (unsigned int i = 0; off >= PCIR_EXTCAP && i < EXT_MAX; i++) {
		int ret = pcibar_config_read(dev, off, 4, &header);

		if (ret)
			return ret == -ERANGE ? -ENOENT : ret;
		if (!header || header == UINT32_MAX)
			break;
		if ((header & 0xffff) == id) {
			*offp = off;
			return 0;
		}
		off = header >> 20 & 0xffc;
	}
	return -ENOENT;
}
