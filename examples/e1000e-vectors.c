// SPDX-License-Identifier: BSD-2-Clause
/*
 * Waits for all five MSI-X vectors of an 82574 network controller (qemu -device e1000e) at
 * once, and has the controller send them one after another.
 *
 *	pcibar bind 8086:10d3 pciio
 *	cc e1000e-vectors.c -o e1000e-vectors $(pkg-config --cflags --libs libpcibar)
 *	./e1000e-vectors 8086:10d3
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/pcibar.h>

/* Registers in BAR 0, 32 bits each (Intel, 82574 Datasheet, 10.2.4). */
#define E1000E_ICS		0xc8	/* set causes */
#define E1000E_IMS		0xd0	/* causes that interrupt */
#define E1000E_EIAC		0xdc	/* causes that their message clears */
#define E1000E_IVAR		0xe4	/* vector of each cause, four bits each */
#define E1000E_IVAR_IN_ORDER	0x800cba98	/* the N-th cause has vector N */
#define E1000E_CAUSE(n)		(1u << (20 + (n)))
#define E1000E_CAUSES		0x01f00000

#define VECTORS			5
#define MS_MAX			5000

static int complain(const char *what, int error, const struct pcibar_refusal *why)
{
	if (why && why->count)
		fprintf(stderr, "%s: %s; %s\n", what, why->reasons[0].what, why->reasons[0].remedy);
	else
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

/* Print the vectors that have an event. */
static int show(struct pcibar_irq *const *irqs, const struct pollfd *ready)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	int ret;

	for (int i = 0; i < VECTORS; i++) {
		if (!ready[i].revents)
			continue;

		ret = pcibar_irq_read(irqs[i], &event);
		if (ret)
			return complain("read", ret, NULL);
		printf("vector %d: %" PRIu64 "\n", i, event.count);
	}
	return EXIT_SUCCESS;
}

static int fire_each(const struct pcibar_map *map, struct pcibar_irq *const *irqs)
{
	volatile char *regs = pcibar_map_addr(map);
	struct pollfd ready[VECTORS];
	int ret = EXIT_SUCCESS;

	for (int i = 0; i < VECTORS; i++)
		ready[i] = (struct pollfd){ .fd = pcibar_irq_fd(irqs[i]), .events = POLLIN };

	pcibar_write32(regs + E1000E_IVAR, E1000E_IVAR_IN_ORDER);
	pcibar_write32(regs + E1000E_EIAC, E1000E_CAUSES);
	pcibar_write32(regs + E1000E_IMS, E1000E_CAUSES);
	for (int i = VECTORS - 1; i >= 0 && !ret; i--) {
		pcibar_write32(regs + E1000E_ICS, E1000E_CAUSE(i));
		if (poll(ready, VECTORS, MS_MAX) <= 0) {
			fprintf(stderr, "vector %d: no interrupt\n", i);
			return EXIT_FAILURE;
		}
		ret = show(irqs, ready);
	}
	return ret;
}

static int run(struct pcibar_device *dev, struct pcibar_refusal *why)
{
	struct pcibar_map_opts map_opts = {
		.size = sizeof(map_opts),
		.flags = PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE,
		.why = why,
	};
	struct pcibar_irq_opts irq_opts = {
		.size = sizeof(irq_opts),
		.flags = PCIBAR_IRQ_BUS_MASTER,
		.type = PCIBAR_IRQ_MSIX,
		.count = VECTORS,
		.why = why,
	};
	struct pcibar_irq *irqs[VECTORS];
	struct pcibar_map *map;
	int ret;

	ret = pcibar_bar_map(dev, 0, &map_opts, &map);
	if (ret)
		return complain("BAR 0", ret, why);

	ret = pcibar_irq_open(dev, &irq_opts, irqs);
	if (ret) {
		pcibar_map_release(map);
		return complain("MSI-X", ret, why);
	}

	ret = fire_each(map, irqs);
	for (int i = 0; i < VECTORS; i++)
		pcibar_irq_close(irqs[i]);
	pcibar_map_release(map);
	return ret;
}

int main(int argc, char **argv)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts),
		.flags = PCIBAR_OPEN_WRITE,
		.why = &why,
	};
	struct pcibar_device *dev;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: %s SELECTOR\n", argv[0]);
		return 2;
	}
	ret = pcibar_device_open(argv[1], &open_opts, &dev);
	if (ret)
		return complain(argv[1], ret, &why);

	ret = run(dev, &why);
	pcibar_device_close(dev);
	return ret;
}
