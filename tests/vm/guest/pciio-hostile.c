// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-hostile EDU: malicious requests get an errno and nothing else.
 * Decoding of EDU is on, and no other process uses it.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "pciio-check.h"

static struct pcisel edu;
static int pci;

/* What is left of requests: mappings of BARs, descriptors. */
static int bars_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[256];
	int count = 0;

	while (fgets(line, sizeof(line), maps))
		count += !!strstr(line, "pciio:[");
	fclose(maps);
	return count;
}

static int next_fd(void)
{
	int fd = dup(pci);

	close(fd);
	return fd;
}

/* Two pages, and a hole after them. */
static char *pages(void)
{
	char *room = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);

	CHECK(room != MAP_FAILED);
	MUST(munmap(room + 2 * PAGE, PAGE));
	return room;
}

static void pointers(void)
{
	static const unsigned long requests[] = {
		PCIOCGETCONF, PCIOCREAD, PCIOCWRITE, PCIOCATTACHED, PCIOCGETBAR, PCIOCLISTVPD,
		PCIOCBARMMAP, PCIOCBARIO, PCIOCBAROPEN, PCIOCFUNCOPEN, PCIOCINTROPEN,
	};

	/* Of the kernel, of its highest page, and (64 bits) non-canonical. */
	void *bad[] = { NULL, (void *)(PAGE / 2), (void *)((ULONG_MAX >> 1) + 1),
			(void *)(ULONG_MAX - 7), (void *)(ULONG_MAX >> 1), NULL };
	char *room = pages();

	bad[5] = room + 2 * PAGE;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		for (size_t j = 0; j < sizeof(bad) / sizeof(*bad); j++)
			REFUSED(ioctl(pci, requests[i], bad[j]), EFAULT);
		/* Its last word is not there. */
		REFUSED(ioctl(pci, requests[i], room + 2 * PAGE - _IOC_SIZE(requests[i]) + 4),
			_IOC_NR(requests[i]) >= 0xc0 ? EINVAL : EFAULT);
	}
	EQUAL(bars_mapped(), 0);
	MUST(munmap(room, 2 * PAGE));
}

/* The result cannot be delivered: what was done for it is undone. */
static void undeliverable(void)
{
	struct pci_bar_mmap map = { .pbm_sel = edu, .pbm_reg = BAR(0) };
	struct pci_bar_open open_io = { .pbo_size = sizeof(open_io), .pbo_sel = edu,
					.pbo_reg = BAR(0) };
	char *room = pages(), *half = room + PAGE;
	int fd = next_fd();

	memcpy(room, &map, sizeof(map));
	memcpy(room + 512, &open_io, sizeof(open_io));

	/* One that begins where it may be written. */
	memcpy(half - sizeof(map) / 2, &map, sizeof(map));
	MUST(mprotect(half, PAGE, PROT_READ));
	REFUSED(ioctl(pci, PCIOCBARMMAP, half - sizeof(map) / 2), EFAULT);
	MUST(mprotect(room, PAGE, PROT_READ));
	REFUSED(ioctl(pci, PCIOCBARMMAP, room), EFAULT);
	REFUSED(ioctl(pci, PCIOCBAROPEN, room + 512), EFAULT);
	EQUAL(bars_mapped(), 0);
	EQUAL(next_fd(), fd);
	MUST(munmap(room, 2 * PAGE));
}

