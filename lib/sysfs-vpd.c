// SPDX-License-Identifier: BSD-2-Clause
/* Vital product data from sysfs's file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sysfs.h"

/* PCI 3.0, appendix I: large resources, which have the high bit set, then the end tag. */
#define VPD_LARGE	0x80u
#define VPD_IDENT	0x82u
#define VPD_RO		0x90u
#define VPD_RW		0x91u
#define VPD_HEADER	3u	/* tag and length */
#define VPD_FIELD	3u	/* keyword and length */
#define VPD_MAX		0x8000u	/* its address register has 15 bits */

/* The fields of a resource, as far as they are whole. */
static int visit_fields(const uint8_t *vpd, size_t len, uint32_t flags, pcibar_vpd_fn fn,
			void *data)
{
	size_t at = 0;
	int ret = 0;

	while (!ret && len - at >= VPD_FIELD && vpd[at + 2] <= len - at - VPD_FIELD) {
		struct pcibar_vpd_field field = {
			.size = sizeof(field),
			.flags = flags,
			.keyword = { (char)vpd[at], (char)vpd[at + 1] },
			.length = vpd[at + 2],
			.data = vpd + at + VPD_FIELD,
		};

		ret = fn(data, &field);
		at += VPD_FIELD + field.length;
	}
	return ret;
}

static int visit_ident(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data)
{
	struct pcibar_vpd_field field = {
		.size = sizeof(field),
		.flags = PCIBAR_VPD_IDENT,
		.length = (uint32_t)len,
		.data = vpd,
	};

	return fn(data, &field);
}

/* Takes a resource off @at; false at the end of the data, or if it is malformed. */
static bool next_resource(const uint8_t *vpd, size_t len, size_t *at, size_t *size)
{
	if (len - *at < VPD_HEADER || !(vpd[*at] & VPD_LARGE))
		return false;
	*size = vpd[*at + 1] | (size_t)vpd[*at + 2] << 8;
	*at += VPD_HEADER;
	return *size <= len - *at;
}

/* Some devices return garbage: what has no name in it is not VPD. */
static bool has_ident(const uint8_t *vpd, size_t len)
{
	size_t size;

	for (size_t at = 0; next_resource(vpd, len, &at, &size); at += size)
		if (vpd[at - VPD_HEADER] == VPD_IDENT)
			return true;
	return false;
}

int pcibar_sysfs_vpd_parse(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data)
{
	size_t at = 0, size;
	int ret = 0;

	if (!has_ident(vpd, len))
		return -ENOMSG;

	while (!ret && next_resource(vpd, len, &at, &size)) {
		uint8_t tag = vpd[at - VPD_HEADER];

		if (tag == VPD_IDENT)
			ret = visit_ident(vpd + at, size, fn, data);
		else if (tag == VPD_RO || tag == VPD_RW)
			ret = visit_fields(vpd + at, size,
					   tag == VPD_RW ? PCIBAR_VPD_WRITABLE : 0, fn, data);
		at += size;
	}
	return ret;
}

static int read_all(int fd, uint8_t *buf, size_t *len)
{
	ssize_t n = 1;

	*len = 0;
	while (*len < VPD_MAX && n > 0) {
		n = read(fd, buf + *len, VPD_MAX - *len);
		if (n > 0)
			*len += (size_t)n;
	}
	if (n < 0)
		return errno == EAGAIN ? -EIO : -errno;	/* a FIFO, or a terminal */
	return 0;
}

/*
 * Only functions with that capability have the file. The kernel returns ENODEV
 * for what it takes for garbage, and stays with that. It returns no bytes where the
 * device did not provide the first one in time.
 */
int pcibar_sysfs_vpd_list(int dir, pcibar_vpd_fn fn, void *data)
{
	int fd = pcibar_sysfs_open(dir, "vpd", O_RDONLY);
	int ret = fd < 0 ? fd : 0;
	uint8_t *vpd = NULL;
	size_t len;

	if (!ret) {
		vpd = malloc(VPD_MAX);
		ret = vpd ? read_all(fd, vpd, &len) : -ENOMEM;
		close(fd);
	}
	if (!ret && !len)
		ret = -ETIMEDOUT;
	else if (!ret)
		ret = pcibar_sysfs_vpd_parse(vpd, len, fn, data);
	else if (ret == -ENOENT || ret == -ENODEV)
		ret = faccessat(dir, "vendor", F_OK, 0) ? -ENODEV : -ENOENT;
	free(vpd);
	return ret;
}
