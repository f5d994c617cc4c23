// SPDX-License-Identifier: BSD-2-Clause
/* The files of a function below /sys/bus/pci/devices. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sysfs.h"

#define DEVICES		"bus/pci/devices"
#define HEADER_LEN	64

struct sysfs {
	int dir;			/* of the function */
	char root[PATH_MAX];
	pthread_mutex_t modify;		/* covers sysfs_config_modify(): its lock is of the file */
	pthread_mutex_t lock;		/* covers opening the two below, and hold's */
	atomic_int config_r, config_w;	/* -1 until needed: opening wakes nothing, reading does */
	struct pcibar_sysfs_hold hold;	/* config: -1 until needed; mine: the caller has a lock */
	atomic_uint sriov;		/* of its physical function, once it was asked for */
};

/* A file of a function that was there is missing: the function is gone. */
static int gone(int ret)
{
	return ret == -ENOENT ? -ENODEV : ret;
}

static int sysfs_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct pcibar_address addr;
	DIR *dir;
	int ret = 0;

	if (snprintf(path, sizeof(path), "%s/" DEVICES, root) >= (int)sizeof(path))
		return -ENAMETOOLONG;

	dir = opendir(path);
	if (!dir)
		return -errno;

	while (!ret && (entry = readdir(dir)))
		if (!pcibar_address_parse(entry->d_name, &addr))
			ret = visit(data, &addr);
	closedir(dir);
	return ret;
}

static int sysfs_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	char name[PCIBAR_ADDRESS_STRLEN], path[PATH_MAX];
	struct sysfs *be;
	int ret;

	be = malloc(sizeof(*be));
	if (!be)
		return -ENOMEM;

	pcibar_address_format(addr, name);
	ret = -ENAMETOOLONG;
	if (snprintf(be->root, sizeof(be->root), "%s", root) >= (int)sizeof(be->root) ||
	    snprintf(path, sizeof(path), "%s/" DEVICES "/%s", root, name) >= (int)sizeof(path))
		goto out_free;
	be->dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (be->dir < 0) {
		ret = -errno;
		*strrchr(path, '/') = '\0';
		if (ret == -ENOENT && !access(path, F_OK))
			ret = -ENODEV;
		goto out_free;
	}
	pthread_mutex_init(&be->modify, NULL);
	pthread_mutex_init(&be->lock, NULL);
	atomic_init(&be->config_r, -1);
	atomic_init(&be->config_w, -1);
	atomic_init(&be->sriov, 0);
	be->hold = (struct pcibar_sysfs_hold){ .config = -1, .rescan = -1 };
	*bep = be;
	return 0;

out_free:
	free(be);
	return ret;
}

static void sysfs_close(void *priv)
{
	struct sysfs *be = priv;

	if (be->config_r >= 0)
		close(be->config_r);
	if (be->config_w >= 0)
		close(be->config_w);
	if (be->hold.rescan >= 0)
		close(be->hold.rescan);
	close(be->dir);
	pthread_mutex_destroy(&be->lock);
	pthread_mutex_destroy(&be->modify);
	free(be);
}

static int sysfs_get_id(void *priv, enum pcibar_id id, uint32_t *val)
{
	static const char *const names[] = {
		[PCIBAR_ID_VENDOR] = "vendor",
		[PCIBAR_ID_DEVICE] = "device",
		[PCIBAR_ID_SUBVENDOR] = "subsystem_vendor",
		[PCIBAR_ID_SUBDEVICE] = "subsystem_device",
		[PCIBAR_ID_CLASS] = "class",
		[PCIBAR_ID_REVISION] = "revision",
	};
	struct sysfs *be = priv;

	return gone(pcibar_sysfs_read_hex(be->dir, names[id], val));
}

static int sysfs_get_driver(void *priv, char name[PCIBAR_NAME_LEN])
{
	struct sysfs *be = priv;

	return pcibar_sysfs_read_link(be->dir, "driver", name, PCIBAR_NAME_LEN);
}

