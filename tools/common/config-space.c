// SPDX-License-Identifier: BSD-2-Clause
/* Configuration space at a width that is known at run time. */
#include <pcibar/config.h>

#include "config-space.h"

int config_get(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t *val)
{
	uint32_t val32 = 0;
	uint16_t val16 = 0;
	uint8_t val8 = 0;
	int ret;

	switch (width) {
	case 1:
		ret = pcibar_config_read8(dev, off, &val8);
		*val = val8;
		return ret;
	case 2:
		ret = pcibar_config_read16(dev, off, &val16);
		*val = val16;
		return ret;
	default:
		ret = pcibar_config_read32(dev, off, &val32);
		*val = val32;
		return ret;
	}
}

int config_put(struct pcibar_device *dev, unsigned int off, unsigned int width, uint64_t val)
{
	switch (width) {
	case 1:
		return pcibar_config_write8(dev, off, (uint8_t)val);
	case 2:
		return pcibar_config_write16(dev, off, (uint16_t)val);
	default:
		return pcibar_config_write32(dev, off, (uint32_t)val);
	}
}

uint32_t config_next(struct config_reader *reader, unsigned int off, unsigned int width)
{
	uint64_t val = 0;

	if (!reader->error)
		reader->error = config_get(reader->dev, off, width, &val);
	return reader->error ? 0 : (uint32_t)val;
}
