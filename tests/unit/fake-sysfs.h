/* SPDX-License-Identifier: BSD-2-Clause */
/* A fake sysfs: a tree of ordinary files. Prefix tree_. */
#ifndef FAKE_SYSFS_H
#define FAKE_SYSFS_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include <pcibar/bar.h>

/*
 * A sysfs of ordinary files in a temporary folder, in the shape the kernel
 * gives it: bus/pci/devices holds links to folders below devices/pciDDDD:BB,
 * where the functions of one bus lie side by side.
 */
struct tree {
	char root[PATH_MAX];
};

/* The third column of `resource`, as kernels print it. */
#define TREE_MEM32		0x00040200u
#define TREE_MEM32_PREFETCH	0x00042208u
#define TREE_MEM64		0x00140204u
#define TREE_MEM64_PREFETCH	0x0014220cu
#define TREE_IO			0x00040101u
#define TREE_ROM		0x00046200u
#define TREE_UNSET		0x20000000u
#define TREE_FIXED		0x00000010u

void tree_create(struct tree *tree);
void tree_remove(struct tree *tree);

/*
 * A function 1234:11e8 without BARs: decoding on, in D0, no driver, 256 bytes of
 * configuration space.
 */
void tree_add(const struct tree *tree, const char *address);
/* Take its folder and link away, as the kernel does on removal. */
void tree_drop(const struct tree *tree, const char *address);

/*
 * Fill in a line of `resource` and make the file resourceN, sparse, and
 * resourceN_wc when @flags say prefetchable; for index 6 the file `rom`. A
 * memory BAR that does not fill its pages lies in the file at its in-page
 * offset, as in a mapping of the real one.
 */
void tree_bar(const struct tree *tree, const char *address, unsigned int bar, uint64_t start,
	      uint64_t length, uint32_t flags);

/* What the fakes of /dev/pci and VFIO have: BARs of each kind, and one inside a page. */
extern const struct tree_resource {
	uint64_t start, length;
	uint32_t flags;
} tree_resources[PCIBAR_BAR_COUNT];

/* Write an attribute of the function, or with @address NULL a file below the root. */
__attribute__((format(printf, 4, 5)))
void tree_set(const struct tree *tree, const char *address, const char *file, const char *fmt, ...);
void tree_unset(const struct tree *tree, const char *address, const char *file);
/* Make a symbolic link in its folder. */
void tree_link(const struct tree *tree, const char *address, const char *file,
	       const char *target);
/* Bind a driver; NULL: unbind. */
void tree_driver(const struct tree *tree, const char *address, const char *driver);
/* A descriptor of one of its files. */
int tree_open(const struct tree *tree, const char *address, const char *file);

void tree_peek(const struct tree *tree, const char *address, const char *file, off_t off,
	       void *buf, size_t len);
void tree_poke(const struct tree *tree, const char *address, const char *file, off_t off,
	       const void *buf, size_t len);
void tree_truncate(const struct tree *tree, const char *address, const char *file, off_t len);

#endif