/* "unknown" is what a function has that no driver ever touched: it is on. */
static int sysfs_get_asleep(void *priv, bool *asleep)
{
	struct sysfs *be = priv;
	char state[16];
	int ret = pcibar_sysfs_read(be->dir, "power_state", state, sizeof(state));

	*asleep = !ret && state[0] == 'D' && state[1] != '0';
	/* Kernels before 5.10 do not have it. */
	return ret == -ENOENT ? pcibar_sysfs_check_there(be->dir) : ret;
}

static int sysfs_get_header(void *priv, uint8_t *header, uint8_t *secondary)
{
	struct sysfs *be = priv;

	return gone(pcibar_sysfs_header(be->dir, header, secondary));
}

static int sysfs_get_resource(void *priv, unsigned int bar, struct pcibar_resource *res)
{
	struct sysfs *be = priv;

	return gone(pcibar_sysfs_resource(be->dir, bar, res));
}

static int sysfs_get_neighbour(void *priv, unsigned int bar, uint64_t first, uint64_t last,
			       char name[PCIBAR_NAME_LEN])
{
	struct sysfs *be = priv;

	return gone(pcibar_sysfs_neighbour(be->dir, bar, first, last, name));
}

static int sysfs_get_virtual(void *priv, bool *is_virtual, bool *decodes)
{
	struct sysfs *be = priv;

	return gone(pcibar_sysfs_virtual(be->dir, &be->sriov, is_virtual, decodes));
}

static int sysfs_get_physical(void *priv, char name[PCIBAR_NAME_LEN])
{
	struct sysfs *be = priv;

	return pcibar_sysfs_read_link(be->dir, "physfn", name, PCIBAR_NAME_LEN);
}

static int sysfs_get_place(void *priv, int32_t *numa_node, int32_t *iommu_group)
{
	struct sysfs *be = priv;

	return pcibar_sysfs_place(be->dir, numa_node, iommu_group);
}

static int sysfs_list_group(void *priv, pcibar_visit_fn visit, void *data)
{
	struct sysfs *be = priv;

	return pcibar_sysfs_group(be->dir, visit, data);
}

static int sysfs_map(void *priv, unsigned int bar, const struct pcibar_pages *pages,
		     struct pcibar_refuse_ctx *ctx, void **basep, void **tokenp)
{
	bool write = pages->flags & PCIBAR_MAP_WRITE;
	struct sysfs *be = priv;
	char file[16];
	void *base;
	int fd, ret = 0;

	(void)tokenp;
	snprintf(file, sizeof(file), "resource%u%s", bar,
		 pages->attr == PCIBAR_ATTR_WC ? "_wc" : "");
	fd = pcibar_sysfs_open_file(be->dir, be->root, file, write, ctx);
	if (fd < 0)
		return fd;

	base = mmap(NULL, (size_t)pages->length, PROT_READ | (write ? PROT_WRITE : 0),
		    MAP_SHARED, fd, (off_t)pages->offset);
	if (base == MAP_FAILED) {
		ret = pcibar_sysfs_refuse_mmap(be->dir, be->root, fd, ctx, -errno);
	} else if (pages->wc_exists && pcibar_sysfs_attr_differs(be->root, pages->cpu_addr,
								 pages->length, pages->attr)) {
		munmap(base, (size_t)pages->length);
		ret = pcibar_refuse(ctx, PCIBAR_REASON_ATTRIBUTE, -EBUSY,
				    "end the other mapping, or map it with the same attribute",
				    "another user has the BAR mapped with another attribute");
	} else {
		*basep = base;
	}
	close(fd);
	return ret;
}

static int sysfs_channel_open(void *priv, unsigned int bar, uint32_t flags,
			      struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp)
{
	struct sysfs *be = priv;

	return pcibar_sysfs_channel_open(be->dir, be->root, bar, flags & PCIBAR_MAP_WRITE, ctx,
					 length, chanp);
}

