// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * PCIOCLISTVPD: vital product data, read and parsed. pci_read_vpd() would not do:
 * its wait for configuration access does not end when the function is removed.
 */
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/pm_runtime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pciio.h"

/* PCI 3.0, appendix I: large resources, then the end tag. */
#define VPD_IDENT	0x82
#define VPD_RO		0x90
#define VPD_RW		0x91
#define VPD_HEADER	3
#define VPD_FIELD	3	/* keyword and length */

/* PCI 3.0, appendix I: the address has 15 bits; a word may take this long, in ms. */
#define VPD_MAX		(PCI_VPD_ADDR_MASK + 1)
#define VPD_TIMEOUT	125
/* What quirks of the kernel write into pci_dev.vpd.len for a device that must not be asked. */
#define VPD_LEN_INVALID	UINT_MAX

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

/* Each element is one byte longer than in the device; @out has room for that. */
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

/* This is slow: removal must not wait until the end. */
static int vpd_interrupted(struct pciio_func *func)
{
	if (READ_ONCE(func->dead))
		return -ENODEV;
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int vpd_wait(struct pciio_func *func)
{
	unsigned long end = jiffies + msecs_to_jiffies(VPD_TIMEOUT);
	unsigned int wait = 10;
	u32 status;
	int ret;

	for (;;) {
		ret = pciio_cfg_read_wait(func, func->pdev->vpd.cap + PCI_VPD_ADDR, 2, &status);
		/* Addresses are multiples of 4: this is a device that does not respond. */
		if (!ret && status == (u16)~0)
			ret = -ENODEV;
		if (!ret)
			ret = vpd_interrupted(func);
		if (ret || status & PCI_VPD_ADDR_F)
			return ret;
		if (time_after(jiffies, end))
			return -ETIMEDOUT;

		usleep_range(wait, 2 * wait);
		wait = min(2 * wait, 1000U);
	}
}

static int vpd_word(struct pciio_func *func, unsigned int at, u32 *val)
{
	int cap = func->pdev->vpd.cap, ret;

	do {
		ret = pciio_cfg_lock(func);
		if (ret)
			return ret;
		ret = pciio_cfg_write(func, cap + PCI_VPD_ADDR, 2, at);
		pciio_cfg_unlock(func);
	} while (ret == -EAGAIN);

	if (!ret)
		ret = vpd_wait(func);
	return ret ? ret : pciio_cfg_read_wait(func, cap + PCI_VPD_DATA, 4, val);
}

/* Reads on until @end bytes are there. */
static int vpd_fetch(struct pciio_func *func, u8 *vpd, size_t *have, size_t end)
{
	u32 val;
	int ret;

	while (*have < end) {
		ret = vpd_word(func, *have, &val);
		if (ret)
			return ret;
		put_unaligned_le32(val, vpd + *have);
		*have += sizeof(val);
	}
	return 0;
}

/* What was read from a device that was lost in the meantime is all ones. */
static int vpd_check_present(struct pciio_func *func)
{
	int ret;

	do {
		ret = vpd_interrupted(func);
		if (!ret)
			ret = pciio_cfg_check_present(func);
		if (ret == -EAGAIN)
			schedule_timeout_killable(1);
	} while (ret == -EAGAIN);
	return ret;
}

/* Reads the large resources; a small one, such as the end tag, ends the list. */
static int vpd_read_all(struct pciio_func *func, u8 *vpd, size_t *len)
{
	size_t have = 0, at = 0, end;
	int ret;

	while (at + VPD_HEADER <= VPD_MAX) {
		ret = vpd_fetch(func, vpd, &have, at + VPD_HEADER);
		if (ret)
			return ret;
		if (!(vpd[at] & 0x80))
			break;

		end = at + VPD_HEADER + get_unaligned_le16(vpd + at + 1);
		if (end > VPD_MAX)
			break;
		ret = vpd_fetch(func, vpd, &have, end);
		if (ret)
			return ret;
		at = end;
	}
	*len = at;
	return 0;
}

/*
 * The lock of the kernel's own readers of VPD. They may wait for a reset, and it
 * for removal, which waits for us.
 */
static int vpd_lock(struct pciio_func *func)
{
	int ret;

	while (!mutex_trylock(&func->pdev->vpd.lock)) {
		ret = vpd_interrupted(func);
		if (ret)
			return ret;
		schedule_timeout_killable(1);
	}
	return 0;
}

static int vpd_read(struct pciio_func *func, u8 *vpd, size_t *len)
{
	struct pci_dev *pdev = func->pdev;
	int ret;

	if (!pdev->vpd.cap || pdev->vpd.len == VPD_LEN_INVALID)
		return -ENXIO;
	if (pm_runtime_resume_and_get(&pdev->dev) < 0)
		return -EIO;

	ret = vpd_lock(func);
	if (!ret) {
		ret = vpd_read_all(func, vpd, len);
		mutex_unlock(&pdev->vpd.lock);
		if (!ret)
			ret = vpd_check_present(func);
	}
	pm_runtime_put(&pdev->dev);
	/* Not ENXIO, which FreeBSD's programs take for a function without any */
	return ret && ret != -ENODEV && ret != -EINTR && ret != -ETIMEDOUT ? -EIO : ret;
}

/*
 * Some devices have the data in function 0 only; the kernel knows them. Function 0
 * is found by its address: it is the one of this device as long as this function
 * is there.
 */
static int vpd_read_sel(const struct pciio_call *call, const struct pcisel *sel, u8 *vpd,
			size_t *len)
{
	struct pcisel first = *sel;
	struct pciio_func *func;
	int ret;

	func = pciio_call_enter(call, sel);
	if (IS_ERR(func))
		return PTR_ERR(func);

	if (sel->pc_func && func->pdev->dev_flags & PCI_DEV_FLAGS_VPD_REF_F0) {
		pciio_func_leave(func);
		first.pc_func = 0;
		func = pciio_func_enter_sel(&first);
		if (!func)
			return -ENXIO;
	}

	ret = vpd_read(func, vpd, len);
	pciio_func_leave(func);
	if (first.pc_func == sel->pc_func)
		return ret;

	if (call->func && READ_ONCE(call->func->dead))
		return -ENODEV;
	return ret == -ENODEV ? -ENXIO : ret;
}

/* The structure of 32-bit callers. */
struct compat_list_vpd_io {
	struct pcisel sel;
	u32 len;
	u32 data;
};

static_assert(sizeof(struct compat_list_vpd_io) == PCIIO_LISTVPD_COMPAT_SIZE);

/* The request, whatever the layout of the caller's structure. */
struct listvpd {
	struct pcisel sel;
	size_t len;			/* room; out: bytes there are */
	void __user *data;

	union {
		struct pci_list_vpd_io native;
		struct compat_list_vpd_io compat;
	} io;				/* the caller's structure */
};

static int listvpd(const struct pciio_call *call, struct listvpd *req)
{
	struct vpd_out out = { 0 };
	size_t size = 0;
	u8 *vpd;
	int ret;

	/*
	 * It is slow, hangs some devices, and holds serial numbers. The right is
	 * that of the opener: a privileged process may have been handed the
	 * descriptor.
	 */
	if (!file_ns_capable(call->file, &init_user_ns, CAP_SYS_RAWIO))
		return -EPERM;

	vpd = kvzalloc(VPD_MAX + sizeof(u32), GFP_KERNEL);
	if (!vpd)
		return -ENOMEM;
	ret = vpd_read_sel(call, &req->sel, vpd, &size);
	if (ret)
		goto out;

	out.data = kvmalloc(2 * size + 8, GFP_KERNEL);
	if (!out.data)
		ret = -ENOMEM;
	else if (!parse_vpd(vpd, size, &out))
		ret = -ENXIO;
	else if (req->len && req->len < out.len)
		ret = -ENOMEM;
	else if (req->len && copy_to_user(req->data, out.data, out.len))
		ret = -EFAULT;
	if (!ret)
		req->len = out.len;
out:
	kvfree(out.data);
	kvfree(vpd);
	return ret;
}

long pciio_listvpd(const struct pciio_call *call)
{
	struct listvpd req;
	struct compat_list_vpd_io *compat = &req.io.compat;
	struct pci_list_vpd_io *native = &req.io.native;
	size_t size = call->compat ? sizeof(*compat) : sizeof(*native);
	int ret;

	if (copy_from_user(&req.io, call->arg, size))
		return -EFAULT;
	req.sel = call->compat ? compat->sel : native->plvi_sel;
	req.len = call->compat ? compat->len : native->plvi_len;
	req.data = call->compat ? pciio_compat_ptr(compat->data) : (void __user *)native->plvi_data;

	ret = listvpd(call, &req);
	if (ret)
		return ret;

	if (call->compat)
		compat->len = req.len;
	else
		native->plvi_len = req.len;
	return copy_to_user(call->arg, &req.io, size) ? -EFAULT : 0;
}
