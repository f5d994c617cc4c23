// SPDX-License-Identifier: BSD-2-Clause
/*
 * accessors own|plain: reads and writes memory with the accessors of
 * <pcibar/mmio.h>, or with plain volatile pointers, in loops of each width.
 */
#include <string.h>

#include <pcibar/mmio.h>

#define LENGTH	(16 << 10)
#define ROUNDS	20000

static uint64_t room[2][LENGTH / sizeof(uint64_t)];

#define LOOPS(bits)							\
__attribute__((noinline))						\
static void own_##bits(volatile uint##bits##_t *dst, const volatile uint##bits##_t *src) \
{									\
	for (unsigned int i = 0; i < LENGTH / sizeof(*dst); i++)	\
		pcibar_write##bits(dst + i, pcibar_read##bits(src + i)); \
}									\
									\
__attribute__((noinline))						\
static void plain_##bits(volatile uint##bits##_t *dst, const volatile uint##bits##_t *src) \
{									\
	for (unsigned int i = 0; i < LENGTH / sizeof(*dst); i++)	\
		dst[i] = src[i];					\
}

LOOPS(8)
LOOPS(16)
LOOPS(32)
LOOPS(64)

int main(int argc, char **argv)
{
	int own = argc == 2 && !strcmp(argv[1], "own");

	for (int round = 0; round < ROUNDS; round++) {
		(own ? own_8 : plain_8)((void *)room[0], (void *)room[1]);
		(own ? own_16 : plain_16)((void *)room[0], (void *)room[1]);
		(own ? own_32 : plain_32)((void *)room[0], (void *)room[1]);
		(own ? own_64 : plain_64)((void *)room[0], (void *)room[1]);
	}
	return 0;
}