static int sysfs_config_fd(struct sysfs *be, bool write)
{
	atomic_int *slot = write ? &be->config_w : &be->config_r;
	int fd = atomic_load(slot), state;

	if (fd >= 0)
		return fd;

	state = pcibar_lock(&be->lock);
	fd = atomic_load(slot);
	if (fd < 0) {
		fd = pcibar_sysfs_open(be->dir, "config", write ? O_WRONLY : O_RDONLY);
		if (fd < 0)
			fd = gone(fd);
		else
			atomic_store(slot, fd);
	}
	pcibar_unlock(&be->lock, state);
	return fd;
}

/* Every function has a header. Without one the file is not the kernel's: a container hid it. */
static int beyond(unsigned int off)
{
	return off < HEADER_LEN ? -EIO : -ERANGE;
}

static int sysfs_config_read(void *priv, unsigned int off, unsigned int width, uint32_t *val)
{
	int fd = sysfs_config_fd(priv, false);
	unsigned char bytes[4];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;

	n = pread(fd, bytes, width, (off_t)off);
	if (n < 0)
		return errno == ESPIPE ? -EIO : -errno;	/* a FIFO, or a terminal */
	if (n != (ssize_t)width)	/* an ordinary user's view ends before the file does */
		return !fstat(fd, &st) && off < st.st_size ? -EACCES : beyond(off);

	*val = (uint32_t)pcibar_sysfs_number(bytes, width);
	return 0;
}

static int sysfs_config_read_words(void *priv, unsigned int off, uint32_t *words,
				   unsigned int count)
{
	int fd = sysfs_config_fd(priv, false);
	size_t len = sizeof(*words) * count;

	if (fd < 0)
		return fd;
	if (pread(fd, words, len, (off_t)off) != (ssize_t)len)
		return -EIO;
	for (unsigned int i = 0; i < count; i++)
		words[i] = (uint32_t)pcibar_sysfs_number((unsigned char *)&words[i], 4);
	return 0;
}

static int sysfs_config_try(void *priv)
{
	struct sysfs *be = priv;
	int fd = sysfs_config_fd(be, true);

	if (fd < 0)
		return fd;
	return pcibar_sysfs_locked_down(be->root) ? -EPERM : 0;
}

static int sysfs_config_write(void *priv, unsigned int off, unsigned int width, uint32_t val)
{
	int fd = sysfs_config_fd(priv, true);
	unsigned char bytes[4];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (off >= st.st_size)
		return beyond(off);

	pcibar_sysfs_bytes(bytes, width, val);
	n = pwrite(fd, bytes, width, (off_t)off);
	return n == (ssize_t)width ? 0 : n < 0 ? -errno : -EIO;
}

/*
 * What locks are taken on: returns 0 or -errno. Opening `rescan` does nothing,
 * only writing to it would.
 */
static int sysfs_hold_open(struct sysfs *be)
{
	int fd = sysfs_config_fd(be, true), state;

	if (fd < 0)
		return fd;
	state = pcibar_lock(&be->lock);
	if (be->hold.config < 0) {
		be->hold.rescan = pcibar_sysfs_open(be->dir, "rescan", O_WRONLY);
		be->hold.config = fd;
	}
	pcibar_unlock(&be->lock, state);
	return 0;
}

static bool is_so(uint32_t reg, unsigned int width, uint32_t mask, uint32_t value)
{
	return (reg & mask) == value || reg == UINT32_MAX >> (32 - 8 * width);
}

static int modify_awake(struct sysfs *be, unsigned int off, unsigned int width, uint32_t mask,
			uint32_t value, uint32_t *old)
{
	bool kept = pcibar_sysfs_keep_awake(be->dir);
	int ret;

	ret = sysfs_config_read(be, off, width, old);
	if (!ret && !is_so(*old, width, mask, value))
		ret = sysfs_config_write(be, off, width, (*old & ~mask) | value);
	if (kept)
		pcibar_sysfs_let_suspend(be->dir);
	return ret;
}

