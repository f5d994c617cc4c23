/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the back end sysfs share. */
#ifndef PCIBAR_LIB_SYSFS_H
#define PCIBAR_LIB_SYSFS_H

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend.h"

/* backend-sysfs.c: for all back ends on Linux */
extern const struct pcibar_query_ops pcibar_sysfs_query;

/* sysfs-util.c */

/* Lines of `resource`: BARs, ROM, then SR-IOV BARs and bridge windows, if any. */
#define PCIBAR_SYSFS_LINES	24

struct pcibar_sysfs_line {
	uint64_t start, end, flags;
};

/*
 * openat() of a file below @dirfd; returns the descriptor or -errno. The tree
 * may be a snapshot from someone else. Without O_NOFOLLOW a link in it would
 * open any device of this machine, which can be an act of its own; without
 * O_NONBLOCK a FIFO would be waited for.
 */
int pcibar_sysfs_open(int dirfd, const char *name, int flags);
/*
 * Read a whole small file below @dirfd into @buf, with a NUL after it. A file that
 * does not fit is -EIO: a truncated attribute would be wrong.
 */
int pcibar_sysfs_read(int dirfd, const char *name, char *buf, size_t len);
/* A folder below @dirfd for readdir(); NULL with errno. */
DIR *pcibar_sysfs_open_folder(int dirfd, const char *name);
int pcibar_sysfs_read_hex(int dirfd, const char *name, uint32_t *val);
/* Last part of what the symbolic link points to; "" when there is no link. */
int pcibar_sysfs_read_link(int dirfd, const char *name, char *buf, size_t len);
/* What follows "0x" and its 1 to 16 digits at the start of @s; NULL when there are none. */
const char *pcibar_sysfs_take_hex(const char *s, uint64_t *val);

/* sysfs-resource.c; @dir is the function's folder. */

/* The first @max lines. Returns their number, or -EIO for what no kernel writes. */
int pcibar_sysfs_parse_resource(const char *text, struct pcibar_sysfs_line *lines, int max);

int pcibar_sysfs_resource(int dir, unsigned int bar, struct pcibar_resource *res);
int pcibar_sysfs_neighbour(int dir, unsigned int bar, uint64_t first, uint64_t last,
			   char name[PCIBAR_NAME_LEN]);

/* sysfs-bridge.c */
int pcibar_sysfs_header(int dir, uint8_t *header, uint8_t *secondary);

/*
 * sysfs-rom.c: the kernel maps the ROM again for each read(), and copies at a width of its
 * own anyway. So it is read by blocks, from @base on in a descriptor that stays the caller's.
 */
#define PCIBAR_ROM_BLOCK	4096

struct pcibar_sysfs_rom {
	int fd;
	off_t base;
	pthread_mutex_t lock;		/* covers the block */
	uint64_t at;			/* where it begins, or UINT64_MAX */
	uint64_t next;			/* the end of the last unit that was read */
	size_t length;			/* of the block */
	unsigned char block[PCIBAR_ROM_BLOCK];
};

void pcibar_sysfs_rom_init(struct pcibar_sysfs_rom *rom, int fd, off_t base);
void pcibar_sysfs_rom_end(struct pcibar_sysfs_rom *rom);
int pcibar_sysfs_rom_read(struct pcibar_sysfs_rom *rom, uint64_t off, unsigned int width,
			  uint64_t *val);

/* sysfs-place.c: 0, -ENODEV if the function of @dir is gone, or why that is not known */
int pcibar_sysfs_check_there(int dir);
/* See get_place() and list_group() in backend.h. */
int pcibar_sysfs_place(int dir, int32_t *numa_node, int32_t *iommu_group);
int pcibar_sysfs_group(int dir, pcibar_visit_fn visit, void *data);

/* sysfs-hold.c: what keeps processes apart on one function. */
enum pcibar_sysfs_lock {
	PCIBAR_SYSFS_LOCK_MODIFY,	/* a read and the write that follows from it */
	PCIBAR_SYSFS_LOCK_HOLDS,	/* who holds what; taken before the other */
};

/* Two of its files, open for writing, and what is held. -1: there is no `rescan`. */
struct pcibar_sysfs_hold {
	int config, rescan;
	struct pcibar_holds mine;
};

/* Waits, but not for ever. -EBUSY: it could not be taken. */
int pcibar_sysfs_lock(const struct pcibar_sysfs_hold *hold, enum pcibar_sysfs_lock which);
void pcibar_sysfs_unlock(const struct pcibar_sysfs_hold *hold, enum pcibar_sysfs_lock which);

/* The members of the back end. -EBUSY: the lock, or room for the hold, is not available. */
int pcibar_sysfs_hold_lock(const struct pcibar_sysfs_hold *hold, uint32_t bits,
			   struct pcibar_holds *others);
int pcibar_sysfs_hold_unlock(struct pcibar_sysfs_hold *hold, uint32_t bits,
			     const struct pcibar_holds *mine);

/*
 * sysfs-virtual.c: see get_virtual() in backend.h. @capability: of the physical
 * function, kept for the next call; 0 before it was found.
 */
int pcibar_sysfs_virtual(int dir, _Atomic unsigned int *capability, bool *is_virtual,
			 bool *decodes);

/* sysfs-bind.c: see bind() in backend.h. */
int pcibar_sysfs_bind(int dir, const char *root, const struct pcibar_bind_request *request,
		      struct pcibar_refuse_ctx *ctx);

/* sysfs-memtype.c: whether the kernel is known to use another type for the range. */
bool pcibar_sysfs_attr_differs(const char *root, uint64_t start, uint64_t length, uint32_t attr);

/*
 * sysfs-power.c: whether the function may suspend at run time, and was kept from it until
 * pcibar_sysfs_let_suspend(). A user without the right cannot.
 */
bool pcibar_sysfs_keep_awake(int dir);
void pcibar_sysfs_let_suspend(int dir);

/* sysfs-refusal.c; each records the refusal in @ctx and returns its errno. */
bool pcibar_sysfs_locked_down(const char *root);
/* A descriptor, or why not. */
int pcibar_sysfs_open_file(int dir, const char *root, const char *file, bool write,
			   struct pcibar_refuse_ctx *ctx);
/* mmap() of @fd, a file of @dir, has failed. */
int pcibar_sysfs_refuse_mmap(int dir, const char *root, int fd, struct pcibar_refuse_ctx *ctx,
			     int error);

/* sysfs-channel.c: see the members of the ops table. */
int pcibar_sysfs_channel_open(int dir, const char *root, unsigned int bar, bool write,
			      struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp);
int pcibar_sysfs_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val);
int pcibar_sysfs_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val);
void pcibar_sysfs_channel_close(void *chan);

/* The number that little-endian @bytes hold. */
static inline uint64_t pcibar_sysfs_number(const unsigned char *bytes, unsigned int width)
{
	uint64_t val = 0;

	while (width--)
		val = val << 8 | bytes[width];
	return val;
}

static inline void pcibar_sysfs_bytes(unsigned char *bytes, unsigned int width, uint64_t val)
{
	for (unsigned int i = 0; i < width; i++, val >>= 8)
		bytes[i] = (unsigned char)val;
}

/* sysfs-vpd.c */
int pcibar_sysfs_vpd_parse(const uint8_t *vpd, size_t len, pcibar_vpd_fn fn, void *data);
int pcibar_sysfs_vpd_list(int dir, pcibar_vpd_fn fn, void *data);

#endif
