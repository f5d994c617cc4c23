/* SPDX-License-Identifier: BSD-2-Clause */
/* A load or store, as the trap needs it. */
#ifndef TRAP_INSN_H
#define TRAP_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A load or store that faulted. One file for each CPU takes it out of the signal's context. */
struct trap_insn {
	size_t len;
	unsigned int width;
	bool write;
	uint64_t val;		/* that is stored, zero-extended */
	unsigned int reg;	/* that is loaded */
	bool extends;		/* a load clears what is above @width in the register */
};

/* Whether trap_decode() is written for this CPU. */
extern const bool trap_decodes;

/* Where it is. */
const unsigned char *trap_at(const void *context);
/* False: none of the plain forms that compilers make of a volatile access. */
bool trap_decode(const void *context, struct trap_insn *insn);
/* Continue after it; @val is what a load gets. */
void trap_finish(void *context, const struct trap_insn *insn, uint64_t val);

static inline uint64_t trap_mask(unsigned int width)
{
	return UINT64_MAX >> (64 - 8 * width);
}

#endif
