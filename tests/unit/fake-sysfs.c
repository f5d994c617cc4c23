// SPDX-License-Identifier: BSD-2-Clause
/* A fake sysfs: a tree of ordinary files. */
#include "fake-sysfs.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "must.h"

#define LINE_LEN	57	/* of `resource` */
#define LINES		13	/* BARs, ROM, SR-IOV */
#define ROM		6
#define RES_IO		0x100u
#define RES_PREFETCH	0x2000u
#define RES_MEM_64	0x100000u

#define PATH_LEN	(PATH_MAX + 128)

const struct tree_resource tree_resources[PCIBAR_BAR_COUNT] = {
	[0] = { 0xfd000000, 0x10000, TREE_MEM32 },
	[1] = { 0xfd010420, 0x20, TREE_MEM32 },
	[2] = { 0x380000000, 0x4000, TREE_MEM64_PREFETCH },
	[4] = { 0xc000, 0x20, TREE_IO },
	[6] = { 0xfc000000, 0x10000, TREE_ROM },
};

__attribute__((format(printf, 2, 3)))
static void make_path(char path[PATH_LEN], const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(path, PATH_LEN, fmt, args);
	va_end(args);
	MUST(len > 0 && len < PATH_LEN);
}

/* The real folder: "DDDD:BB" of the address names the bus. */
static void folder_of(const struct tree *tree, const char *address, char path[PATH_LEN])
{
	make_path(path, "%s/devices/pci%.*s/%s", tree->root,
		  (int)(strchr(strchr(address, ':') + 1, ':') - address), address, address);
}

static void file_of(const struct tree *tree, const char *address, const char *file,
		    char path[PATH_LEN])
{
	char folder[PATH_LEN];

	if (!address) {
		make_path(path, "%s/%s", tree->root, file);
		return;
	}
	folder_of(tree, address, folder);
	MUST(strlen(folder) + strlen(file) + 2 < PATH_LEN);
	strcat(strcat(strcpy(path, folder), "/"), file);
}

/* Make all folders of @path, but for its last part. */
static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

