// SPDX-License-Identifier: BSD-2-Clause
/* Vital product data from sysfs's file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

/* PCI 3.0, appendix I: large resources, which have the high bit set, then the end tag. */
#define VPD_LARGE	0x80u
#define VPD_IDENT	0x82u
#define VPD_RO		0x90u
#define VPD_RW		0x91u
#define VPD_END		0x78u
#define VPD_HEADER	3u	/* tag and length */
#define VPD_FIELD	3u	/* keyword and length */
#define VPD_MAX		0x8000u	/* its address register has 15 bits */

/* A walk over the data, and the first damage that it has met */
struct walk {
	const uint8_t *vpd;
	size_t len;
	pcibar_vpd_fn fn;
	void *data;
	const char *damage;		/* NULL: none */
	size_t damaged_at;
};

static void damaged(struct walk *walk, size_t at, const char *how)
{
	if (walk->damage)
		return;
	walk->damage = how;
	walk->damaged_at = at;
}

/* @at is the first byte of the field RV: all bytes up to it have the sum 0. */
static void check_sum(struct walk *walk, size_t at, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; len && i <= at; i++)
		sum = (uint8_t)(sum + walk->vpd[i]);
	if (!len || sum)
		damaged(walk, at, "the checksum is wrong");
}

/* The fields between @at and @end, as far as they are whole. */
static int visit_fields(struct walk *walk, size_t at, size_t end, uint32_t flags)
{
	int ret = 0;

	while (!ret && at < end) {
		const uint8_t *vpd = walk->vpd + at;
		struct pcibar_vpd_field field = {
			.size = sizeof(field), .flags = flags, .offset = (uint32_t)at,
		};

		if (end - at < VPD_FIELD || vpd[2] > end - at - VPD_FIELD) {
			damaged(walk, at, "a field is longer than its section");
			break;
		}
		field.keyword[0] = (char)vpd[0];
		field.keyword[1] = (char)vpd[1];
		field.length = vpd[2];
		field.data = vpd + VPD_FIELD;
		if (!flags && !strcmp(field.keyword, "RV"))
			check_sum(walk, at + VPD_FIELD, field.length);

		ret = walk->fn(walk->data, &field);
		at += VPD_FIELD + field.length;
	}
	return ret;
}

/* A name, or the damage */
static int visit_text(struct walk *walk, uint32_t flags, size_t at, const void *text, size_t len)
{
	struct pcibar_vpd_field field = {
		.size = sizeof(field), .flags = flags, .offset = (uint32_t)at,
		.length = (uint32_t)len, .data = text,
	};

	return walk->fn(walk->data, &field);
}

/* The resource with its tag at @at; false if it is malformed. @end: after it. */
static bool take_resource(struct walk *walk, size_t at, size_t *end)
{
	const uint8_t *vpd = walk->vpd + at;

	if (!(vpd[0] & VPD_LARGE)) {
		damaged(walk, at, "there is no tag");
		return false;
	}
	*end = at + VPD_HEADER;
	if (*end <= walk->len)
		*end += vpd[1] | (size_t)vpd[2] << 8;
	if (*end <= walk->len)
		return true;

	damaged(walk, at, "a section is longer than the data");
	return false;
}

int pcibar_sysfs_vpd_parse(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data)
{
	struct walk walk = { .vpd = vpd, .len = len, .fn = fn, .data = data };
	size_t at = 0, end;
	int ret = 0;

	/* An empty EEPROM, or none, is no damage. */
	if (!len || !(vpd[0] & VPD_LARGE) || vpd[0] == UINT8_MAX)
		return -ENOMSG;
	if (vpd[0] != VPD_IDENT)
		damaged(&walk, 0, "there is no name of the product at its start");

	while (!ret && at < len && vpd[at] != VPD_END && take_resource(&walk, at, &end)) {
		if (vpd[at] == VPD_IDENT)
			ret = visit_text(&walk, PCIBAR_VPD_IDENT, at, vpd + at + VPD_HEADER,
					 end - at - VPD_HEADER);
		else if (vpd[at] == VPD_RO || vpd[at] == VPD_RW)
			ret = visit_fields(&walk, at + VPD_HEADER, end,
					   vpd[at] == VPD_RW ? PCIBAR_VPD_WRITABLE : 0);
		at = end;
	}
	if (at == len)
		damaged(&walk, len, "there is no end tag");
	if (!ret && walk.damage)
		ret = visit_text(&walk, PCIBAR_VPD_DAMAGED, walk.damaged_at, walk.damage,
				 strlen(walk.damage));
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
		ret = pcibar_sysfs_check_there(dir) ? -ENODEV : -ENOENT;
	free(vpd);
	return ret;
}
