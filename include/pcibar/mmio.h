/* SPDX-License-Identifier: MIT */
/* Accessors for mapped registers, and the barriers around them */
#ifndef PCIBAR_MMIO_H
#define PCIBAR_MMIO_H

#include <stdint.h>

/**
 * DOC: Accessors
 *
 * Each accessor is one load or store of exactly the named width, which is never
 * split, repeated or omitted. The address must be naturally aligned. (On x86 a
 * compiler may combine a read of a register and the write that follows into one
 * instruction; the device still sees both.) Values are numbers: the bus is
 * little-endian, and a big-endian host swaps bytes.
 *
 * Accesses to one function through UC maps stay in program order. Only
 * pcibar_dma_wmb() and pcibar_dma_rmb() order them with respect to ordinary memory
 * (DMA buffers).
 *
 * <pcibar/mmio.h> requires only <stdint.h> and is compiled into its users.
 */

/**
 * PCIBAR_IOMEM - marks pointers to device memory
 *
 * sparse reports an access through them that does not use an accessor.
 */
#if defined(__CHECKER__)
# define PCIBAR_IOMEM	__attribute__((noderef, address_space(2)))
# define PCIBAR_IOFORCE	__attribute__((force))
#else
# define PCIBAR_IOMEM
# define PCIBAR_IOFORCE
#endif

/* The library itself compiles this header once more to emit the symbols. */
#ifndef PCIBAR_INLINE
# define PCIBAR_INLINE	static inline
#endif

/* The compiler knows the byte order of the target; the headers of the C library may not. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
# define PCIBAR_LE16(x)	__builtin_bswap16(x)
# define PCIBAR_LE32(x)	__builtin_bswap32(x)
# define PCIBAR_LE64(x)	__builtin_bswap64(x)
#else
# define PCIBAR_LE16(x)	(x)
# define PCIBAR_LE32(x)	(x)
# define PCIBAR_LE64(x)	(x)
#endif

/*
 * Instructions for which a plain volatile access is not sufficient. arm64: compilers
 * also use post-indexed forms, which a hypervisor cannot emulate. x86 with gcc -Oz:
 * a store of zero becomes "and $0", which reads as well.
 */
#if defined(__aarch64__)
# define PCIBAR_LOAD(insn, reg, type, val, addr)				\
	__asm__ volatile("ld" insn " %" reg "0, %1" : "=r" (val)		\
			 : "Q" (*(const volatile type PCIBAR_IOFORCE *)(addr)))
# define PCIBAR_STORE(insn, reg, type, val, addr)				\
	__asm__ volatile("st" insn " %" reg "1, %0"				\
			 : "=Q" (*(volatile type PCIBAR_IOFORCE *)(addr))	\
			 : "rZ" (val))
#else
# define PCIBAR_LOAD(insn, reg, type, val, addr)				\
	((val) = *(const volatile type PCIBAR_IOFORCE *)(addr))
# if (defined(__x86_64__) || defined(__i386__)) && defined(__OPTIMIZE_SIZE__) && \
	!defined(__clang__)
#  define PCIBAR_STORE(insn, reg, type, val, addr)				\
	__asm__ volatile("mov %1, %0"						\
			 : "=m" (*(volatile type PCIBAR_IOFORCE *)(addr))	\
			 : "q" (val))
# else
#  define PCIBAR_STORE(insn, reg, type, val, addr)				\
	(*(volatile type PCIBAR_IOFORCE *)(addr) = (val))
# endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * pcibar_read8() - read an 8-bit register
 * @addr: its address in a map
 *
 * Return: the value.
 */
PCIBAR_INLINE uint8_t pcibar_read8(const volatile void PCIBAR_IOMEM *addr)
{
	uint8_t val;

	PCIBAR_LOAD("rb", "w", uint8_t, val, addr);
	return val;
}

/**
 * pcibar_read16() - read a 16-bit register
 * @addr: its address in a map, a multiple of 2
 *
 * Return: the value.
 */
PCIBAR_INLINE uint16_t pcibar_read16(const volatile void PCIBAR_IOMEM *addr)
{
	uint16_t val;

	PCIBAR_LOAD("rh", "w", uint16_t, val, addr);
	return PCIBAR_LE16(val);
}

/**
 * pcibar_read32() - read a 32-bit register
 * @addr: its address in a map, a multiple of 4
 *
 * Return: the value.
 */
PCIBAR_INLINE uint32_t pcibar_read32(const volatile void PCIBAR_IOMEM *addr)
{
	uint32_t val;

	PCIBAR_LOAD("r", "w", uint32_t, val, addr);
	return PCIBAR_LE32(val);
}