void tree_create(struct tree *tree)
{
	char name[] = "tree-XXXXXX", path[PATH_LEN];

	MUST(mkdtemp(name));
	MUST(realpath(name, tree->root));
	make_path(path, "%s/bus/pci/devices/", tree->root);
	make_parents(path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void remove_all(const char *path)
{
	MUST(!nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

void tree_remove(struct tree *tree)
{
	remove_all(tree->root);
}

void tree_add(const struct tree *tree, const char *address)
{
	static const unsigned char ids[] = { 0x34, 0x12, 0xe8, 0x11, 0x03, 0x00 };
	char folder[PATH_LEN], link[PATH_LEN], target[PATH_LEN];
	int bus = (int)(strchr(strchr(address, ':') + 1, ':') - address);

	folder_of(tree, address, folder);
	make_parents(folder);
	MUST(!mkdir(folder, 0755));
	make_path(link, "%s/bus/pci/devices/%s", tree->root, address);
	make_path(target, "../../../devices/pci%.*s/%s", bus, address, address);
	MUST(!symlink(target, link));
	tree_set(tree, address, "vendor", "0x1234\n");
	tree_set(tree, address, "device", "0x11e8\n");
	tree_set(tree, address, "subsystem_vendor", "0x1af4\n");
	tree_set(tree, address, "subsystem_device", "0x1100\n");
	tree_set(tree, address, "class", "0x00ff00\n");
	tree_set(tree, address, "revision", "0x10\n");
	tree_set(tree, address, "power_state", "D0\n");
	tree_set(tree, address, "rescan", "%s", "");
	tree_set(tree, address, "resource", "%s", "");
	for (unsigned int i = 0; i < LINES; i++)
		tree_bar(tree, address, i, 0, 0, 0);

	tree_set(tree, address, "config", "%s", "");
	tree_truncate(tree, address, "config", 256);
	tree_poke(tree, address, "config", 0, ids, sizeof(ids));
}

void tree_drop(const struct tree *tree, const char *address)
{
	char path[PATH_LEN];

	folder_of(tree, address, path);
	remove_all(path);
	make_path(path, "%s/bus/pci/devices/%s", tree->root, address);
	MUST(!unlink(path));
}

/* What the register holds. A test may have given the function no configuration space. */
static void tree_register(const struct tree *tree, const char *address, unsigned int bar,
			  uint64_t start, uint32_t flags)
{
	unsigned char bytes[8];
	char path[PATH_LEN];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(start >> 8 * i);
	file_of(tree, address, "config", path);
	if (!access(path, F_OK))
		tree_poke(tree, address, "config", 0x10 + 4 * (off_t)bar, bytes,
			  flags & RES_MEM_64 ? 8 : 4);
}

void tree_bar(const struct tree *tree, const char *address, unsigned int bar, uint64_t start,
	      uint64_t length, uint32_t flags)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char line[LINE_LEN + 1], file[16] = "rom";

	snprintf(line, sizeof(line), "0x%016" PRIx64 " 0x%016" PRIx64 " 0x%016" PRIx64 "\n", start,
		 length ? start + length - 1 : 0, (uint64_t)flags);
	tree_poke(tree, address, "resource", (off_t)bar * LINE_LEN, line, LINE_LEN);
	if (!length)
		return;
	if (bar != ROM)
		tree_register(tree, address, bar, start, flags);
	if (bar != ROM)
		snprintf(file, sizeof(file), "resource%u", bar);
	if (bar != ROM && !(flags & RES_IO))
		length = ((start & (page - 1)) + length + page - 1) & ~(page - 1);
	tree_set(tree, address, file, "%s", "");
	tree_truncate(tree, address, file, (off_t)length);
	if (bar != ROM && flags & RES_PREFETCH) {
		char from[PATH_LEN], to[PATH_LEN];

		file_of(tree, address, file, from);
		strcat(file, "_wc");
		file_of(tree, address, file, to);
		MUST(!link(from, to));
	}
}

void tree_set(const struct tree *tree, const char *address, const char *file, const char *fmt, ...)
{
	char path[PATH_LEN];
	va_list args;
	FILE *stream;

	file_of(tree, address, file, path);
	make_parents(path);
	stream = fopen(path, "we");
	MUST(stream);
	va_start(args, fmt);
	vfprintf(stream, fmt, args);
	va_end(args);
	MUST(!fclose(stream));
}

void tree_unset(const struct tree *tree, const char *address, const char *file)
{
	char path[PATH_LEN];

	file_of(tree, address, file, path);
	MUST(!unlink(path));
}

void tree_link(const struct tree *tree, const char *address, const char *file,
	       const char *target)
{
	char path[PATH_LEN];

	file_of(tree, address, file, path);
	MUST(!symlink(target, path));
}

void tree_driver(const struct tree *tree, const char *address, const char *driver)
{
	char target[PATH_LEN];

	if (!driver) {
		tree_unset(tree, address, "driver");
		return;
	}
	make_path(target, "../../../bus/pci/drivers/%s", driver);
	tree_link(tree, address, "driver", target);
}

int tree_open(const struct tree *tree, const char *address, const char *file)
{
	char path[PATH_LEN];
	int fd;

	file_of(tree, address, file, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	MUST(fd >= 0);
	return fd;
}

void tree_peek(const struct tree *tree, const char *address, const char *file, off_t off,
	       void *buf, size_t len)
{
	int fd = tree_open(tree, address, file);

	MUST(pread(fd, buf, len, off) == (ssize_t)len);
	close(fd);
}

void tree_poke(const struct tree *tree, const char *address, const char *file, off_t off,
	       const void *buf, size_t len)
{
	int fd = tree_open(tree, address, file);

	MUST(pwrite(fd, buf, len, off) == (ssize_t)len);
	close(fd);
}

void tree_truncate(const struct tree *tree, const char *address, const char *file, off_t len)
{
	int fd = tree_open(tree, address, file);

	MUST(!ftruncate(fd, len));
	close(fd);
}