/*
 * Who has nothing to change needs neither the lock nor the right to write. What keeps the
 * function awake is under the lock, too: another process would let it suspend in between.
 */
static int sysfs_config_modify(void *priv, unsigned int off, unsigned int width, uint32_t mask,
			       uint32_t value, uint32_t *old)
{
	struct sysfs *be = priv;
	int locked, ret;

	ret = sysfs_config_read(be, off, width, old);
	if (ret || is_so(*old, width, mask, value))
		return ret;

	ret = sysfs_hold_open(be);
	if (ret)
		return ret;

	pthread_mutex_lock(&be->modify);
	locked = pcibar_sysfs_lock(&be->hold, PCIBAR_SYSFS_LOCK_MODIFY);
	ret = modify_awake(be, off, width, mask, value, old);
	if (!locked)
		pcibar_sysfs_unlock(&be->hold, PCIBAR_SYSFS_LOCK_MODIFY);
	pthread_mutex_unlock(&be->modify);
	return ret || !locked ? ret : 1;
}

static int sysfs_hold_lock(void *priv, uint32_t bits, struct pcibar_holds *others)
{
	struct sysfs *be = priv;
	int ret = sysfs_hold_open(be);

	return ret ? ret : pcibar_sysfs_hold_lock(&be->hold, bits, others);
}

static int sysfs_hold_unlock(void *priv, uint32_t bits, const struct pcibar_holds *mine)
{
	struct sysfs *be = priv;
	int ret = sysfs_hold_open(be);

	return ret ? ret : pcibar_sysfs_hold_unlock(&be->hold, bits, mine);
}

static int sysfs_bind(void *priv, const struct pcibar_bind_request *request,
		      struct pcibar_refuse_ctx *ctx)
{
	struct sysfs *be = priv;

	return pcibar_sysfs_bind(be->dir, be->root, request, ctx);
}

static int sysfs_vpd_list(void *priv, pcibar_vpd_fn fn, void *data)
{
	struct sysfs *be = priv;

	return pcibar_sysfs_vpd_list(be->dir, fn, data);
}

const struct pcibar_query_ops pcibar_sysfs_query = {
	.get_id = sysfs_get_id,
	.get_driver = sysfs_get_driver,
	.get_asleep = sysfs_get_asleep,
	.get_header = sysfs_get_header,
	.get_resource = sysfs_get_resource,
	.get_neighbour = sysfs_get_neighbour,
	.get_virtual = sysfs_get_virtual,
	.get_physical = sysfs_get_physical,
	.get_place = sysfs_get_place,
	.list_group = sysfs_list_group,
	.config_read = sysfs_config_read,
	.config_read_words = sysfs_config_read_words,
	.bind = sysfs_bind,
};

const struct pcibar_backend_ops pcibar_backend_sysfs = {
	.id = PCIBAR_BACKEND_SYSFS,
	.name = "sysfs",
	.caps = PCIBAR_CAP_MAP_WC | PCIBAR_CAP_ACTIVATE,
	.scan = sysfs_scan,
	.open = sysfs_open,
	.close = sysfs_close,
	.query = &pcibar_sysfs_query,
	.map = sysfs_map,
	.channel_open = sysfs_channel_open,
	.channel_read = pcibar_sysfs_channel_read,
	.channel_write = pcibar_sysfs_channel_write,
	.channel_close = pcibar_sysfs_channel_close,
	.config_try = sysfs_config_try,
	.config_write = sysfs_config_write,
	.config_modify = sysfs_config_modify,
	.hold_lock = sysfs_hold_lock,
	.hold_unlock = sysfs_hold_unlock,
	.vpd_list = sysfs_vpd_list,
};
