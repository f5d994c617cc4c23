// SPDX-License-Identifier: BSD-2-Clause
/* The lists of capabilities in configuration space, however damaged they are. */
#include <errno.h>

#include "internal.h"

#define CAP_FIRST	0x40u
#define CAP_END		0x100u
#define EXT_END		0x1000u

/* A bit for each offset, so that a loop ends at the first one that comes again. */
static bool visit(uint64_t *visited, unsigned int off)
{
	uint64_t bit = UINT64_C(1) << (off / 4 % 64);
	bool first = !(visited[off / 256] & bit);

	visited[off / 256] |= bit;
	return first;
}

int pcibar_walk_capabilities(pcibar_read_fn read, void *from, unsigned int pointer,
			     pcibar_capability_fn fn, void *data)
{
	uint64_t visited[CAP_END / 256] = { 0 };
	uint32_t off, header;
	int ret;

	ret = read(from, pointer, 1, &off);
	while (!ret) {
		off &= 0xfc;
		if (off < CAP_FIRST || !visit(visited, off))
			return 0;
		ret = read(from, off, 2, &header);
		if (ret || header == UINT16_MAX)
			return ret;
		ret = fn(data, header & 0xff, off);
		off = header >> 8;
	}
	return ret;
}

int pcibar_walk_extended(pcibar_read_fn read, void *from, pcibar_capability_fn fn, void *data)
{
	uint64_t visited[EXT_END / 256] = { 0 };
	unsigned int off = PCIR_EXTCAP;
	uint32_t header;
	int ret = 0;

	while (!ret && off >= PCIR_EXTCAP && visit(visited, off)) {
		ret = read(from, off, 4, &header);
		if (ret || !header || header == UINT32_MAX)
			return ret == -ERANGE ? 0 : ret;
		ret = fn(data, header & 0xffff, off);
		off = header >> 20 & 0xffc;
	}
	return ret;
}
