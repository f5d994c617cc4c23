// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-abi EDU IVSHMEM RTL8139: FreeBSD's requests, their results and every
 * refusal in its order. Decoding of all three is on; IVSHMEM's BAR 2 has 16 GiB.
 * Built for 64 and for 32 bits: the structures differ, the results do not.
 */
#include "pciio-check.h"

_Static_assert(sizeof(struct pci_conf) == (sizeof(long) == 8 ? 48 : 44), "short layout");
_Static_assert(sizeof(struct pci_match_conf) == (sizeof(long) == 8 ? 56 : 44), "pattern");
_Static_assert(sizeof(struct pci_conf_io) == (sizeof(long) == 8 ? 48 : 36), "GETCONF");
_Static_assert(sizeof(struct pci_list_vpd_io) == (sizeof(long) == 8 ? 24 : 16), "LISTVPD");
_Static_assert(sizeof(struct pci_bar_mmap) == (sizeof(long) == 8 ? 48 : 40), "BARMMAP");
_Static_assert(sizeof(struct pci_bar_open) == 64, "BAROPEN");

#define ALL	(PCIIO_BAR_MMAP_FIXED | PCIIO_BAR_MMAP_EXCL | PCIIO_BAR_MMAP_RW | \
		 PCIIO_BAR_MMAP_ACTIVATE)

static struct pcisel edu, memory, net;
static int pci;

static struct pci_bar_mmap request(struct pcisel sel, int reg, int flags, int memattr)
{
	return (struct pci_bar_mmap){ .pbm_sel = sel, .pbm_reg = reg, .pbm_flags = flags,
				      .pbm_memattr = memattr };
}

static long map(struct pcisel sel, int reg, int flags, int memattr)
{
	struct pci_bar_mmap io = request(sel, reg, flags, memattr), before = io;
	long ret = ioctl(pci, PCIOCBARMMAP, &io);

	if (ret)
		CHECK(!memcmp(&io, &before, sizeof(io)));
	else
		munmap(io.pbm_map_base, io.pbm_map_length);
	return ret;
}

/* Whether the kernel has a mapping of a BAR where it says: all bits of the address count. */
static bool mapped_at(const void *base)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long long start;
	bool found = false;
	char line[256];

	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, "pciio:[") && sscanf(line, "%llx-", &start) == 1 &&
			 start == (uintptr_t)base;
	fclose(maps);
	return found;
}

static void geometry(void)
{
	struct pci_bar_mmap io = request(edu, BAR(0), 0, UC);
	unsigned int val;

	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	EQUAL(io.pbm_map_length, 1 << 20);
	EQUAL(io.pbm_bar_length, 1 << 20);
	EQUAL(io.pbm_bar_off, 0);
	CHECK(touch(io.pbm_map_base, &val));
	EQUAL(val, 0x010000ed);
	CHECK(mapped_at(io.pbm_map_base));
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));
	CHECK(!mapped_at(io.pbm_map_base));

	io = request(memory, BAR(0), 0, UC);
	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	EQUAL(io.pbm_map_length, PAGE);
	EQUAL(io.pbm_bar_length, 256);
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));

	io = request(memory, BAR(2), PCIIO_BAR_MMAP_RW, UC);
	if (sizeof(long) == 4) {
		REFUSED(ioctl(pci, PCIOCBARMMAP, &io), ENOMEM);
		return;
	}

	/* 64-bit and prefetchable: FreeBSD's first version took the type bits for an offset. */
	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	EQUAL(io.pbm_map_length, 16LL << 30);
	EQUAL(io.pbm_bar_length, 16LL << 30);
	EQUAL(io.pbm_bar_off, 0);
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));
}

/* A descriptor reaches what is too large for an address space: the host checks 12 GiB. */
static void far(void)
{
	struct pci_bar_open io = { .pbo_size = sizeof(io), .pbo_sel = memory, .pbo_reg = BAR(2),
				   .pbo_flags = PCIIO_BAR_OPEN_RW, .pbo_memattr = UC };
	void *page;

	MUST(ioctl(pci, PCIOCBAROPEN, &io));
	EQUAL(io.pbo_bar_length, 16LL << 30);
	EQUAL(io.pbo_map_length, 16LL << 30);
	EQUAL(io.pbo_bar_off, 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, io.pbo_fd, 12LL << 30);
	CHECK(page != MAP_FAILED);
	CHECK(store(page, 0x5eed0000 + 8 * sizeof(long)));
	MUST(munmap(page, PAGE));
	close(io.pbo_fd);
}

