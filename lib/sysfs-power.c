// SPDX-License-Identifier: BSD-2-Clause
/* Keeps a function from suspending at run time. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define CONTROL	"power/control"

static bool write_control(int dir, const char *text)
{
	ssize_t length = (ssize_t)strlen(text);
	int fd = pcibar_sysfs_open(dir, CONTROL, O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, (size_t)length) == length;
	close(fd);
	return done;
}

/*
 * The kernel saves the configuration of a function that suspends, even if it has no driver
 * and stays in D0, and restores it when it wakes: what is written in between is lost. "on"
 * wakes it before the write returns, and "auto" lets it suspend, with what it then holds.
 */
bool pcibar_sysfs_keep_awake(int dir)
{
	char control[16];

	if (pcibar_sysfs_read(dir, CONTROL, control, sizeof(control)) ||
	    strcmp(control, "auto\n") != 0)
		return false;
	return write_control(dir, "on");
}

void pcibar_sysfs_let_suspend(int dir)
{
	write_control(dir, "auto");
}