/* FIXED over a byte of the request itself, at either end. */
static void overlapping(void)
{
	size_t len = 1 << 20;
	char *room = mmap(NULL, 3 * len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	struct pci_bar_mmap io = { .pbm_sel = edu, .pbm_reg = BAR(0), .pbm_map_base = room + len,
				   .pbm_flags = PCIIO_BAR_MMAP_FIXED };
	static const struct { int at; bool refused; } places[] = {
		{ -(int)sizeof(io), false }, { 1 - (int)sizeof(io), true }, { -8, true },
		{ 0, true }, { (1 << 20) - 8, true }, { 1 << 20, false },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char *at = room + len + places[i].at;

		memcpy(at, &io, sizeof(io));
		if (places[i].refused) {
			REFUSED(ioctl(pci, PCIOCBARMMAP, at), EINVAL);
			CHECK(!memcmp(at, &io, sizeof(io)));
			continue;
		}
		EQUAL(ioctl(pci, PCIOCBARMMAP, at), 0);
		EQUAL(bars_mapped(), 1);
		CHECK(mmap(room + len, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	}
	EQUAL(bars_mapped(), 0);
	MUST(munmap(room, 3 * len));
}

static int try_map(int reg, int flags, int memattr)
{
	struct pci_bar_mmap io = { .pbm_sel = edu, .pbm_reg = reg, .pbm_flags = flags,
				   .pbm_memattr = memattr };

	if (ioctl(pci, PCIOCBARMMAP, &io))
		return errno;
	MUST(munmap(io.pbm_map_base, io.pbm_map_length));
	return 0;
}

static int try_open(int reg, unsigned int flags, int memattr)
{
	int fd = bar_open(pci, edu, reg, flags, memattr);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Each value of each small argument: what is not a valid value is EINVAL. */
static void numbers(void)
{
	static const int regs[] = { INT_MIN, INT_MIN + 16, -16, -4, -1, 0, 4, 0x0c, 0x11, 0x12,
				    0x14, 0x24, 0x28, 0x34, 256, 4096, INT_MAX - 3, INT_MAX };

	for (int attr = -1; attr <= 256; attr++) {
		int wanted = EINVAL;

		if (attr == 0 || attr == 1 || attr == 7)
			wanted = 0;
		else if (attr >= 4 && attr <= 6)
			wanted = EOPNOTSUPP;
		EQUAL(try_map(BAR(0), 0, attr), wanted);
		EQUAL(try_open(BAR(0), 0, attr), wanted);
	}
	EQUAL(try_map(BAR(0), 0, INT_MIN), EINVAL);
	for (size_t i = 0; i < sizeof(regs) / sizeof(*regs); i++) {
		struct pci_bar_io get = { .pbi_sel = edu, .pbi_reg = regs[i] };

		EQUAL(try_map(regs[i], 0, 0), EINVAL);
		EQUAL(try_open(regs[i], 0, 0), EINVAL);
		REFUSED(ioctl(pci, PCIOCGETBAR, &get), EINVAL);
	}

	/* All but FIXED, which goes to address 0 here. */
	for (int bit = 1; bit < 32; bit++)
		EQUAL(try_map(BAR(0), (int)(1u << bit), 0), bit == 2 || bit == 3 ? 0 : EINVAL);
	for (int bit = 0; bit < 32; bit++)
		EQUAL(try_open(BAR(0), 1u << bit, 0), bit < 7 ? 0 : EINVAL);
	EQUAL(bars_mapped(), 0);
}

/* A structure of another length: shorter ones are none, longer ones may only hold zeros. */
static void lengths(void)
{
	struct pci_bar_open io = { .pbo_sel = edu, .pbo_reg = BAR(0) };
	char *room = pages(), *end = room + 2 * PAGE;
	struct pci_bar_open *longer = (void *)room;

	for (u_int32_t size = 0; size < sizeof(io); size++) {
		io.pbo_size = size;
		REFUSED(ioctl(pci, PCIOCBAROPEN, &io), EINVAL);
	}

	for (u_int32_t size = sizeof(io); size <= PAGE + 1; size++) {
		if (size > sizeof(io) + 16 && size < PAGE - 1)
			continue;
		io.pbo_size = size;
		memset(room, 0, 2 * PAGE);
		memcpy(room, &io, sizeof(io));
		if (size > PAGE) {
			REFUSED(ioctl(pci, PCIOCBAROPEN, room), E2BIG);
			continue;
		}
		room[size] = 1;		/* the first that does not count */
		EQUAL(ioctl(pci, PCIOCBAROPEN, room), 0);
		EQUAL(longer->pbo_size, size);
		EQUAL(longer->pbo_bar_length, 1 << 20);
		close(longer->pbo_fd);
		if (size == sizeof(io))
			continue;
		room[size - 1] = 1;
		REFUSED(ioctl(pci, PCIOCBAROPEN, room), E2BIG);
	}

	io.pbo_size = UINT_MAX;
	REFUSED(ioctl(pci, PCIOCBAROPEN, &io), E2BIG);
	io.pbo_size = sizeof(io) + 8;
	memcpy(end - sizeof(io), &io, sizeof(io));
	REFUSED(ioctl(pci, PCIOCBAROPEN, end - sizeof(io)), EFAULT);
	MUST(munmap(room, 2 * PAGE));
}

static void listing(void)
{
	struct pci_conf *conf = (void *)(pages() + 2 * PAGE - sizeof(*conf));
	struct pci_match_conf pattern = { .flags = PCI_GETCONF_MATCH_DOMAIN };
	struct pci_conf_io io = { .matches = conf, .match_buf_len = UINT_MAX }, before = io;

	/* More is promised than there is. */
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EFAULT);
	CHECK(!memcmp(&io, &before, sizeof(io)));
	io.match_buf_len = sizeof(*conf);
	EQUAL(ioctl(pci, PCIOCGETCONF, &io), 0);
	EQUAL(io.num_matches, 1);
	io.offset = UINT_MAX;
	EQUAL(ioctl(pci, PCIOCGETCONF, &io), 0);
	EQUAL(io.num_matches, 0);
	EQUAL(io.status, PCI_GETCONF_LAST_DEVICE);

	io = (struct pci_conf_io){ .num_patterns = 1, .pat_buf_len = sizeof(pattern) };
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	io.patterns = (void *)(conf + 1);
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	io.patterns = &pattern;
	io.num_patterns = UINT_MAX;
	io.pat_buf_len = (u_int32_t)(UINT_MAX * sizeof(pattern));
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);

	/* As many as makes the product right, were it taken modulo 2^32. */
	io.num_patterns = 1u << 30;
	io.pat_buf_len = 0;
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);

	/* A number that cannot all be patterns, however long the buffer. */
	io.num_patterns = 1 << 20;
	io.pat_buf_len = (u_int32_t)(io.num_patterns * sizeof(pattern));
	REFUSED(ioctl(pci, PCIOCGETCONF, &io), EINVAL);
	MUST(munmap((char *)(conf + 1) - 2 * PAGE, 2 * PAGE));
}

static void registers(void)
{
	static const int regs[] = { INT_MIN, -4096, -256, -4, -1, 256, 4096, INT_MAX };
	static const unsigned int offsets[] = { 1 << 20, (1 << 20) - 2, UINT_MAX, UINT_MAX - 3,
						INT_MAX, 1u << 31 };

	for (size_t i = 0; i < sizeof(regs) / sizeof(*regs); i++)
		for (int width = 1; width <= 4; width *= 2) {
			struct pci_io io = { .pi_sel = edu, .pi_reg = regs[i], .pi_width = width };

			REFUSED(ioctl(pci, PCIOCREAD, &io), EINVAL);
			REFUSED(ioctl(pci, PCIOCWRITE, &io), EINVAL);
		}
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		for (int op = PCIBARIO_READ; op <= PCIBARIO_WRITE; op++) {
			struct pci_bar_ioreq io = { .pbi_sel = edu, .pbi_op = op, .pbi_width = 4,
						    .pbi_offset = offsets[i] };

			REFUSED(ioctl(pci, PCIOCBARIO, &io), EINVAL);
			io.pbi_offset = 0;
			io.pbi_width = offsets[i];
			REFUSED(ioctl(pci, PCIOCBARIO, &io), EINVAL);
			io.pbi_width = 4;
			io.pbi_bar = offsets[i];
			REFUSED(ioctl(pci, PCIOCBARIO, &io), EINVAL);
		}
}

/* Of every size but its own: no request at all. */
static void sizes(void)
{
	char room[4096] = { 0 };

	for (unsigned int nr = 0; nr < 256; nr++)
		for (unsigned int size = 0; size < 256; size += 4) {
			long ret = ioctl(pci, _IOC(_IOC_READ | _IOC_WRITE, 'p', nr, size), room);

			/* A structure of zeros names the host bridge, and nothing in it. */
			CHECK(ret == 0 || errno == ENOTTY || errno == EINVAL || errno == ENXIO);
			memset(room, 0, sizeof(room));
		}
	REFUSED(ioctl(pci, _IO('p', _IOC_NR(PCIOCREAD)), room), ENOTTY);
	REFUSED(ioctl(pci, PCIOCREAD ^ (_IOC_WRITE << _IOC_DIRSHIFT), room), ENOTTY);
	REFUSED(ioctl(pci, PCIOCREAD ^ (1 << _IOC_TYPESHIFT), room), ENOTTY);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;

	edu = function(argv[1]);
	pci = node(O_RDWR);
	pointers();
	undeliverable();
	overlapping();
	numbers();
	lengths();
	listing();
	registers();
	sizes();
	return verdict();
}
