// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-loads MODULE FUNCTION TIMES: loads the module, maps BAR 0 of edu with decoding on, reads
 * its identification, unloads the module. One process for all: on a debug kernel starting one
 * takes as long as a load.
 */
#include <sys/syscall.h>

#include "pciio-check.h"

#define EDU_ID	0x010000ed

static void use(struct pcisel sel)
{
	int pci = node(O_RDWR);
	int fd = (int)MUST(bar_open(pci, sel, BAR(0),
				    PCIIO_BAR_OPEN_ACTIVATE | PCIIO_BAR_OPEN_EXCLUSIVE, UC));
	void *base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	unsigned int val;

	MUST(base == MAP_FAILED ? -1 : 0);
	CHECK(touch(base, &val));
	EQUAL(val, EDU_ID);
	MUST(munmap(base, PAGE));
	close(fd);
	close(pci);
}

int main(int argc, char **argv)
{
	struct pcisel sel;
	int module;

	if (argc != 4)
		return 2;

	catch_bus_errors();
	sel = function(argv[2]);
	for (int left = atoi(argv[3]); left > 0; left--) {
		module = (int)MUST(open(argv[1], O_RDONLY | O_CLOEXEC));
		MUST(syscall(SYS_finit_module, module, "", 0));
		close(module);
		use(sel);
		MUST(syscall(SYS_delete_module, "pciio", O_NONBLOCK));
	}
	return verdict();
}
