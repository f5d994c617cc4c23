// SPDX-License-Identifier: BSD-2-Clause
/*
 * Computes a factorial on "edu", the teaching device of QEMU, and sleeps until the device
 * interrupts.
 *
 *	pcibar bind 1234:11e8 pciio
 *	cc edu-interrupt.c -o edu-interrupt $(pkg-config --cflags --libs libpcibar)
 *	./edu-interrupt 1234:11e8 10 intx
 *	./edu-interrupt 1234:11e8 10 msi
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/pcibar.h>

/* Registers in BAR 0, 32 bits each (QEMU, docs/specs/edu). */
#define EDU_FACTORIAL		0x08	/* write n, read n! */
#define EDU_STATUS		0x20
#define EDU_STATUS_INTERRUPT	0x80	/* interrupt when the factorial is there */
#define EDU_CAUSE		0x24	/* why it interrupts */
#define EDU_ACKNOWLEDGE		0x64	/* write what EDU_CAUSE has shown */

#define FACTORIAL_MAX		12	/* 13! does not fit into 32 bits */
#define NS_MAX			INT64_C(5000000000)

static int complain(const char *what, int error, const struct pcibar_refusal *why)
{
	if (why->count)
		fprintf(stderr, "%s: %s; %s\n", what, why->reasons[0].what, why->reasons[0].remedy);
	else
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

/* The vector is open before the device starts, so that no interrupt can be missed. */
static int compute(const struct pcibar_map *map, struct pcibar_irq *irq, uint32_t n)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	volatile char *regs = pcibar_map_addr(map);
	uint32_t cause;
	int ret;

	pcibar_write32(regs + EDU_STATUS, EDU_STATUS_INTERRUPT);
	pcibar_write32(regs + EDU_FACTORIAL, n);
	ret = pcibar_irq_wait(irq, NS_MAX, &event);
	if (ret) {
		fprintf(stderr, "no interrupt: %s\n", strerror(-ret));
		return EXIT_FAILURE;
	}

	/* First the device becomes quiet, then it may interrupt again. */
	cause = pcibar_read32(regs + EDU_CAUSE);
	pcibar_write32(regs + EDU_ACKNOWLEDGE, cause);
	pcibar_irq_done(irq);

	printf("%" PRIu32 "! = %" PRIu32 ", after %" PRIu64 " interrupt, cause 0x%" PRIx32 "\n", n,
	       pcibar_read32(regs + EDU_FACTORIAL), event.count, cause);
	return EXIT_SUCCESS;
}

static int run(struct pcibar_device *dev, uint32_t type, uint32_t n, struct pcibar_refusal *why)
{
	struct pcibar_map_opts map_opts = {
		.size = sizeof(map_opts),
		.flags = PCIBAR_MAP_WRITE | PCIBAR_MAP_ACTIVATE,
		.why = why,
	};
	struct pcibar_irq_opts irq_opts = {
		.size = sizeof(irq_opts),
		/* A message is a write by the device. */
		.flags = type == PCIBAR_IRQ_INTX ? 0 : PCIBAR_IRQ_BUS_MASTER,
		.type = type,
		.count = 1,
		.why = why,
	};
	struct pcibar_map *map;
	struct pcibar_irq *irq;
	int ret;

	ret = pcibar_bar_map(dev, 0, &map_opts, &map);
	if (ret)
		return complain("BAR 0", ret, why);

	ret = pcibar_irq_open(dev, &irq_opts, &irq);
	if (ret) {
		pcibar_map_release(map);
		return complain("interrupt", ret, why);
	}

	ret = compute(map, irq, n);
	pcibar_irq_close(irq);
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
	unsigned long n;
	char *end;
	int ret;

	if (argc != 4 || (n = strtoul(argv[2], &end, 10)) > FACTORIAL_MAX || !*argv[2] || *end ||
	    (strcmp(argv[3], "intx") && strcmp(argv[3], "msi"))) {
		fprintf(stderr, "usage: %s SELECTOR N intx|msi\n", argv[0]);
		return 2;
	}
	ret = pcibar_device_open(argv[1], &open_opts, &dev);
	if (ret)
		return complain(argv[1], ret, &why);

	ret = run(dev, strcmp(argv[3], "msi") ? PCIBAR_IRQ_INTX : PCIBAR_IRQ_MSI, (uint32_t)n,
		  &why);
	pcibar_device_close(dev);
	return ret;
}
