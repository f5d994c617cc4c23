// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-pace FUNCTION: how many instructions PCIOCGETBAR, PCIOCREAD, and PCIOCBAROPEN
 * with close(2) take for a function, a line each, under QEMU's "-icount shift=0",
 * where the TSC counts them. It is the least of many: no interrupt came in between.
 */
#include "pciio-check.h"

#define CALLS	400

#ifdef __x86_64__
#define COUNT()	__builtin_ia32_rdtsc()
#else	/* only guests for amd64 count */
#define COUNT()	0ULL
#endif

static struct pcisel sel;
static int pci;

static void get_bar(void)
{
	struct pci_bar_io io = { .pbi_sel = sel, .pbi_reg = BAR(0) };

	MUST(ioctl(pci, PCIOCGETBAR, &io));
}

static void read_config(void)
{
	struct pci_io io = { .pi_sel = sel, .pi_width = 4 };

	MUST(ioctl(pci, PCIOCREAD, &io));
}

static void open_bar(void)
{
	MUST(close((int)MUST(bar_open(pci, sel, BAR(0), 0, UC))));
}

static void measure(const char *name, void (*call)(void))
{
	unsigned long long least = -1ULL;

	for (int i = 0; i < CALLS; i++) {
		unsigned long long count = -COUNT();

		call();
		count += COUNT();
		if (count < least)
			least = count;
	}
	printf("%s %llu\n", name, least);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	sel = function(argv[1]);
	pci = node(O_RDWR);
	measure("PCIOCGETBAR", get_bar);
	measure("PCIOCREAD", read_config);
	measure("PCIOCBAROPEN", open_bar);
	return 0;
}