static void attributes(void)
{
	static const int others[] = {
		VM_MEMATTR_WRITE_BACK, VM_MEMATTR_WRITE_THROUGH,
#ifdef __aarch64__
		VM_MEMATTR_DEVICE_nGnRnE, VM_MEMATTR_TAGGED,
#else
		VM_MEMATTR_WRITE_PROTECTED,
#endif
	};

	EQUAL(map(edu, BAR(0), 0, UC), 0);
	EQUAL(map(edu, BAR(0), 0, WC), 0);
#ifdef __aarch64__
	EQUAL(map(edu, BAR(0), 0, VM_MEMATTR_UNCACHEABLE), 0);
	REFUSED(map(edu, BAR(0), 0, 7), EINVAL);
#else
	EQUAL(map(edu, BAR(0), 0, VM_MEMATTR_WEAK_UNCACHEABLE), 0);
	REFUSED(map(edu, BAR(0), 0, 2), EINVAL);
	REFUSED(map(edu, BAR(0), 0, 3), EINVAL);
#endif
	REFUSED(map(edu, BAR(0), 0, 8), EINVAL);
	REFUSED(map(edu, BAR(0), 0, -1), EINVAL);
	REFUSED(map(edu, BAR(0), 0, 256), EINVAL);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		REFUSED(map(edu, BAR(0), 0, others[i]), EOPNOTSUPP);
}

static void refusals(void)
{
	struct pcisel absent = { .pc_bus = 0xfe, .pc_dev = 3 }, wrong = edu;

	wrong.pc_func = 8;
	REFUSED(map(absent, BAR(0), 0, UC), ENODEV);
	REFUSED(map(wrong, BAR(0), 0, UC), ENODEV);

	/* No such function comes before everything that is wrong with the rest. */
	REFUSED(map(absent, 3, ~ALL, 99), ENODEV);
	for (int bit = 4; bit < 32; bit++)
		REFUSED(map(edu, BAR(0), (int)(1u << bit), UC), EINVAL);
	REFUSED(map(edu, BAR(0), PCIIO_BAR_MMAP_EXCL, UC), EINVAL);

	/* The attribute is checked before the BAR. */
	REFUSED(map(edu, BAR(1), 0, VM_MEMATTR_WRITE_BACK), EOPNOTSUPP);
	REFUSED(map(edu, BAR(1), 0, UC), EINVAL);
	REFUSED(map(memory, BAR(3), 0, UC), EINVAL);	/* upper half */
	REFUSED(map(edu, 0x11, 0, UC), EINVAL);
	REFUSED(map(edu, -16, 0, UC), EINVAL);
	REFUSED(map(edu, 0x7fffffff, 0, UC), EINVAL);
	REFUSED(map(net, BAR(0), PCIIO_BAR_MMAP_ACTIVATE, UC), EIO);
	REFUSED(map(net, BAR(0), 0, UC), EIO);
	REFUSED(map(net, ROM, 0, UC), EBUSY);
	REFUSED(map(net, ROM, PCIIO_BAR_MMAP_RW | PCIIO_BAR_MMAP_ACTIVATE, UC), EACCES);
}

static void fixed(void)
{
	char *room = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	struct pci_bar_mmap io = request(edu, BAR(0), PCIIO_BAR_MMAP_FIXED, UC);
	unsigned int val;

	CHECK(room != MAP_FAILED);
	memset(room, 0x5a, 4 << 20);
	io.pbm_map_base = room + 1;
	REFUSED(ioctl(pci, PCIOCBARMMAP, &io), EINVAL);
	io.pbm_map_base = (void *)-PAGE;
	REFUSED(ioctl(pci, PCIOCBARMMAP, &io), ENOMEM);

	/* What was there stays there when the request is refused. */
	io.pbm_map_base = room;
	io.pbm_flags |= PCIIO_BAR_MMAP_EXCL;
	REFUSED(ioctl(pci, PCIOCBARMMAP, &io), ENOMEM);
	io.pbm_flags = PCIIO_BAR_MMAP_FIXED;
	io.pbm_reg = BAR(1);
	REFUSED(ioctl(pci, PCIOCBARMMAP, &io), EINVAL);
	for (size_t i = 0; i < 4 << 20; i++)
		if (room[i] != 0x5a) {
			CHECK(!"a refused request has changed the memory");
			break;
		}
	io.pbm_reg = BAR(0);
	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	CHECK(io.pbm_map_base == room);
	CHECK(touch(room, &val));
	EQUAL(val, 0x010000ed);
	EQUAL(room[1 << 20], 0x5a);
	MUST(munmap(room, 1 << 20));
	io.pbm_flags |= PCIIO_BAR_MMAP_EXCL;
	MUST(ioctl(pci, PCIOCBARMMAP, &io));
	CHECK(touch(room, &val));

	/* The request itself inside of what it maps. */
	struct pci_bar_mmap *inside = (void *)(room + (2 << 20));
	*inside = request(edu, BAR(0), PCIIO_BAR_MMAP_FIXED, UC);
	inside->pbm_map_base = room + (2 << 20);
	REFUSED(ioctl(pci, PCIOCBARMMAP, inside), EINVAL);
	MUST(munmap(room, 4 << 20));
}

