// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* PCIOCLISTVPD: vital product data, taken apart. */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* PCI 3.0, appendix I: large resources, then the end tag. */
#define VPD_IDENT	0x82
#define VPD_RO		0x90
#define VPD_RW		0x91
#define VPD_HEADER	3
#define VPD_FIELD	3	/* keyword and length */

struct vpd_out {
	u8 *data;
	size_t len;
};

static void put_element(struct vpd_out *out, const u8 *keyword, u8 flags, const u8 *data, u8 len)
{
	u8 *to = out->data + out->len;

	to[0] = keyword ? keyword[0] : 0;
	to[1] = keyword ? keyword[1] : 0;
	to[2] = flags;
	to[3] = len;
	memcpy(to + 4, data, len);
	out->len += 4 + len;
}

static void put_fields(struct vpd_out *out, const u8 *vpd, size_t len, u8 flags)
{
	size_t at = 0;

	while (len - at >= VPD_FIELD && vpd[at + 2] <= len - at - VPD_FIELD) {
		put_element(out, vpd + at, flags, vpd + at + VPD_FIELD, vpd[at + 2]);
		at += VPD_FIELD + vpd[at + 2];
	}
}

/* Each element grows by one byte over its form in the device; @out has room for that. */
static bool parse_vpd(const u8 *vpd, size_t len, struct vpd_out *out)
{
	bool ident = false;
	size_t at = 0;

	while (len - at >= VPD_HEADER && vpd[at] & 0x80) {
		size_t size = get_unaligned_le16(vpd + at + 1);
		const u8 *data = vpd + at + VPD_HEADER;

		if (size > len - at - VPD_HEADER)
			break;
		if (vpd[at] == VPD_IDENT) {
			ident = true;
			put_element(out, NULL, PVE_FLAG_IDENT, data, min_t(size_t, size, 255));
		} else if (vpd[at] == VPD_RO || vpd[at] == VPD_RW) {
			put_fields(out, data, size, vpd[at] == VPD_RW ? PVE_FLAG_RW : 0);
		}
		at += VPD_HEADER + size;
	}
	return ident;
}

long pciio_listvpd(struct pcisel *sel, void __user *data, u64 *len)
{
	struct vpd_out out = { 0 };
	struct pci_dev *pdev;
	unsigned int size;
	long ret = -ENXIO;
	u8 *vpd;

	/* It is slow, hangs some devices, and holds serial numbers. */
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	/* On a sleeping device the kernel would conclude that there is no VPD, for ever. */
	pdev = pciio_conf_get(sel);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	vpd = pci_vpd_alloc(pdev, &size);
	pciio_conf_put(pdev);
	if (IS_ERR(vpd))
		return -ENXIO;
	out.data = kvmalloc(2 * size + 8, GFP_KERNEL);
	if (!out.data)
		ret = -ENOMEM;
	else if (parse_vpd(vpd, size, &out))
		ret = *len && *len < out.len ? -ENOMEM : 0;
	if (!ret && *len && copy_to_user(data, out.data, out.len))
		ret = -EFAULT;
	if (!ret)
		*len = out.len;
	kvfree(out.data);
	kfree(vpd);
	return ret;
}

long pciio_listvpd_native(void __user *arg)
{
	struct pci_list_vpd_io io;
	u64 len;
	long ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	len = io.plvi_len;
	ret = pciio_listvpd(&io.plvi_sel, (void __user *)io.plvi_data, &len);
	if (ret)
		return ret;
	io.plvi_len = len;
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : 0;
}
