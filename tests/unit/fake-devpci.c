// SPDX-License-Identifier: BSD-2-Clause
/* A fake /dev/pci: a module made of memory. */
#include "fake-devpci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <dev/pci/pcireg.h>

#include "fake-vfio.h"
#include "must.h"

#define DESCRIPTORS	64

struct node node;

/* Covers requests and the descriptors: the library may use several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const struct tree *sys;
static int memory = -1;

/*
 * A descriptor of a BAR or a function is a socket: urgent data is POLLPRI, and a
 * peer that is gone is POLLHUP.
 */
struct end {
	int fd;
	int peer;		/* -1: it has ended */
	ino_t inode;		/* the number of a closed descriptor is used again */
};

/* mmap() of the descriptor of a BAR maps the memory. */
static struct {
	struct end end;
	unsigned int bar;
} descriptors[DESCRIPTORS];
static unsigned int descriptor_count;

static struct end functions[DESCRIPTORS];	/* the last ones */
static unsigned int function_count;

static struct end vectors[DESCRIPTORS];
static unsigned int vector_count;

static int nodes[DESCRIPTORS];	/* open descriptors of the node; the last ones */
static unsigned int node_count;

int __real_openat64(int dir, const char *path, int flags, ...);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
void *__real_mmap64(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static void end_it(struct end *end)
{
	if (end->peer >= 0)
		close(end->peer);
	end->peer = -1;
}

void node_reset(void)
{
	for (unsigned int i = 0; i < descriptor_count; i++)
		end_it(&descriptors[i].end);
	for (unsigned int i = 0; i < function_count && i < DESCRIPTORS; i++)
		end_it(&functions[i]);
	for (unsigned int i = 0; i < vector_count; i++)
		end_it(&vectors[i]);
	if (memory >= 0)
		close(memory);
	memory = -1;
	vector_count = 0;
	descriptor_count = 0;
	function_count = 0;
	node_count = 0;
	memset(&node, 0, sizeof(node));
}

void node_create(const struct tree *tree)
{
	node_reset();
	sys = tree;
	memory = memfd_create("fake-bar", MFD_CLOEXEC);
	MUST(memory >= 0);
	MUST(!ftruncate(memory, PCIBAR_BAR_COUNT * NODE_MEMORY));
	node.present = true;
}

struct node_function *node_add(uint32_t domain, uint8_t bus, uint8_t slot, uint8_t func)
{
	struct node_function *function = &node.function[node.count++];

	MUST(node.count <= NODE_FUNCTIONS);
	function->conf = (struct pci_conf){
		.pc_sel = { domain, bus, slot, func }, .pc_vendor = 0x1234, .pc_device = 0x11e8,
	};
	return function;
}

void node_peek(unsigned int bar, uint64_t off, void *buf, size_t len)
{
	MUST(pread(memory, buf, len, (off_t)(bar * NODE_MEMORY + off)) == (ssize_t)len);
}

void node_poke(unsigned int bar, uint64_t off, const void *buf, size_t len)
{
	MUST(pwrite(memory, buf, len, (off_t)(bar * NODE_MEMORY + off)) == (ssize_t)len);
}

int node_descriptor(unsigned int nth)
{
	MUST(nth < descriptor_count);
	return descriptors[nth].end.fd;
}

void node_suspend(unsigned int nth)
{
	MUST(nth < descriptor_count);
	MUST(send(descriptors[nth].end.peer, "x", 1, MSG_OOB) == 1);
}

void node_resume(unsigned int nth)
{
	char byte;

	MUST(recv(node_descriptor(nth), &byte, 1, MSG_OOB) == 1);
}

void node_kill(unsigned int nth)
{
	MUST(nth < descriptor_count);
	end_it(&descriptors[nth].end);
}

int node_vector(unsigned int nth)
{
	MUST(nth < vector_count);
	return vectors[nth].peer;
}

void node_end_vector(unsigned int nth)
{
	MUST(nth < vector_count);
	end_it(&vectors[nth]);
}

void node_replace(void)
{
	for (unsigned int i = 0; i < descriptor_count; i++)
		end_it(&descriptors[i].end);
	for (unsigned int i = 0; i < function_count && i < DESCRIPTORS; i++)
		end_it(&functions[i]);
}

void node_populate(struct tree *tree)
{
	const struct tree_resource *bars = tree_resources;
	struct node_function *function;

	tree_create(tree);
	node_create(tree);
	tree_add(tree, NODE_FUNCTION);
	tree_poke(tree, NODE_FUNCTION, "config", 4, "\x03", 1);
	node.config[4] = 3;
	node.config[0] = 0x34;
	function = node_add(0, 3, 0, 0);

	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++) {
		tree_bar(tree, NODE_FUNCTION, i, bars[i].start, bars[i].length, bars[i].flags);
		function->bar[i].length = bars[i].length;
		function->bar[i].base = bars[i].start;
		if (bars[i].length && i != PCIBAR_BAR_ROM)	/* the type bits of the register */
			function->bar[i].base |= bars[i].flags & 0xf;
		for (unsigned int byte = 0; bars[i].length && byte < 8; byte++)
			if (i < PCIBAR_BAR_ROM &&
			    (byte < 4 || (bars[i].flags & TREE_MEM64) == TREE_MEM64))
				node.config[PCIR_BARS + 4 * i + byte] =
					(unsigned char)(function->bar[i].base >> 8 * byte);
	}
}

