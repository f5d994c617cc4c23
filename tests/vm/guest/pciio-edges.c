// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-edges FUNCTION: structures of later headers, copies that fail after a
 * mapping was made, and whose right a request needs. BAR 0 of the function decodes
 * and no other process uses it.
 */
#include <pthread.h>

#include "pciio-pass.h"
#include "pciio-stall.h"

#define TAIL	16
#define CANARY	0x5a5a5a5au

struct later {
	struct pci_bar_open open;
	unsigned char tail[TAIL];
};

/* Of edu: the range of the request must not reach the request itself. */
#define BAR_SIZE	(1 << 20)

static struct pcisel sel;
static int pci;

/* The request of a header whose structure has another size. */
static unsigned long baropen_of(size_t size)
{
	return _IOC(_IOC_READ | _IOC_WRITE, 'p', 0xc0, size);
}

static struct later later_open(u_int32_t size)
{
	return (struct later){
		.open = { .pbo_size = size, .pbo_sel = sel, .pbo_reg = BAR(0) },
	};
}

static void check_later(size_t request_size)
{
	size_t whole = sizeof(struct pci_bar_open);
	struct later later = later_open(whole + TAIL);

	EQUAL(ioctl(pci, baropen_of(request_size), &later), 0);
	if (later.open.pbo_fd > 0)
		MUST(close(later.open.pbo_fd));
	later = later_open(whole + TAIL);
	later.tail[TAIL - 1] = 1;
	REFUSED(ioctl(pci, baropen_of(request_size), &later), E2BIG);
	later = later_open(whole);
	EQUAL(ioctl(pci, baropen_of(request_size), &later), 0);
	if (later.open.pbo_fd > 0)
		MUST(close(later.open.pbo_fd));
	later = later_open(whole - 8);
	REFUSED(ioctl(pci, baropen_of(request_size), &later), EINVAL);
	later = later_open(0);
	REFUSED(ioctl(pci, baropen_of(request_size), &later), EINVAL);
}

/* The size is in the structure; the one in the request's number changes nothing. */
static void sizes(void)
{
	check_later(sizeof(struct pci_bar_open));
	check_later(sizeof(struct later));
	check_later(sizeof(struct pci_bar_open) - 8);
	REFUSED(ioctl(pci, _IOC(_IOC_READ | _IOC_WRITE, 'p', 0xbf, 80), NULL), ENOTTY);
}

/* The address of this process' one mapping of a BAR, or 0. */
static unsigned long mapping(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start = 0;
	char line[512];

	while (maps && !start && fgets(line, sizeof(line), maps))
		if (strstr(line, "pciio:["))
			start = strtoul(line, NULL, 16);
	if (maps)
		fclose(maps);
	return start;
}

static struct pci_bar_mmap *map_args(void)
{
	struct pci_bar_mmap *io = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST((long)io);
	*io = (struct pci_bar_mmap){ .pbm_sel = sel, .pbm_reg = BAR(0), .pbm_memattr = UC };
	return io;
}

/* A structure that can be read and not be written. */
static void read_only(void)
{
	struct pci_bar_mmap *io = map_args();
	struct pci_bar_open *open = (struct pci_bar_open *)(io + 1);

	*open = (struct pci_bar_open){ .pbo_size = sizeof(*open), .pbo_sel = sel,
				       .pbo_reg = BAR(0) };
	MUST(mprotect(io, PAGE, PROT_READ));
	REFUSED(ioctl(pci, PCIOCBARMMAP, io), EFAULT);
	EQUAL(mapping(), 0);
	REFUSED(ioctl(pci, PCIOCBAROPEN, open), EFAULT);
	MUST(munmap(io, PAGE));
}

static void *map_it(void *io)
{
	errno = 0;
	return (void *)(long)(ioctl(pci, PCIOCBARMMAP, io) ? errno : 0);
}

/*
 * The structure becomes unwritable in the middle of a request with FIXED, while
 * its copy stalls. What was mapped at the address must stay.
 */
static void replaced(void)
{
	struct pci_bar_mmap *io = map_args();
	unsigned int *canary = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	void *error;

	MUST((long)canary);
	*canary = CANARY;
	io->pbm_flags = PCIIO_BAR_MMAP_FIXED;
	io->pbm_map_base = canary;

	stall_begin();
	stall_writes(io, PAGE);
	MUST(-pthread_create(&thread, NULL, map_it, io));
	stall_wait();
	EQUAL(mapping(), 0);
	MUST(mprotect(io, PAGE, PROT_READ));
	stall_end_writes(io, PAGE);
	pthread_join(thread, &error);

	EQUAL((long)error, EFAULT);
	EQUAL(mapping(), 0);
	EQUAL(*canary, CANARY);
	MUST(munmap(canary, BAR_SIZE));
}

/* The right is the opener's: a privileged process cannot be made to lend its own. */
static void opener(void)
{
	struct pci_list_vpd_io io = { .plvi_sel = sel };
	int unprivileged, privileged = node(O_RDONLY);

	MUST(seteuid(NOBODY));
	unprivileged = node(O_RDONLY);
	REFUSED(ioctl(unprivileged, PCIOCLISTVPD, &io), EPERM);
	/* The function has no vital product data, which comes after the right. */
	REFUSED(ioctl(privileged, PCIOCLISTVPD, &io), ENXIO);
	MUST(seteuid(0));
	REFUSED(ioctl(unprivileged, PCIOCLISTVPD, &io), EPERM);
	REFUSED(ioctl(privileged, PCIOCLISTVPD, &io), ENXIO);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	sel = function(argv[1]);
	pci = node(O_RDWR);
	catch_bus_errors();
	sizes();
	read_only();
	replaced();
	opener();
	return verdict();
}
