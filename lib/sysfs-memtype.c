// SPDX-License-Identifier: BSD-2-Clause
/*
 * x86 keeps one memory type per physical range: a second mapping silently gets
 * the type of the first. The kernel shows it only in debugfs, in lines like
 *
 *	PAT: [mem 0x00000000fd000000-0x00000000fe000000] write-combining
 *
 * with the end exclusive. Where that cannot be read nothing is known.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define LIST	"kernel/debug/x86/pat_memtype_list"
/* Machines have hundreds. Without an end, a file that has none would be read for ever. */
#define LINES_MAX	65536

static bool line_overlaps(const char *line, uint64_t start, uint64_t end, const char **type)
{
	const char *s = strstr(line, "[mem ");
	uint64_t first, last;

	if (!s)
		return false;

	s = pcibar_sysfs_take_hex(s + strlen("[mem "), &first);
	if (!s || *s != '-')
		return false;

	s = pcibar_sysfs_take_hex(s + 1, &last);
	if (!s || strncmp(s, "] ", 2))
		return false;

	*type = s + 2;
	return first < end && last > start;
}

bool pcibar_sysfs_attr_differs(const char *root, uint64_t start, uint64_t length, uint32_t attr)
{
	const char *wanted = attr == PCIBAR_ATTR_WC ? "write-combining" : "uncached";
	char path[PATH_MAX], line[128];
	const char *type;
	bool differs = false;
	FILE *list;
	int fd;

	if (snprintf(path, sizeof(path), "%s/" LIST, root) >= (int)sizeof(path))
		return false;

	/* Without the file, no stream is needed. */
	fd = pcibar_sysfs_open(AT_FDCWD, path, O_RDONLY);
	if (fd < 0)
		return false;

	list = fdopen(fd, "r");
	if (!list) {
		close(fd);
		return false;
	}

	/* "uncached" begins both UC and UC- ("uncached-minus"). */
	for (int i = 0; !differs && i < LINES_MAX && fgets(line, sizeof(line), list); i++)
		differs = line_overlaps(line, start, start + length, &type) &&
			  strncmp(type, wanted, strlen(wanted));
	fclose(list);
	return differs;
}