/* What stands for a path below /sys, in @buf when it is another one. */
const char *node_path(const char *path, char buf[PATH_MAX])
{
	if (!node.present || strncmp(path, "/sys/", 5))
		return path;
	MUST(snprintf(buf, PATH_MAX, "%s%s", sys->root, path + 4) < PATH_MAX);
	return buf;
}

static int open_node(int flags)
{
	int error = node.open_error[(flags & O_ACCMODE) == O_RDWR];
	int fd;

	if (error) {
		errno = error;
		return -1;
	}
	fd = __real_openat64(AT_FDCWD, "/dev/null", flags);
	MUST(fd >= 0);
	nodes[node_count++ % DESCRIPTORS] = fd;
	return fd;
}

int node_openat(int dir, const char *path, int flags, mode_t mode)
{
	char buf[PATH_MAX];
	int fd;

	if (vfio_openat(path, &fd))
		return fd;
	/* What describes a descriptor is a file of the tree. */
	if (node.present && !strncmp(path, "/proc/self/fdinfo/", 18))
		return __real_openat64(dir, node_path("/sys/fdinfo", buf), flags, mode);
	if (node.present && !strcmp(path, "/proc/interrupts"))
		return __real_openat64(dir, node_path("/sys/interrupts", buf), flags, mode);
	if (node.present && !strcmp(path, "/dev/pci"))
		return open_node(flags);
	return __real_openat64(dir, node_path(path, buf), flags, mode);
}

DIR *__wrap_opendir(const char *path)
{
	char buf[PATH_MAX];

	return __real_opendir(node_path(path, buf));
}

int __wrap_access(const char *path, int mode)
{
	char buf[PATH_MAX];

	return __real_access(node_path(path, buf), mode);
}

static bool is_end(const struct end *end, int fd)
{
	struct stat st;

	return end->fd == fd && !fstat(fd, &st) && st.st_ino == end->inode;
}

int node_backing(int fd, off_t *off)
{
	int backing = fd;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < descriptor_count; i++)
		if (is_end(&descriptors[i].end, fd)) {
			*off += descriptors[i].bar * NODE_MEMORY;
			backing = memory;
		}
	pthread_mutex_unlock(&lock);
	return backing;
}

static bool is_node(int fd)
{
	for (unsigned int i = 0; i < node_count && i < DESCRIPTORS; i++)
		if (nodes[i] == fd)
			return true;
	return false;
}

static bool matches(const struct pci_conf *conf, const struct pci_match_conf *want)
{
	const struct pcisel *a = &conf->pc_sel, *b = &want->pc_sel;

	return (!(want->flags & PCI_GETCONF_MATCH_DOMAIN) || a->pc_domain == b->pc_domain) &&
	       (!(want->flags & PCI_GETCONF_MATCH_BUS) || a->pc_bus == b->pc_bus) &&
	       (!(want->flags & PCI_GETCONF_MATCH_DEV) || a->pc_dev == b->pc_dev) &&
	       (!(want->flags & PCI_GETCONF_MATCH_FUNC) || a->pc_func == b->pc_func);
}

