// SPDX-License-Identifier: BSD-2-Clause
/* The BARs of a function as its file `resource` has them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

/* The kernel's resource flags, the third column. */
#define RES_ROM_SHADOW	0x00000002u	/* of a ROM */
#define RES_FIXED	0x00000010u
#define RES_EA		0x00000020u	/* Enhanced Allocation */
#define RES_IO		0x00000100u
#define RES_MEM		0x00000200u
#define RES_PREFETCH	0x00002000u
#define RES_MEM_64	0x00100000u
#define RES_UNSET	0x20000000u

/* Lines of `resource`, where the kernel knows SR-IOV */
#define FIRST_VF_BAR	7
#define FIRST_WINDOW	13

/* Longest `resource`: 57 bytes a line. */
#define RESOURCE_LEN	(57 * PCIBAR_SYSFS_LINES + 1)

int pcibar_sysfs_parse_resource(const char *text, struct pcibar_sysfs_line *lines, int max)
{
	int count = 0;

	while (*text && count < max) {
		struct pcibar_sysfs_line *line = &lines[count];

		text = pcibar_sysfs_take_hex(text, &line->start);
		if (!text || *text++ != ' ')
			return -EIO;
		text = pcibar_sysfs_take_hex(text, &line->end);
		if (!text || *text++ != ' ')
			return -EIO;
		text = pcibar_sysfs_take_hex(text, &line->flags);
		if (!text || *text++ != '\n')
			return -EIO;
		count++;
	}
	return count;
}

static int read_resource(int dir, const char *name,
			 struct pcibar_sysfs_line *lines, int max)
{
	char text[RESOURCE_LEN];
	int ret = pcibar_sysfs_read(dir, name, text, sizeof(text));

	return ret ? ret : pcibar_sysfs_parse_resource(text, lines, max);
}

static bool is_used(const struct pcibar_sysfs_line *line)
{
	return line->flags & (RES_IO | RES_MEM);
}

/*
 * Whether a BAR can be like that: registers decode multiples of 16 bytes of
 * memory and of 4 ports (PCI 3.0, 6.2.5.1). Fixed are ports as old as the PC, of
 * which 0x3f6 alone is a "BAR" of IDE, and Enhanced Allocation, which has
 * addresses and sizes in dwords (PCIe 6.0, 7.8.5). That accesses of 4 bytes at
 * multiples of 4 are aligned, mappings rely on.
 */
static bool is_possible(const struct pcibar_sysfs_line *line)
{
	bool fixed = line->flags & RES_FIXED;
	uint64_t align = line->flags & RES_IO ? (fixed ? 1 : 4) : (fixed ? 4 : 16);

	if (line->end < line->start || line->end - line->start > INT64_MAX)
		return false;
	return line->flags & RES_UNSET || !(line->start & (align - 1));
}

static void fill(int dir, unsigned int bar, const struct pcibar_sysfs_line *line,
		 struct pcibar_resource *res)
{
	char name[16];

	res->start = line->start;
	res->length = line->end - line->start + 1;
	res->flags = line->flags & RES_PREFETCH ? PCIBAR_BAR_F_PREFETCHABLE : 0;

	/* Firmware that places nothing leaves a start of 0, with or without the flag. */
	res->fixed = line->flags & (RES_FIXED | RES_EA);
	if (line->flags & RES_UNSET || !line->start)
		res->flags |= PCIBAR_BAR_F_UNASSIGNED;
	if (bar == PCIBAR_BAR_ROM) {
		res->kind = PCIBAR_BAR_KIND_ROM;
		res->rom_copy = line->flags & RES_ROM_SHADOW;
		return;
	}
	if (line->flags & RES_IO) {
		res->kind = PCIBAR_BAR_KIND_IO;
		return;
	}
	res->kind = line->flags & RES_MEM_64 ? PCIBAR_BAR_KIND_MEM64 : PCIBAR_BAR_KIND_MEM32;
	if (res->flags & PCIBAR_BAR_F_UNASSIGNED)
		return;

	res->flags |= PCIBAR_BAR_F_MAPPABLE;
	/* The kernel makes this file for prefetchable BARs, where the CPU has WC. */
	snprintf(name, sizeof(name), "resource%u_wc", bar);
	if (line->flags & RES_PREFETCH && !faccessat(dir, name, F_OK, 0))
		res->flags |= PCIBAR_BAR_F_HAS_WC;
}

