// SPDX-License-Identifier: BSD-2-Clause
/*
 * Virtual functions of SR-IOV. Memory Space Enable in their command register is
 * hardwired to zero (PCIe 6.0, 9.3.4.1.3): VF MSE in the SR-IOV capability of
 * the physical function turns decoding of all of them on and off. QEMU's check
 * both.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

#define EXT_MAX		960	/* (4096 - 256) / 4: more would be a loop */
#define SRIOV_VF_MSE	(1u << 3)

static bool read32(int fd, unsigned int off, uint32_t *val)
{
	unsigned char bytes[4];

	if (pread(fd, bytes, sizeof(bytes), (off_t)off) != sizeof(bytes))
		return false;
	*val = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 |
	       bytes[0];
	return true;
}

static unsigned int find_sriov(int config)
{
	unsigned int off = PCIR_EXTCAP;
	uint32_t header;

	for (unsigned int i = 0; off >= PCIR_EXTCAP && i < EXT_MAX; i++) {
		if (!read32(config, off, &header) || !header || header == UINT32_MAX)
			break;
		if ((header & 0xffff) == PCIZ_SRIOV)
			return off;
		off = header >> 20 & 0xffc;
	}
	return 0;
}

/*
 * What cannot be seen is taken for on: the kernel sets VF MSE before it creates
 * the functions, and an ordinary user sees no extended capability.
 */
static bool vf_mse(int config, _Atomic unsigned int *capability)
{
	unsigned int off = atomic_load(capability);
	uint32_t control;

	if (!off) {
		off = find_sriov(config);
		atomic_store(capability, off);
	}
	return !off || !read32(config, off + PCIR_SRIOV_CTL, &control) || control & SRIOV_VF_MSE;
}

int pcibar_sysfs_virtual(int dir, _Atomic unsigned int *capability, bool *is_virtual,
			 bool *decodes)
{
	char name[PCIBAR_NAME_LEN];
	int ret, config;

	ret = pcibar_sysfs_read_link(dir, "physfn", name, sizeof(name));
	*is_virtual = !ret && *name;
	*decodes = *is_virtual;
	if (!*is_virtual)
		return ret;

	config = pcibar_sysfs_open(dir, "physfn/config", O_RDONLY);
	if (config >= 0) {
		*decodes = vf_mse(config, capability);
		close(config);
	}
	return 0;
}