static int getconf(struct pci_conf_io *io)
{
	u_int32_t room = io->match_buf_len / (u_int32_t)sizeof(*io->matches);

	MUST(io->num_patterns <= 1);
	MUST(io->pat_buf_len == io->num_patterns * sizeof(*io->patterns));
	io->num_matches = 0;
	if (io->offset && node.changes) {
		node.changes--;
		io->status = PCI_GETCONF_LIST_CHANGED;
		return 0;
	}
	io->status = PCI_GETCONF_LAST_DEVICE;
	for (; io->offset < node.count; io->offset++) {
		const struct pci_conf *conf = &node.function[io->offset].conf;

		if (io->num_patterns && !matches(conf, io->patterns))
			continue;
		if (io->num_matches == room) {
			io->status = PCI_GETCONF_MORE_DEVS;
			break;
		}
		io->matches[io->num_matches++] = *conf;
	}
	return 0;
}

/* Member by member: the last byte of the structure is padding. */
static bool same_function(const struct pcisel *a, const struct pcisel *b)
{
	return a->pc_domain == b->pc_domain && a->pc_bus == b->pc_bus && a->pc_dev == b->pc_dev &&
	       a->pc_func == b->pc_func;
}

static struct node_function *find(const struct pcisel *sel)
{
	for (unsigned int i = 0; i < node.count; i++)
		if (same_function(&node.function[i].conf.pc_sel, sel))
			return &node.function[i];
	return NULL;
}

/* The registers of a function are bytes, little-endian; requests hold them as numbers. */
static uint32_t from_bytes(const unsigned char *bytes, unsigned int width)
{
	uint32_t val = 0;

	while (width--)
		val = val << 8 | bytes[width];
	return val;
}

static void to_bytes(unsigned char *bytes, unsigned int width, uint32_t val)
{
	for (unsigned int i = 0; i < width; i++, val >>= 8)
		bytes[i] = (unsigned char)val;
}

static int conf_access(struct pci_io *io, bool write)
{
	if (io->pi_reg + io->pi_width > NODE_CONFIG)
		return EINVAL;
	if (write)
		to_bytes(node.config + io->pi_reg, (unsigned int)io->pi_width, io->pi_data);
	else
		io->pi_data = from_bytes(node.config + io->pi_reg, (unsigned int)io->pi_width);
	return 0;
}

static unsigned int bar_of(int reg)
{
	return reg == 0x30 || reg == 0x38 ? PCIBAR_BAR_ROM : (unsigned int)(reg - 0x10) / 4;
}

static int getbar(struct pci_bar_io *io)
{
	const struct node_function *function = find(&io->pbi_sel);
	unsigned int bar = bar_of(io->pbi_reg);

	if (!function)
		return ENODEV;
	if (!function->bar[bar].length)
		return EINVAL;
	io->pbi_base = function->bar[bar].base;
	io->pbi_length = function->bar[bar].length;
	return 0;
}

static int barmmap(struct pci_bar_mmap *io)
{
	const struct node_function *function = find(&io->pbm_sel);
	int prot = PROT_READ | (io->pbm_flags & PCIIO_BAR_MMAP_RW ? PROT_WRITE : 0);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned int bar = bar_of(io->pbm_reg);

	node.map = *io;
	if (!function)
		return ENODEV;
	if (node.ignores_activate && !(node.config[PCIR_COMMAND] & PCIM_CMD_MEMEN))
		return EBUSY;

	io->pbm_bar_length = function->bar[bar].length;
	io->pbm_bar_off = (int)(function->bar[bar].base & (page - 1) & ~(uint64_t)0xf);
	io->pbm_map_length = ((size_t)io->pbm_bar_off + io->pbm_bar_length + page - 1) &
			     ~(page - 1);
	io->pbm_map_base = __real_mmap64(NULL, io->pbm_map_length, prot, MAP_SHARED, memory,
					 (off_t)(bar * NODE_MEMORY));
	return io->pbm_map_base == MAP_FAILED ? ENOMEM : 0;
}

static int bario(struct pci_bar_ioreq *io)
{
	if (io->pbi_op != PCIBARIO_READ && io->pbi_op != PCIBARIO_WRITE)
		return EINVAL;
	node.io = *io;
	if (io->pbi_op == PCIBARIO_READ)
		io->pbi_value = from_bytes(node.port + io->pbi_offset, io->pbi_width);
	else
		to_bytes(node.port + io->pbi_offset, io->pbi_width, io->pbi_value);
	return 0;
}