int pcibar_sysfs_resource(int dir, unsigned int bar, struct pcibar_resource *res)
{
	struct pcibar_sysfs_line lines[PCIBAR_BAR_COUNT];
	int count = read_resource(dir, "resource", lines, (int)bar + 1);

	if (count < 0)
		return count;

	*res = (struct pcibar_resource){ .kind = PCIBAR_BAR_KIND_NONE };
	if ((int)bar >= count)
		return 0;
	if (is_used(&lines[bar]) && !is_possible(&lines[bar]))
		return -EIO;
	if (is_used(&lines[bar]))
		fill(dir, bar, &lines[bar], res);
	else if (bar && bar < PCIBAR_BAR_ROM && is_used(&lines[bar - 1]) &&
		 lines[bar - 1].flags & RES_MEM_64)
		res->flags = PCIBAR_BAR_F_UPPER_HALF;

	return 0;
}

/* A resource of the function @dir/@path in the pages, except line @own. */
static bool find_overlap(int dir, const char *path, int own, uint64_t first, uint64_t last,
			 int *found)
{
	struct pcibar_sysfs_line lines[PCIBAR_SYSFS_LINES];
	int count = read_resource(dir, path, lines, PCIBAR_SYSFS_LINES);

	for (int i = 0; i < count; i++)
		if (i != own && is_used(&lines[i]) && lines[i].flags & RES_MEM &&
		    !(lines[i].flags & RES_UNSET) && lines[i].start <= last &&
		    lines[i].end >= first) {
			*found = i;
			return true;
		}
	return false;
}

/* The kernel has BARs in the first lines, then the ROM, the BARs of virtual functions, windows. */
static void name_line(int line, const char *owner, char name[PCIBAR_NAME_LEN])
{
	if (line < PCIBAR_BAR_ROM)
		snprintf(name, PCIBAR_NAME_LEN, "BAR %d of %s", line, owner);
	else if (line == PCIBAR_BAR_ROM)
		snprintf(name, PCIBAR_NAME_LEN, "the expansion ROM of %s", owner);
	else if (line < FIRST_WINDOW)
		snprintf(name, PCIBAR_NAME_LEN, "VF BAR %d of %s", line - FIRST_VF_BAR, owner);
	else
		snprintf(name, PCIBAR_NAME_LEN, "a window of %s", owner);
}

/* Search the function @addr beside @self, unless it is @self. */
static void search_sibling(int parent, const struct pcibar_address *addr, const struct stat *self,
			   uint64_t first, uint64_t last, char name[PCIBAR_NAME_LEN])
{
	char text[PCIBAR_ADDRESS_STRLEN], path[PCIBAR_ADDRESS_STRLEN + sizeof("/resource")];
	struct stat st;
	int line;

	pcibar_address_format(addr, text);
	if (fstatat(parent, text, &st, 0) || st.st_ino == self->st_ino)
		return;
	snprintf(path, sizeof(path), "%s/resource", text);
	if (find_overlap(parent, path, -1, first, last, &line))
		name_line(line, text, name);
}

/*
 * Only functions behind the same bridge can be in the same page: windows of
 * bridges are multiples of 1 MiB. In sysfs they are the entries beside this
 * one, so that the cost does not grow with the rest of the machine.
 */
int pcibar_sysfs_neighbour(int dir, unsigned int bar, uint64_t first, uint64_t last,
			   char name[PCIBAR_NAME_LEN])
{
	struct pcibar_address addr;
	struct dirent *entry;
	struct stat self;
	DIR *parent;
	int line;

	*name = '\0';
	if (find_overlap(dir, "resource", (int)bar, first, last, &line)) {
		name_line(line, "the same function", name);
		return 0;
	}
	parent = pcibar_sysfs_open_folder(dir, "..");
	if (!parent)
		return -errno;

	fstat(dir, &self);	/* cannot fail on an open descriptor */
	while (!*name && (entry = readdir(parent)))
		if (!pcibar_address_parse(entry->d_name, &addr))
			search_sibling(dirfd(parent), &addr, &self, first, last, name);
	closedir(parent);
	return 0;
}