static void config(void)
{
	struct pci_io io = { .pi_sel = edu, .pi_reg = 0, .pi_width = 4 };
	int widths[] = { 0, 3, 5, 8, -1 };

	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data, 0x11e81234);
	io = (struct pci_io){ .pi_sel = edu, .pi_reg = 2, .pi_width = 2 };
	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data, 0x11e8);
	io = (struct pci_io){ .pi_sel = edu, .pi_reg = 3, .pi_width = 1 };
	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data, 0x11);

	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		io.pi_width = widths[i];
		REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
	}

	io = (struct pci_io){ .pi_sel = edu, .pi_reg = -4, .pi_width = 4 };
	REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
	io.pi_reg = 2;
	REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
	io.pi_reg = 256;
	REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
	REFUSED(ioctl(pci, PCIOCWRITE, &io), EINVAL);
	io.pi_reg = 0x7ffffffc;
	REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
	io = (struct pci_io){ .pi_sel = edu, .pi_reg = 0x3c, .pi_width = 1, .pi_data = 0x42 };
	MUST(ioctl(pci, PCIOCWRITE, &io));
	io.pi_data = 0;
	MUST(ioctl(pci, PCIOCREAD, &io));
	EQUAL(io.pi_data, 0x42);
	io = (struct pci_io){ .pi_sel = edu };
	MUST(ioctl(pci, PCIOCATTACHED, &io));
	EQUAL(io.pi_data, 0);
	io.pi_sel.pc_bus = 0xfe;
	REFUSED(ioctl(pci, PCIOCATTACHED, &io), ENODEV);
}

static void bars(void)
{
	struct pci_bar_io io = { .pbi_sel = edu, .pbi_reg = BAR(0) };
	struct pci_io raw = { .pi_sel = memory, .pi_reg = BAR(2), .pi_width = 4 };

	MUST(ioctl(pci, PCIOCGETBAR, &io));
	EQUAL(io.pbi_length, 1 << 20);
	EQUAL(io.pbi_enabled, 1);
	EQUAL(io.pbi_base & 0xf, 0);

	io = (struct pci_bar_io){ .pbi_sel = memory, .pbi_reg = BAR(2) };
	MUST(ioctl(pci, PCIOCGETBAR, &io));
	MUST(ioctl(pci, PCIOCREAD, &raw));
	EQUAL(io.pbi_length, 16LL << 30);
	EQUAL(io.pbi_base & 0xffffffff, raw.pi_data);
	EQUAL(io.pbi_base & 0xf, 0xc);

	io = (struct pci_bar_io){ .pbi_sel = net, .pbi_reg = BAR(0) };
	MUST(ioctl(pci, PCIOCGETBAR, &io));
	EQUAL(io.pbi_base & 0x3, 1);

	io.pbi_reg = BAR(5);
	REFUSED(ioctl(pci, PCIOCGETBAR, &io), EINVAL);
	io.pbi_sel.pc_bus = 0xfe;
	REFUSED(ioctl(pci, PCIOCGETBAR, &io), ENODEV);
}

static long bario(struct pcisel sel, int op, unsigned int bar, unsigned int off, unsigned int width,
		  unsigned int *val)
{
	struct pci_bar_ioreq io = { .pbi_sel = sel, .pbi_op = op, .pbi_bar = bar, .pbi_offset = off,
				    .pbi_width = width, .pbi_value = *val };
	long ret = ioctl(pci, PCIOCBARIO, &io);

	*val = io.pbi_value;
	return ret;
}

