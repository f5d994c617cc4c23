// SPDX-License-Identifier: BSD-2-Clause
/*
 * copy-cost ADDRESS: copies of 64 bytes to 64 MiB from and to BAR 2, which is memory here.
 * Prints "KIND SIZE OWN... / PEER...", in nanoseconds per copy. Kinds:
 *
 *	from1 to1 .. from8 to8	units of that width; the peer is a volatile loop
 *	from0 to0		any width on memory; the peer is memcpy()
 *	wc			any width to a WC map; the peer is a loop of non-temporal stores
 *
 * pcibar and the peer take turns, so that a machine whose speed changes changes both.
 */
#include <emmintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcibar/bar.h>
#include <pcibar/device.h>

#define BAR		2
#define LARGEST		(64 << 20)
#define RUNS		9
/* Bytes for one run at least, or the clock is too coarse. */
#define ENOUGH		(2 << 20)

static struct pcibar_map *map;
static char *buf;

static void die(const char *what)
{
	fprintf(stderr, "copy-cost: %s\n", what);
	exit(1);
}

#define LOOPS(bits)							\
__attribute__((noinline))						\
static void plain_from_##bits(volatile char *bar, size_t len)		\
{									\
	for (size_t i = 0; i < len / (bits / 8); i++)			\
		((uint##bits##_t *)buf)[i] = ((volatile uint##bits##_t *)bar)[i]; \
}									\
									\
__attribute__((noinline))						\
static void plain_to_##bits(volatile char *bar, size_t len)		\
{									\
	for (size_t i = 0; i < len / (bits / 8); i++)			\
		((volatile uint##bits##_t *)bar)[i] = ((uint##bits##_t *)buf)[i]; \
}

LOOPS(8)
LOOPS(16)
LOOPS(32)
LOOPS(64)

static void memcpy_from(volatile char *bar, size_t len)
{
	memcpy(buf, (void *)(uintptr_t)bar, len);
}

static void memcpy_to(volatile char *bar, size_t len)
{
	memcpy((void *)(uintptr_t)bar, buf, len);
}

static void stream_to(volatile char *bar, size_t len)
{
	for (size_t i = 0; i < len; i += 16)
		_mm_stream_si128((__m128i *)(uintptr_t)(bar + i),
				 _mm_load_si128((__m128i *)(buf + i)));
	_mm_sfence();
}

static const struct kind {
	const char *name;
	unsigned int width;
	bool to, wc;
	void (*peer)(volatile char *bar, size_t len);
} kinds[] = {
	{ "from1", 1, .peer = plain_from_8 }, { "to1", 1, true, .peer = plain_to_8 },
	{ "from2", 2, .peer = plain_from_16 }, { "to2", 2, true, .peer = plain_to_16 },
	{ "from4", 4, .peer = plain_from_32 }, { "to4", 4, true, .peer = plain_to_32 },
	{ "from8", 8, .peer = plain_from_64 }, { "to8", 8, true, .peer = plain_to_64 },
	{ "from0", 0, .peer = memcpy_from }, { "to0", 0, true, .peer = memcpy_to },
	{ "wc", 0, true, true, .peer = stream_to },
};

static void copy(const struct kind *kind, size_t len)
{
	uint32_t flags = kind->width || kind->wc ? 0 : PCIBAR_COPY_MEMORY;
	int ret = kind->to ? pcibar_map_copy_to(map, 0, buf, len, kind->width, flags)
			   : pcibar_map_copy_from(map, 0, buf, len, kind->width, flags);

	if (ret)
		die("a copy was refused");
	if (kind->wc)
		_mm_sfence();
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static double time_of(const struct kind *kind, size_t len, bool peer)
{
	size_t rounds = len < ENOUGH ? ENOUGH / len : 1;
	volatile char *bar = pcibar_map_addr(map);
	long long start = now();

	for (size_t i = 0; i < rounds; i++) {
		if (peer)
			kind->peer(bar, len);
		else
			copy(kind, len);
	}
	return (double)(now() - start) / (double)rounds;
}

static void measure(const struct kind *kind, size_t len)
{
	double taken[2][RUNS];

	for (int i = -1; i < RUNS; i++)		/* the first warms up */
		for (int peer = 0; peer < 2; peer++)
			taken[peer][i < 0 ? 0 : i] = time_of(kind, len, peer);
	printf("%s %zu", kind->name, len);
	for (int peer = 0; peer < 2; peer++) {
		for (int i = 0; i < RUNS; i++)
			printf(" %.2f", taken[peer][i]);
		if (!peer)
			printf(" /");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	struct pcibar_open_opts open_opts = { .size = sizeof(open_opts),
					      .flags = PCIBAR_OPEN_WRITE };
	struct pcibar_map_opts opts = { .size = sizeof(opts), .flags = PCIBAR_MAP_WRITE };
	struct pcibar_device *dev;

	buf = aligned_alloc(4096, LARGEST);
	if (argc != 2 || !buf || pcibar_device_open(argv[1], &open_opts, &dev))
		die("usage: copy-cost ADDRESS");

	memset(buf, 0x5a, LARGEST);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		opts.attr = kinds[i].wc ? PCIBAR_ATTR_WC : PCIBAR_ATTR_UC;
		if (pcibar_bar_map(dev, BAR, &opts, &map))
			die("the BAR cannot be mapped");
		for (size_t len = 64; len <= LARGEST; len *= 4)
			measure(&kinds[i], len);
		pcibar_map_release(map);
	}
	pcibar_device_close(dev);
	free(buf);
	return 0;
}