static int make_end(struct end *end)
{
	struct stat st;
	int pair[2];

	MUST(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	MUST(!fstat(pair[0], &st));
	*end = (struct end){ pair[0], pair[1], st.st_ino };
	return end->fd;
}

static int baropen(struct pci_bar_open *io)
{
	node.open = *io;
	MUST(descriptor_count < DESCRIPTORS);
	descriptors[descriptor_count].bar = bar_of(io->pbo_reg);
	io->pbo_fd = make_end(&descriptors[descriptor_count++].end);
	return 0;
}

/* The peer of one that the library has closed may be used again. */
static int funcopen(struct pci_func_open *io)
{
	struct end *end = &functions[function_count++ % DESCRIPTORS];

	node.function_open = *io;
	if (!find(&io->pfo_sel))
		return ENODEV;
	if (function_count > DESCRIPTORS)
		end_it(end);
	io->pfo_fd = make_end(end);
	return 0;
}

/* Without a count it asks. */
static int intropen(struct pci_intr_open *io)
{
	int *fds = (int *)(uintptr_t)io->pin_fds;

	if (!io->pin_count) {
		io->pin_caps = node.intr_caps;
		io->pin_open = node.intr_busy;
		io->pin_open_type = node.intr_busy_type;
		return 0;
	}

	node.intr_open = *io;
	MUST(vector_count + io->pin_count <= DESCRIPTORS);
	for (u_int32_t i = 0; i < io->pin_count; i++)
		fds[i] = make_end(&vectors[vector_count++]);
	return 0;
}

static int modify(struct pci_modify *modify)
{
	struct pci_io io = { .pi_sel = modify->pmo_sel, .pi_reg = modify->pmo_reg,
			     .pi_width = modify->pmo_width };
	int error = conf_access(&io, false);

	if (error)
		return error;
	modify->pmo_old = io.pi_data;
	io.pi_data = (io.pi_data & ~modify->pmo_mask) | modify->pmo_value;
	return conf_access(&io, true);
}

static int serve(enum node_request request, void *arg)
{
	node.calls[request]++;
	if (node.swap_after && !--node.swap_after)
		node.function[0].conf.pc_device ^= 1;
	if (node.error[request])
		return node.error[request];

	switch (request) {
	case NODE_GETCONF:
		return getconf(arg);
	case NODE_READ:
		return conf_access(arg, false);
	case NODE_WRITE:
		node.write = *(struct pci_io *)arg;
		return conf_access(arg, true);
	case NODE_GETBAR:
		return getbar(arg);
	case NODE_BARMMAP:
		return barmmap(arg);
	case NODE_BARIO:
		return bario(arg);
	case NODE_BAROPEN:
		return baropen(arg);
	case NODE_FUNCOPEN:
		return funcopen(arg);
	case NODE_INTROPEN:
		return intropen(arg);
	default:
		return modify(arg);
	}
}

static const struct end *find_function(int fd)
{
	for (unsigned int i = 0; i < function_count && i < DESCRIPTORS; i++)
		if (is_end(&functions[i], fd))
			return &functions[i];
	return NULL;
}

static bool is_served(enum node_request request, const struct end *function)
{
	if (request == NODE_GETCONF || request == NODE_FUNCOPEN)
		return !function;
	return function || (request != NODE_MODIFY && request != NODE_INTROPEN);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	static const unsigned long requests[] = {
		[NODE_GETCONF] = PCIOCGETCONF, [NODE_READ] = PCIOCREAD,
		[NODE_WRITE] = PCIOCWRITE, [NODE_GETBAR] = PCIOCGETBAR,
		[NODE_BARMMAP] = PCIOCBARMMAP, [NODE_BARIO] = PCIOCBARIO,
		[NODE_BAROPEN] = PCIOCBAROPEN, [NODE_FUNCOPEN] = PCIOCFUNCOPEN,
		[NODE_MODIFY] = PCIOCMODIFY, [NODE_INTROPEN] = PCIOCINTROPEN,
	};
	const struct end *function;
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (vfio_ioctl(fd, request, arg, &ret))
		return ret;

	function = find_function(fd);
	if (!function && !is_node(fd))
		return __real_ioctl(fd, request, arg);

	pthread_mutex_lock(&lock);
	errno = ENOTTY;
	for (unsigned int i = 0; i < NODE_REQUESTS; i++)
		if (request == requests[i] && is_served(i, function))
			errno = function && function->peer < 0 ? ENODEV : serve(i, arg);
	pthread_mutex_unlock(&lock);
	return errno ? -1 : 0;
}
