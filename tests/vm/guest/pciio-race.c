// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-race FUNCTION: maps BAR 0, by turns with a descriptor and by request, and
 * touches it, over and over, while a thread removes the function and finds it
 * again. Says how many times the mapping was made, was refused, and was lost
 * before the touch.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "pciio-check.h"

#define EDU_ID		0x010000ed
#define REMOVALS	25
#define MADE_EACH	40	/* mappings before the next removal */

static sem_t enough;
/* What the thread is about. */
static _Atomic enum { WAITING, REMOVING, FINDING, DONE } phase;

static void write_one(const char *path)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, "1", 1));
	close(fd);
}

static void *remove_and_find(void *address)
{
	char remove[64], rescan[64];

	snprintf(remove, sizeof(remove), "/sys/bus/pci/devices/%s/remove", (char *)address);
	/* Of its bus only: "DDDD:BB". */
	snprintf(rescan, sizeof(rescan), "/sys/class/pci_bus/%.7s/rescan", (char *)address);
	for (unsigned int i = 0; i < REMOVALS; i++) {
		while (sem_wait(&enough))
			;
		phase = REMOVING;
		write_one(remove);
		phase = FINDING;
		write_one(rescan);
		phase = WAITING;
	}
	phase = DONE;
	return NULL;
}

static void *map_by_descriptor(int pci, struct pcisel sel)
{
	void *base;
	int fd = bar_open(pci, sel, BAR(0), PCIIO_BAR_OPEN_ACTIVATE, UC);

	if (fd < 0)
		return MAP_FAILED;
	base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return base;
}

static void *map_by_request(int pci, struct pcisel sel)
{
	struct pci_bar_mmap io = { .pbm_sel = sel, .pbm_reg = BAR(0), .pbm_memattr = UC,
				   .pbm_flags = PCIIO_BAR_MMAP_ACTIVATE };

	return ioctl(pci, PCIOCBARMMAP, &io) ? MAP_FAILED : io.pbm_map_base;
}

/* Whether the mapping was of any use. */
static bool try(const void *base)
{
	unsigned int val;

	if (phase == REMOVING) {
		/* Made so late that no notice reached it: it must be gone nevertheless. */
		while (phase == REMOVING)
			;
		CHECK(!touch(base, &val));
		return false;
	}
	if (!touch(base, &val)) {
		EQUAL(caught, SIGBUS);
		return false;
	}

	/* All ones: it went while the load was under way. */
	if (val != ~0u)
		EQUAL(val, EDU_ID);

	return true;
}

int main(int argc, char **argv)
{
	unsigned int made = 0, refused = 0, lost = 0;
	struct pcisel sel;
	pthread_t remover;
	int pci;

	if (argc != 2)
		return 2;

	sel = function(argv[1]);
	catch_bus_errors();
	pci = node(O_RDWR);
	MUST(sem_init(&enough, 0, 0));
	CHECK(!pthread_create(&remover, NULL, remove_and_find, argv[1]));
	for (unsigned int turn = 0; phase != DONE; turn++) {
		bool request = turn & 1;
		void *base = request ? map_by_request(pci, sel) : map_by_descriptor(pci, sel);

		if (base == MAP_FAILED) {
			refused++;
			/* Absent, not yet assigned an address, or gone in the meantime. */
			CHECK(errno == ENODEV || errno == EBUSY || errno == EINVAL ||
			      errno == EIO);
			continue;
		}
		if (!(++made % MADE_EACH))
			MUST(sem_post(&enough));
		lost += !try(base);
		MUST(munmap(base, request ? 1 << 20 : PAGE));
	}
	pthread_join(remover, NULL);
	printf("%u %u %u\n", made, refused, lost);
	return verdict();
}
