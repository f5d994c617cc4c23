// SPDX-License-Identifier: BSD-2-Clause
/* Names from pci.ids. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pciids.h"

/*
 * The file, line by line: "VVVV  vendor", after it "<tab>DDDD  device", after
 * that "<tab><tab>SSSS SSSS  subsystem"; and "C CC  class", behind it
 * "<tab>SS  subclass". One pass records where each of them is, in the order
 * of the file, which is sorted; a name is then found by bisection.
 */
static const char *const paths[] = {
	"/usr/share/misc/pci.ids",
	"/usr/share/hwdata/pci.ids",
	"/usr/local/share/pciids/pci.ids",
};

/* Keys sort as the file does: an upper level before those below it. */
#define KEY_CLASS	(UINT64_C(1) << 40)
#define KEY_BELOW	(UINT64_C(1) << 16)

/* Ten times what the file has. What is larger is something else, and not worth the time. */
#define FILE_MAX	(16 << 20)

struct entry {
	uint64_t key;
	const char *line;	/* the number in it */
};

struct pciids {
	const char *text;
	const char *end;
	size_t count;
	size_t room;
	struct entry *entries;
};

static uint64_t key_top(uint64_t tree, unsigned int id)
{
	return tree | (uint64_t)id << 17;
}

static uint64_t key_below(uint64_t tree, unsigned int id, unsigned int below)
{
	return key_top(tree, id) | KEY_BELOW | below;
}

/* @digits hexadecimal digits at @s; -1: they are not there */
static int scan_hex(const char *s, const char *end, int digits)
{
	int val = 0;

	if (end - s < digits)
		return -1;

	for (; digits--; s++) {
		if (*s >= '0' && *s <= '9')
			val = val << 4 | (*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			val = val << 4 | (*s - 'a' + 10);
		else
			return -1;
	}
	return val;
}

static const char *next_line(const char *s, const char *end)
{
	const char *nl = memchr(s, '\n', (size_t)(end - s));

	return nl ? nl + 1 : end;
}

static bool add(struct pciids *ids, uint64_t key, const char *line)
{
	if (ids->count == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 32768;
		struct entry *entries = realloc(ids->entries, room * sizeof(*entries));

		if (!entries)
			return false;
		ids->entries = entries;
		ids->room = room;
	}
	ids->entries[ids->count++] = (struct entry){ key, line };
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static bool build_index(struct pciids *ids)
{
	uint64_t tree = 0;
	bool sorted = true;
	int top = -1;
	int prefix;
	bool below;
	int id;

	for (const char *s = ids->text; s < ids->end; s = next_line(s, ids->end)) {
		if (*s == '#' || *s == '\n')
			continue;
		below = *s == '\t';
		if (!below)
			tree = *s == 'C' ? KEY_CLASS : 0;
		prefix = below ? 1 : tree ? 2 : 0;
		/* The file may end within the prefix, and @s must not leave it. */
		id = ids->end - s > prefix ? scan_hex(s + prefix, ids->end, tree ? 2 : 4) : -1;
		if (!below)
			top = id;
		if (id < 0 || top < 0)
			continue;
		if (!add(ids, below ? key_below(tree, (unsigned int)top, (unsigned int)id) :
			 key_top(tree, (unsigned int)id), s + prefix))
			return false;
		if (ids->count > 1)
			sorted &= compare(&ids->entries[ids->count - 2],
					  &ids->entries[ids->count - 1]) < 0;
	}
	if (!sorted)
		qsort(ids->entries, ids->count, sizeof(*ids->entries), compare);

	return true;
}

static const char *map_file(const char *path, size_t *len)
{
	/* O_NONBLOCK: of a FIFO it is enough to see that it is one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	void *text = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= FILE_MAX)
		text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (text == MAP_FAILED)
		return NULL;

	*len = (size_t)st.st_size;
	return text;
}

struct pciids *pciids_open(const char *path)
{
	struct pciids *ids = calloc(1, sizeof(*ids));
	size_t len = 0;

	if (!ids)
		return NULL;
	if (path)
		ids->text = map_file(path, &len);
	for (size_t i = 0; !path && !ids->text && i < sizeof(paths) / sizeof(paths[0]); i++)
		ids->text = map_file(paths[i], &len);
	if (ids->text) {
		ids->end = ids->text + len;
		if (build_index(ids))
			return ids;
	}
	pciids_close(ids);
	return NULL;
}

void pciids_close(struct pciids *ids)
{
	if (!ids)
		return;
	if (ids->text)
		munmap((void *)ids->text, (size_t)(ids->end - ids->text));
	free(ids->entries);
	free(ids);
}

static const char *find(const struct pciids *ids, uint64_t key)
{
	struct entry wanted = { .key = key };
	const struct entry *found;

	if (!ids)
		return NULL;
	found = bsearch(&wanted, ids->entries, ids->count, sizeof(wanted), compare);
	return found ? found->line : NULL;
}

/* The name behind the number of @digits characters at @line */
static const char *copy_name(const struct pciids *ids, const char *line, int digits, char *buf)
{
	size_t len = 0;

	if (line) {
		line += digits;
		while (line < ids->end && *line == ' ')
			line++;
		while (line < ids->end && *line != '\n' && len < PCIIDS_NAME - 1)
			buf[len++] = *line++;
		/* A name that is too long is cut before a character of UTF-8, not within it. */
		while (len && line < ids->end && (*line & 0xc0) == 0x80) {
			line--;
			len--;
		}
	}
	buf[len] = '\0';
	return buf;
}

const char *pciids_vendor(const struct pciids *ids, uint16_t vendor, char buf[PCIIDS_NAME])
{
	return copy_name(ids, find(ids, key_top(0, vendor)), 4, buf);
}

const char *pciids_device(const struct pciids *ids, uint16_t vendor, uint16_t device,
			  char buf[PCIIDS_NAME])
{
	return copy_name(ids, find(ids, key_below(0, vendor, device)), 4, buf);
}

const char *pciids_subsystem(const struct pciids *ids, uint16_t vendor, uint16_t device,
			     uint16_t subvendor, uint16_t subdevice, char buf[PCIIDS_NAME])
{
	const char *line = find(ids, key_below(0, vendor, device));

	buf[0] = '\0';
	for (line = line ? next_line(line, ids->end) : NULL; line && ids->end - line > 11;
	     line = next_line(line, ids->end)) {
		if (*line == '#')
			continue;
		if (line[0] != '\t' || line[1] != '\t')
			break;
		if (scan_hex(line + 2, ids->end, 4) == subvendor &&
		    scan_hex(line + 7, ids->end, 4) == subdevice)
			return copy_name(ids, line + 2, 9, buf);
	}
	return buf;
}

const char *pciids_class(const struct pciids *ids, uint32_t class_code, char buf[PCIIDS_NAME])
{
	unsigned int base = class_code >> 16 & 0xff;
	unsigned int sub = class_code >> 8 & 0xff;
	const char *line = find(ids, key_below(KEY_CLASS, base, sub));

	return copy_name(ids, line ? line : find(ids, key_top(KEY_CLASS, base)), 2, buf);
}
