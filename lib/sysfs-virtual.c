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

#define SRIOV_VF_MSE	(1u << 3)

/* Registers of four bytes only */
static int read_register(void *from, unsigned int off, unsigned int width, uint32_t *val)
{
	const int *fd = from;
	unsigned char bytes[4];

	(void)width;
	if (pread(*fd, bytes, sizeof(bytes), (off_t)off) != sizeof(bytes))
		return -ERANGE;
	*val = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 |
	       bytes[0];
	return 0;
}

/* Ends the list with the offset, which is positive. */
static int is_sriov(void *data, unsigned int id, unsigned int off)
{
	(void)data;
	return id == PCIZ_SRIOV ? (int)off : 0;
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
		off = (unsigned int)pcibar_walk_extended(read_register, &config, is_sriov, NULL);
		atomic_store(capability, off);
	}
	return !off || read_register(&config, off + PCIR_SRIOV_CTL, 4, &control) ||
	       control & SRIOV_VF_MSE;
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
