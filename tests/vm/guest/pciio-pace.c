// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-pace FUNCTION: how long PCIOCGETBAR, PCIOCREAD, and PCIOCBAROPEN with
 * close(2) take for a function, in nanoseconds, a line each. It is the shortest of
 * many batches: what a call takes when nothing comes between.
 */
#include <time.h>

#include "pciio-check.h"

#define BATCHES	40
#define CALLS	10

static struct pcisel sel;
static int pci;

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

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
	long best = 0;

	for (int batch = 0; batch < BATCHES; batch++) {
		long time = -now();

		for (int i = 0; i < CALLS; i++)
			call();
		time += now();
		if (!best || time < best)
			best = time;
	}
	printf("%s %ld\n", name, best / CALLS);
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