/**
 * pcibar_write8() - write an 8-bit register
 * @addr: its address in a map
 * @val: value
 */
PCIBAR_INLINE void pcibar_write8(volatile void PCIBAR_IOMEM *addr, uint8_t val)
{
	PCIBAR_STORE("rb", "w", uint8_t, val, addr);
}

/**
 * pcibar_write16() - write a 16-bit register
 * @addr: its address in a map, a multiple of 2
 * @val: value
 */
PCIBAR_INLINE void pcibar_write16(volatile void PCIBAR_IOMEM *addr, uint16_t val)
{
	PCIBAR_STORE("rh", "w", uint16_t, PCIBAR_LE16(val), addr);
}

/**
 * pcibar_write32() - write a 32-bit register
 * @addr: its address in a map, a multiple of 4
 * @val: value
 */
PCIBAR_INLINE void pcibar_write32(volatile void PCIBAR_IOMEM *addr, uint32_t val)
{
	PCIBAR_STORE("r", "w", uint32_t, PCIBAR_LE32(val), addr);
}

#if UINTPTR_MAX > 0xffffffffu
/** PCIBAR_HAVE_64 - defined where one instruction moves 64 bits */
# define PCIBAR_HAVE_64	1

/**
 * pcibar_read64() - read a 64-bit register
 * @addr: its address in a map, a multiple of 8
 *
 * The function is declared only if PCIBAR_HAVE_64 is defined, because elsewhere it
 * would take two loads. There, use pcibar_read64_lo_hi() if the device's manual
 * allows a torn read.
 *
 * Return: the value.
 */
PCIBAR_INLINE uint64_t pcibar_read64(const volatile void PCIBAR_IOMEM *addr)
{
	uint64_t val;

	PCIBAR_LOAD("r", "x", uint64_t, val, addr);
	return PCIBAR_LE64(val);
}

/**
 * pcibar_write64() - write a 64-bit register
 * @addr: its address in a map, a multiple of 8
 * @val: value
 *
 * The function is declared only if PCIBAR_HAVE_64 is defined, because elsewhere it
 * would take two stores.
 */
PCIBAR_INLINE void pcibar_write64(volatile void PCIBAR_IOMEM *addr, uint64_t val)
{
	PCIBAR_STORE("r", "x", uint64_t, PCIBAR_LE64(val), addr);
}
#endif

/**
 * pcibar_read64_lo_hi() - read 64 bits as two 32-bit reads, low half first
 * @addr: address of the low half, a multiple of 4
 *
 * Use it only for registers whose manual allows a torn read.
 *
 * Return: the value.
 */
PCIBAR_INLINE uint64_t pcibar_read64_lo_hi(const volatile void PCIBAR_IOMEM *addr)
{
	const volatile char PCIBAR_IOMEM *p = (const volatile char PCIBAR_IOMEM *)addr;
	uint64_t lo = pcibar_read32(p);
	uint64_t hi = pcibar_read32(p + 4);

	return hi << 32 | lo;
}

/**
 * pcibar_write64_lo_hi() - write 64 bits as two 32-bit writes, low half first
 * @addr: address of the low half, a multiple of 4
 * @val: value
 */
PCIBAR_INLINE void pcibar_write64_lo_hi(volatile void PCIBAR_IOMEM *addr, uint64_t val)
{
	volatile char PCIBAR_IOMEM *p = (volatile char PCIBAR_IOMEM *)addr;

	pcibar_write32(p, (uint32_t)val);
	pcibar_write32(p + 4, (uint32_t)(val >> 32));
}

/**
 * pcibar_dma_wmb() - order stores to memory before register writes
 *
 * The device sees stores to memory before the barrier earlier than register writes
 * after it. It belongs between filling a descriptor and ringing the doorbell.
 */
PCIBAR_INLINE void pcibar_dma_wmb(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/**
 * pcibar_dma_rmb() - order loads from memory after register reads
 *
 * Loads from memory after the barrier happen later than register reads before it. It
 * belongs between reading a "done" bit and reading what the device wrote.
 */
PCIBAR_INLINE void pcibar_dma_rmb(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshld" ::: "memory");
#else
	__sync_synchronize();
#endif
}

/**
 * pcibar_wc_flush() - drain write-combining buffers
 *
 * Stores to WC maps before the call leave the CPU before any later store.
 */
PCIBAR_INLINE void pcibar_wc_flush(void)
{
#if defined(__x86_64__)
	__asm__ volatile("sfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dsb st" ::: "memory");
#else
	__sync_synchronize();
#endif
}

#ifdef __cplusplus
}
#endif

#endif