static void accesses(void)
{
	unsigned int val = 0x12345678, memory_val = 0;

	EQUAL(bario(edu, PCIBARIO_READ, 0, 0, 4, &val), 0);
	EQUAL(val, 0x010000ed);
	val = 0x0f0f1234;
	EQUAL(bario(edu, PCIBARIO_WRITE, 0, 4, 4, &val), 0);
	EQUAL(bario(edu, PCIBARIO_READ, 0, 4, 4, &val), 0);
	EQUAL(val, ~0x0f0f1234u);

	/* The same registers by I/O and by memory. */
	for (unsigned int width = 1; width <= 4; width *= 2) {
		EQUAL(bario(net, PCIBARIO_READ, 0, 0, width, &val), 0);
		EQUAL(bario(net, PCIBARIO_READ, 1, 0, width, &memory_val), 0);
		EQUAL(val, memory_val);
	}
	REFUSED(bario(net, PCIBARIO_READ, 0, 0, 8, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 1, 2, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 256, 1, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 254, 4, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 0xfffffffc, 4, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 0xffffffff, 4, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 0, 3, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 0, 0, 0, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 2, 0, 4, &val), EINVAL);
	REFUSED(bario(net, PCIBARIO_READ, 6, 0, 4, &val), EINVAL);
	REFUSED(bario(net, 0, 0, 0, 4, &val), EINVAL);
	REFUSED(bario(net, 3, 0, 0, 4, &val), EINVAL);
}

/* Every width on plain memory. */
static void widths(void)
{
	unsigned int val = 0x44332211;

	EQUAL(bario(memory, PCIBARIO_WRITE, 2, 8, 8, &val), 0);
	EQUAL(bario(memory, PCIBARIO_READ, 2, 8, 8, &val), 0);
	EQUAL(val, 0x44332211);
	EQUAL(bario(memory, PCIBARIO_READ, 2, 10, 2, &val), 0);
	EQUAL(val, 0x4433);
	EQUAL(bario(memory, PCIBARIO_READ, 2, 11, 1, &val), 0);
	EQUAL(val, 0x44);
	val = 0xaabb;
	EQUAL(bario(memory, PCIBARIO_WRITE, 2, 8, 2, &val), 0);
	val = 0xcc;
	EQUAL(bario(memory, PCIBARIO_WRITE, 2, 11, 1, &val), 0);
	EQUAL(bario(memory, PCIBARIO_READ, 2, 8, 4, &val), 0);
	EQUAL(val, 0xcc33aabb);

	/* A value of 64 bits does not fit into the result. */
	val = 1;
	EQUAL(bario(memory, PCIBARIO_WRITE, 2, 12, 4, &val), 0);
	REFUSED(bario(memory, PCIBARIO_READ, 2, 8, 8, &val), EOVERFLOW);
	EQUAL(val, 1);
	REFUSED(bario(memory, PCIBARIO_READ, 2, 12, 8, &val), EINVAL);
	REFUSED(bario(memory, PCIBARIO_READ, 2, 0xfffffffc, 8, &val), EINVAL);
	EQUAL(bario(memory, PCIBARIO_READ, 2, 0xfffffff8, 4, &val), 0);
}

