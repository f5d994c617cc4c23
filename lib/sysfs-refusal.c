// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel's refusals mean, and what can be done about them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

#define LOCKDOWN	"kernel/security/lockdown"

/* "none [integrity] confidentiality": the mode in brackets is in force. */
bool pcibar_sysfs_locked_down(const char *root)
{
	char path[PATH_MAX + sizeof("/" LOCKDOWN)], modes[64];

	snprintf(path, sizeof(path), "%s/" LOCKDOWN, root);
	return !pcibar_sysfs_read(AT_FDCWD, path, modes, sizeof(modes)) &&
	       strchr(modes, '[') && !strstr(modes, "[none]");
}

static int refuse_open(struct pcibar_refuse_ctx *ctx, int error, const char *root,
		       const char *file, bool write)
{
	switch (error) {
	case -EACCES:
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES,
				     geteuid() ? "run it as root, or have root change the file's "
						 "mode"
					       : "run it as root of the machine, outside of user "
						 "namespaces, with CAP_DAC_OVERRIDE",
				     "no permission to %s the file %s",
				     write ? "write to" : "read", file);
	case -EPERM:
		return pcibar_refuse(ctx, PCIBAR_REASON_DENIED, -EPERM, "",
				     "a security module denied access to the file %s", file);
	case -EROFS:
		return pcibar_refuse_read_only(ctx, root);
	case -EIO:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, -EIO, "",
				     "%s is not a sysfs file", file);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "the file %s: %s", file,
				     strerror(-error));
	}
}

static int refuse_missing(int dir, struct pcibar_refuse_ctx *ctx, const char *file)
{
	if (pcibar_sysfs_check_there(dir))
		return pcibar_refuse_gone(ctx);
	return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
			     "use the module instead (modprobe pciio, package pcibar-dkms)",
			     "this kernel does not provide the file %s", file);
}

/*
 * What can be mapped might as well be a disk, in a tree that root has unpacked. The
 * kernel's own has only regular files, and needs no check.
 */
static bool is_file(int fd, const char *root)
{
	struct stat st;

	return !strcmp(root, "/sys") || (!fstat(fd, &st) && S_ISREG(st.st_mode));
}

int pcibar_sysfs_open_file(int dir, const char *root, const char *file, bool write,
			   struct pcibar_refuse_ctx *ctx)
{
	int fd = pcibar_sysfs_open(dir, file, write ? O_RDWR : O_RDONLY);

	if (fd == -ENOENT)
		return refuse_missing(dir, ctx, file);
	if (fd < 0)
		return refuse_open(ctx, fd, root, file, write);
	if (is_file(fd, root))
		return fd;
	close(fd);
	return refuse_open(ctx, -EIO, root, file, write);
}

/* A remedy names the function by its address, the last part of the path of its folder. */
static int refuse_claimed(int dir, struct pcibar_refuse_ctx *ctx)
{
	char driver[PCIBAR_NAME_LEN] = "", address[PCIBAR_ADDRESS_STRLEN] = "";
	char link[32], remedy[128];

	pcibar_sysfs_read_link(dir, "driver", driver, sizeof(driver));
	if (!*driver)
		return pcibar_refuse(ctx, PCIBAR_REASON_CLAIMED, -EBUSY,
				     "see /proc/iomem for who holds it",
				     "the kernel keeps the range for another user "
				     "(IO_STRICT_DEVMEM)");

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	pcibar_sysfs_read_link(AT_FDCWD, link, address, sizeof(address));
	snprintf(remedy, sizeof(remedy), "unbind the driver (pcibar bind %s none); a kernel booted "
		 "with iomem=relaxed allows both", address);
	return pcibar_refuse(ctx, PCIBAR_REASON_CLAIMED, -EBUSY, remedy,
			     "the kernel keeps the range for %s (IO_STRICT_DEVMEM)", driver);
}

/*
 * mmap() of a resource file: EINVAL means that iomem_is_exclusive() found the
 * range claimed (the window itself was checked), EPERM comes from lockdown.
 */
int pcibar_sysfs_refuse_mmap(int dir, const char *root, int fd, struct pcibar_refuse_ctx *ctx,
			     int error)
{
	struct stat st;

	switch (error) {
	case -EINVAL:
		return refuse_claimed(dir, ctx);
	case -EPERM:
		if (pcibar_sysfs_locked_down(root))
			return pcibar_refuse_lockdown(ctx);
		return pcibar_refuse(ctx, PCIBAR_REASON_DENIED, -EPERM,
				     "run it as root of the machine, with CAP_SYS_RAWIO",
				     "a missing capability or a security module denied it");
	case -EACCES:
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES, "run it as root",
				     "no permission to map the BAR");
	case -ENODEV:
		if (fstat(fd, &st) || S_ISREG(st.st_mode))
			return pcibar_refuse_gone(ctx);
		return pcibar_refuse(ctx, PCIBAR_REASON_DENIED, -EACCES,
				     "run it outside of the container, or start that without it",
				     "something else is mounted over the file of the BAR");
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "mmap: %s",
				     strerror(-error));
	}
}
