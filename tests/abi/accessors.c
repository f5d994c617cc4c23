// SPDX-License-Identifier: BSD-2-Clause
/* What test_accessors.py checks in the compiler's output. */
#include <stddef.h>

#include <pcibar/mmio.h>

/*
 * Constants of all zeros and all ones tempt compilers to "and" and "or", which
 * read too; a read and a write of one register tempt them to merge both.
 */
#define DEFINE_ACCESS(bits)							\
uint##bits##_t load##bits(const volatile void *addr);				\
uint##bits##_t load##bits(const volatile void *addr)				\
{										\
	return pcibar_read##bits(addr);						\
}										\
										\
void store##bits(volatile void *addr, uint##bits##_t val);			\
void store##bits(volatile void *addr, uint##bits##_t val)			\
{										\
	pcibar_write##bits(addr, val);						\
}										\
										\
void zero##bits(volatile void *addr);						\
void zero##bits(volatile void *addr)						\
{										\
	pcibar_write##bits(addr, 0);						\
}										\
										\
void ones##bits(volatile void *addr);						\
void ones##bits(volatile void *addr)						\
{										\
	pcibar_write##bits(addr, (uint##bits##_t)-1);				\
}										\
										\
void modify##bits(volatile void *addr);						\
void modify##bits(volatile void *addr)						\
{										\
	pcibar_write##bits(addr, (uint##bits##_t)(pcibar_read##bits(addr) | 4));	\
}										\
										\
void unused##bits(const volatile void *addr);					\
void unused##bits(const volatile void *addr)					\
{										\
	pcibar_read##bits(addr);						\
}

/* The same loops with the accessors and with plain volatile accesses. */
#define DEFINE_LOOPS(name, bits, READ, WRITE)					\
void name##_fill##bits(volatile uint##bits##_t *reg, uint##bits##_t val, size_t n);	\
void name##_fill##bits(volatile uint##bits##_t *reg, uint##bits##_t val, size_t n)	\
{										\
	for (size_t i = 0; i < n; i++)						\
		WRITE(reg + i, val);						\
}										\
										\
void name##_to##bits(volatile uint##bits##_t *reg, const uint##bits##_t *buf, size_t n);	\
void name##_to##bits(volatile uint##bits##_t *reg, const uint##bits##_t *buf, size_t n)	\
{										\
	for (size_t i = 0; i < n; i++)						\
		WRITE(reg + i, buf[i]);						\
}										\
										\
void name##_from##bits(const volatile uint##bits##_t *reg, uint##bits##_t *buf, size_t n);	\
void name##_from##bits(const volatile uint##bits##_t *reg, uint##bits##_t *buf, size_t n)	\
{										\
	for (size_t i = 0; i < n; i++)						\
		buf[i] = READ(reg + i);						\
}										\
										\
void name##_wait##bits(const volatile uint##bits##_t *reg, uint##bits##_t until);	\
void name##_wait##bits(const volatile uint##bits##_t *reg, uint##bits##_t until)	\
{										\
	while (READ(reg) != until)						\
		;								\
}

#define RAW_READ(addr)		(*(addr))
#define RAW_WRITE(addr, val)	(*(addr) = (val))

#define DEFINE_ALL(bits)							\
	DEFINE_ACCESS(bits)							\
	DEFINE_LOOPS(raw, bits, RAW_READ, RAW_WRITE)				\
	DEFINE_LOOPS(lib, bits, pcibar_read##bits, pcibar_write##bits)

DEFINE_ALL(8)
DEFINE_ALL(16)
DEFINE_ALL(32)
#ifdef PCIBAR_HAVE_64
DEFINE_ALL(64)
#endif
