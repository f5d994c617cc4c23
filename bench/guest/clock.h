/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs of a guest measure by: nanoseconds, or instructions of kernel and user. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline long long nanoseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Under QEMU's "-icount shift=0" the guest's TSC continues by one with each instruction. */
static inline long long instructions(void)
{
	return (long long)__builtin_ia32_rdtsc();
}

/* A loop of 2 * @rounds instructions. */
static inline long long known_loop(long rounds)
{
	long long start = instructions();

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r" (rounds) : : "cc");
	return instructions() - start;
}

/* Ends the program unless instructions() is right. The least: no interrupt came in between. */
static inline void check_instructions(void)
{
	long long least[2] = { LLONG_MAX, LLONG_MAX };

	for (int i = 0; i < 100; i++)
		for (int j = 0; j < 2; j++) {
			long long took = known_loop(1000 * (1 + j));

			least[j] = took < least[j] ? took : least[j];
		}
	if (least[1] - least[0] != 2000) {
		printf("2,000 instructions are %lld by the TSC: it counts something else\n",
		       least[1] - least[0]);
		exit(1);
	}
}

#endif
