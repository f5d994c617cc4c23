// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-locked EDU: locks the kernel down while it holds descriptors and
 * mappings of EDU, whose decoding is on, and asks for everything again.
 */
#include "pciio-check.h"

static struct pcisel edu;

static long bario(int pci, int op)
{
	struct pci_bar_ioreq io = { .pbi_sel = edu, .pbi_op = op, .pbi_width = 4 };

	return ioctl(pci, PCIOCBARIO, &io);
}

static long map_request(int pci, int flags)
{
	struct pci_bar_mmap io = { .pbm_sel = edu, .pbm_reg = BAR(0), .pbm_flags = flags,
				   .pbm_memattr = UC };

	return ioctl(pci, PCIOCBARMMAP, &io);
}

static long map_descriptor(int bar, int flags, void *where)
{
	return mmap(where, PAGE, PROT_READ, flags, bar, 0) == MAP_FAILED ? -1 : 0;
}

static long config(int pci, unsigned long request)
{
	struct pci_io io = { .pi_sel = edu, .pi_reg = 0x3c, .pi_width = 1 };

	return ioctl(pci, request, &io);
}

/* Asks for the vectors that there are, and opens so many of them. */
static long intr_request(int pci, unsigned int count)
{
	static int fd;
	struct pci_intr_open io = { .pin_size = sizeof(io), .pin_sel = edu, .pin_count = count,
				    .pin_type = PCIIO_INTR_INTX, .pin_fds = (uintptr_t)&fd };

	return ioctl(pci, PCIOCINTROPEN, &io);
}

/* All that reaches a device's memory or changes its registers. */
static void refused(int pci, int bar, char *occupied)
{
	static const int flags[] = { 0, PCIIO_BAR_MMAP_RW, PCIIO_BAR_MMAP_ACTIVATE };

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		REFUSED(map_request(pci, flags[i]), EPERM);
	for (unsigned int bit = 0; bit < 7; bit++)
		REFUSED(bar_open(pci, edu, BAR(0), 1u << bit, UC), EPERM);
	REFUSED(intr_request(pci, 1), EPERM);
	REFUSED(config(pci, PCIOCWRITE), EPERM);
	REFUSED(bario(pci, PCIBARIO_READ), EPERM);
	REFUSED(bario(pci, PCIBARIO_WRITE), EPERM);
	REFUSED(map_descriptor(bar, MAP_SHARED, NULL), EPERM);
	*occupied = 42;
	REFUSED(map_descriptor(bar, MAP_SHARED | MAP_FIXED, occupied), EPERM);
	EQUAL(*occupied, 42);
}

/* All the rest, for which lockdown is no reason. */
static void served(int pci)
{
	struct pci_bar_io bar = { .pbi_sel = edu, .pbi_reg = BAR(0) };
	struct pci_list_vpd_io vpd = { .plvi_sel = edu };
	struct pci_conf_io conf = { 0 };

	EQUAL(ioctl(pci, PCIOCGETCONF, &conf), 0);
	EQUAL(ioctl(pci, PCIOCGETBAR, &bar), 0);
	EQUAL(config(pci, PCIOCREAD), 0);
	EQUAL(config(pci, PCIOCATTACHED), 0);
	EQUAL(intr_request(pci, 0), 0);
	REFUSED(ioctl(pci, PCIOCLISTVPD, &vpd), ENXIO);
	close(node(O_RDWR));
}

static void lock_down(const char *how)
{
	int fd = (int)MUST(open("/sys/kernel/security/lockdown", O_WRONLY | O_CLOEXEC));

	MUST(write(fd, how, strlen(how)));
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const levels[] = { "integrity", "confidentiality" };
	unsigned int val = 0;
	char *occupied, *base;
	int pci, bar;

	if (argc != 2)
		return 2;

	edu = function(argv[1]);
	catch_bus_errors();
	pci = node(O_RDWR);
	bar = bar_open(pci, edu, BAR(0), PCIIO_BAR_OPEN_RW, UC);
	CHECK(bar >= 0);
	base = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, bar, 0);
	occupied = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(base != MAP_FAILED && occupied != MAP_FAILED);
	EQUAL(map_request(pci, 0), 0);
	EQUAL(bario(pci, PCIBARIO_READ), 0);
	EQUAL(config(pci, PCIOCWRITE), 0);
	/* Not bound: what is asked for later is refused for another reason. */
	REFUSED(intr_request(pci, 1), ENOTCONN);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		lock_down(levels[i]);
		refused(pci, bar, occupied);
		served(pci);
		/* What was mapped before stays. */
		CHECK(store(base + 4, 0x55));
		CHECK(touch(base + 4, &val));
		EQUAL(val, ~0x55u);
	}
	return verdict();
}
