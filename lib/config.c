// SPDX-License-Identifier: BSD-2-Clause
/* Configuration space and its capabilities. */
#include <errno.h>

#include <pcibar/config.h>

#include "internal.h"

bool pcibar_is_virtual(struct pcibar_device *dev, bool *decodes)
{
	bool is_virtual = false;

	*decodes = false;
	if (!dev->query->get_virtual ||
	    dev->query->get_virtual(dev->query_data, &is_virtual, decodes))
		return false;

	return is_virtual;
}

/*
 * Reads of a function that is absent return all-ones, which is not a valid
 * vendor ID; but the vendor ID of a virtual function reads as that, too (SR-IOV
 * 1.1, 3.4.1.1). Class and revision are valid in both, and never all-ones. Whether
 * it is virtual does not matter: a removal takes the link that says so away first,
 * and may then wait for the users of the function. A function that cannot be asked,
 * for lack of a right, is not taken for absent.
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

/*
 * The back end may read what sysfs hides from this user, if the user holds the function.
 * Only a caller that chose the back end takes it for that: others did not ask for its
 * effect.
 */
static int read_config(struct pcibar_device *dev, unsigned int off, unsigned int width,
		       uint32_t *val)
{
	int ret = dev->query->config_read(dev->query_data, off, width, val);

	if (ret != -EACCES || !dev->ops->config_read)
		return pcibar_device_result(dev, ret);
	if (dev->named) {
		ret = pcibar_device_take(dev, NULL);
		if (ret)
			return ret;
	}
	return pcibar_device_result(dev, dev->ops->config_read(dev->be, off, width, val));
}

int pcibar_config_read(struct pcibar_device *dev, unsigned int off, unsigned int width,
		       uint32_t *val)
{
	uint32_t got;
	int ret;

	if (off % width)
		return -EINVAL;

	ret = read_config(dev, off, width, &got);
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
	int ret;

	if (off % width)
		return -EINVAL;
	if (!(dev->flags & PCIBAR_OPEN_WRITE))
		return -EACCES;
	ret = pcibar_device_take(dev, NULL);
	if (ret)
		return ret;
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
 * Where the list begins. The type of the header comes from the system, so that it
 * costs no access of the device, and is asked for by the first search only: that
 * takes sysfs ten calls for a bridge, one for others. Not by the class first,
 * which would take three for all.
 */
static int capability_pointer(struct pcibar_device *dev, unsigned int *pointer)
{
	uint8_t header, secondary;
	int ret;

	*pointer = atomic_load_explicit(&dev->cap_pointer, memory_order_relaxed);
	if (*pointer)
		return 0;

	ret = dev->query->get_header(dev->query_data, &header, &secondary);
	if (ret)
		return ret;
	*pointer = pcibar_header_capabilities(header);
	atomic_store_explicit(&dev->cap_pointer, *pointer, memory_order_relaxed);
	return 0;
}

static int read_register(void *dev, unsigned int off, unsigned int width, uint32_t *val)
{
	return pcibar_config_read(dev, off, width, val);
}

PCIBAR_API int pcibar_config_list_capabilities(struct pcibar_device *dev, pcibar_capability_fn fn,
					       void *data)
{
	unsigned int pointer;
	uint32_t status;
	int ret;

	/* All-ones is not a valid status: some bits of the register are reserved as zero. */
	ret = pcibar_config_read(dev, PCIR_STATUS, 2, &status);
	if (ret || status == UINT16_MAX || !(status & PCIM_STATUS_CAPPRESENT))
		return ret;

	ret = capability_pointer(dev, &pointer);
	return ret ? ret : pcibar_walk_capabilities(read_register, dev, pointer, fn, data);
}

PCIBAR_API int pcibar_config_list_extended(struct pcibar_device *dev, pcibar_capability_fn fn,
					   void *data)
{
	return pcibar_walk_extended(read_register, dev, fn, data);
}

struct search {
	unsigned int id;
	unsigned int off;
};

/* Ends the list with 1, which is not an error. */
static int compare(void *data, unsigned int id, unsigned int off)
{
	struct search *search = data;

	search->off = off;
	return id == search->id;
}

static int found(int ret, const struct search *search, unsigned int *offp)
{
	if (ret != 1)
		return ret ? ret : -ENOENT;
	*offp = search->off;
	return 0;
}

PCIBAR_API int pcibar_config_find_capability(struct pcibar_device *dev, unsigned int id,
					     unsigned int *offp)
{
	struct search search = { .id = id };

	if (!id || id > UINT8_MAX)
		return -EINVAL;
	return found(pcibar_config_list_capabilities(dev, compare, &search), &search, offp);
}

PCIBAR_API int pcibar_config_find_extended(struct pcibar_device *dev, unsigned int id,
					   unsigned int *offp)
{
	struct search search = { .id = id };

	if (!id || id > UINT16_MAX)
		return -EINVAL;
	return found(pcibar_config_list_extended(dev, compare, &search), &search, offp);
}