static void listing(void)
{
	struct pci_conf confs[64], one;
	struct pci_conf_io io = { .match_buf_len = sizeof(confs), .matches = confs }, all;
	struct pci_match_conf pattern = { .pc_vendor = 0x1234, .pc_device = 0x11e8,
					  .flags = PCI_GETCONF_MATCH_VENDOR |
						   PCI_GETCONF_MATCH_DEVICE };

	MUST(ioctl(pci, PCIOCGETCONF, &io));
	EQUAL(io.status, PCI_GETCONF_LAST_DEVICE);
	CHECK(io.num_matches > 3);
	all = io;
	for (unsigned int i = 1; i < io.num_matches; i++) {
		struct pcisel *a = &confs[i - 1].pc_sel, *b = &confs[i].pc_sel;

		CHECK(a->pc_bus < b->pc_bus ||
		      (a->pc_bus == b->pc_bus && (a->pc_dev << 3 | a->pc_func) <
						 (b->pc_dev << 3 | b->pc_func)));
	}

	/* One at a time: the same functions, and the last says that it is the last. */
	io = (struct pci_conf_io){ .match_buf_len = sizeof(one) + 3, .matches = &one };
	for (unsigned int i = 0; i < all.num_matches; i++) {
		MUST(ioctl(pci, PCIOCGETCONF, &io));
		EQUAL(io.num_matches, 1);
		CHECK(!memcmp(&one, &confs[i], sizeof(one)));
		EQUAL(io.status, i + 1 < all.num_matches ? PCI_GETCONF_MORE_DEVS
							 : PCI_GETCONF_LAST_DEVICE);
	}
	io.generation++;
	MUST(ioctl(pci, PCIOCGETCONF, &io));
	EQUAL(io.status, PCI_GETCONF_LIST_CHANGED);
	EQUAL(io.num_matches, 0);
	io = (struct pci_conf_io){ .match_buf_len = sizeof(confs), .matches = confs,
				   .patterns = &pattern, .num_patterns = 1,
				   .pat_buf_len = sizeof(pattern) };
	MUST(ioctl(pci, PCIOCGETCONF, &io));
	EQUAL(io.num_matches, 1);
	EQUAL(confs[0].pc_sel.pc_bus, edu.pc_bus);
	EQUAL(confs[0].pc_class, 0);
	EQUAL(confs[0].pc_subclass, 0xff);
	EQUAL(confs[0].pc_revid, 0x10);
	EQUAL(confs[0].pc_subvendor, 0x1af4);
	CHECK(!*confs[0].pd_name);
	pattern.pc_device = 0;
	io.offset = 0;
	MUST(ioctl(pci, PCIOCGETCONF, &io));
	EQUAL(io.num_matches, 0);
	pattern.flags = PCI_GETCONF_NO_MATCH;
	io.offset = 0;
	MUST(ioctl(pci, PCIOCGETCONF, &io));
	EQUAL(io.num_matches, 0);
	io.offset = 0;
	io.pat_buf_len--;
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	io.pat_buf_len = 0;
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	io.pat_buf_len = sizeof(pattern);
	io.patterns = (void *)16;
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	io = (struct pci_conf_io){ .match_buf_len = sizeof(confs), .matches = (void *)16 };
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EFAULT);
}

static void vital_product_data(void)
{
	char room[64];
	struct pci_list_vpd_io io = { .plvi_sel = edu, .plvi_len = sizeof(room),
				      .plvi_data = (void *)room };

	REFUSED(ioctl(pci, PCIOCLISTVPD, &io), ENXIO);
	io.plvi_sel.pc_bus = 0xfe;
	REFUSED(ioctl(pci, PCIOCLISTVPD, &io), ENODEV);
}

static void hostile(void)
{
	static const unsigned long requests[] = {
		PCIOCGETCONF, PCIOCREAD, PCIOCWRITE, PCIOCATTACHED, PCIOCGETBAR, PCIOCLISTVPD,
		PCIOCBARMMAP, PCIOCBARIO, PCIOCBAROPEN,
	};
	struct pci_bar_open open_io = { .pbo_size = sizeof(open_io), .pbo_sel = edu,
					.pbo_reg = BAR(0) };

	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		REFUSED(ioctl(pci, requests[i], NULL), EFAULT);
		REFUSED(ioctl(pci, requests[i], (void *)16), EFAULT);
		REFUSED(ioctl(pci, requests[i], (void *)-4096L), EFAULT);
	}

	REFUSED(ioctl(pci, _IO('p', 99)), ENOTTY);
	REFUSED(ioctl(pci, _IOWR('p', 8, char[17]), &open_io), ENOTTY);
	REFUSED(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pci, 0) == MAP_FAILED ? -1 : 0, ENODEV);
	open_io.pbo_size = 8;
	REFUSED(ioctl(pci, PCIOCBAROPEN, &open_io), EINVAL);
	open_io.pbo_size = 1 << 30;
	REFUSED(ioctl(pci, PCIOCBAROPEN, &open_io), E2BIG);
	open_io.pbo_size = sizeof(open_io);
	open_io.pbo_reserved[1] = 1;
	REFUSED(ioctl(pci, PCIOCBAROPEN, &open_io), EINVAL);
	open_io.pbo_reserved[1] = 0;
	for (int bit = 7; bit < 32; bit++) {
		open_io.pbo_flags = 1u << bit;
		REFUSED(ioctl(pci, PCIOCBAROPEN, &open_io), EINVAL);
	}
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;

	edu = function(argv[1]);
	memory = function(argv[2]);
	net = function(argv[3]);
	pci = node(O_RDWR);
	catch_bus_errors();
	geometry();
	far();
	attributes();
	refusals();
	fixed();
	config();
	bars();
	accesses();
	widths();
	listing();
	vital_product_data();
	hostile();

	return verdict();
}
