// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "internal.h"

/*
 * Below this, width 0 is memcpy(). Above it the C library may choose "rep
 * movs", which the CPU turns into single bytes on uncached memory; glibc does
 * so from 2 KiB up, and up to there our own loops are no faster on memory.
 */
#define SMALL	2048
#define LINE	64

#define PCIBAR_LE8(x)	(x)

/*
 * One accessor per unit, in order. The buffer is a byte image: on a big-endian
 * host PCIBAR_LE*() undoes the accessor's swap. It need not be aligned. @fixed
 * is a constant to each loop, and the loops are unrolled, or on memory-like
 * BARs they would take longer than the accesses. By hand, because a compiler
 * puts a choice of eight beginnings before the loop, which costs as much as a
 * little copy.
 */
#define UNROLLED	8

#define DEFINE_UNITS(bits)							\
static inline __attribute__((always_inline)) void				\
unit_from_##bits(const volatile char PCIBAR_IOMEM *src, char *dst)		\
{										\
	uint##bits##_t val = pcibar_read##bits(src);				\
										\
	val = PCIBAR_LE##bits(val);						\
	memcpy(dst, &val, sizeof(val));						\
}										\
										\
static inline __attribute__((always_inline)) void				\
unit_to_##bits(volatile char PCIBAR_IOMEM *dst, const char *src)		\
{										\
	uint##bits##_t val;							\
										\
	memcpy(&val, src, sizeof(val));						\
	pcibar_write##bits(dst, PCIBAR_LE##bits(val));				\
}										\
										\
static inline __attribute__((always_inline)) void				\
loop_from_##bits(const volatile char PCIBAR_IOMEM *src, bool fixed, char *dst, size_t len) \
{										\
	const size_t unit = bits / 8, step = fixed ? 0 : unit;			\
										\
	for (; len >= UNROLLED * unit; len -= UNROLLED * unit) {		\
		_Pragma("GCC unroll 8")						\
		for (size_t i = 0; i < UNROLLED; i++)				\
			unit_from_##bits(src + i * step, dst + i * unit);	\
		src += UNROLLED * step;						\
		dst += UNROLLED * unit;						\
	}									\
	for (; len; len -= unit, src += step, dst += unit)			\
		unit_from_##bits(src, dst);					\
}										\
										\
static inline __attribute__((always_inline)) void				\
loop_to_##bits(volatile char PCIBAR_IOMEM *dst, bool fixed, const char *src, size_t len) \
{										\
	const size_t unit = bits / 8, step = fixed ? 0 : unit;			\
										\
	for (; len >= UNROLLED * unit; len -= UNROLLED * unit) {		\
		_Pragma("GCC unroll 8")						\
		for (size_t i = 0; i < UNROLLED; i++)				\
			unit_to_##bits(dst + i * step, src + i * unit);		\
		dst += UNROLLED * step;						\
		src += UNROLLED * unit;						\
	}									\
	for (; len; len -= unit, src += unit, dst += step)			\
		unit_to_##bits(dst, src);					\
}										\

DEFINE_UNITS(8)
DEFINE_UNITS(16)
DEFINE_UNITS(32)
#ifdef PCIBAR_HAVE_64
DEFINE_UNITS(64)
# define WORD		8
# define words_from	loop_from_64
# define words_to	loop_to_64
#else
# define WORD		4
# define words_from	loop_from_32
# define words_to	loop_to_32
#endif

static inline __attribute__((always_inline)) void
units_from(const volatile char PCIBAR_IOMEM *src, bool fixed, char *dst, size_t len,
	   unsigned int width)
{
	switch (width) {
	case 1:
		loop_from_8(src, fixed, dst, len);
		break;
	case 2:
		loop_from_16(src, fixed, dst, len);
		break;
	case 4:
		loop_from_32(src, fixed, dst, len);
		break;
	default:
		words_from(src, fixed, dst, len);
	}
}

static inline __attribute__((always_inline)) void
units_to(volatile char PCIBAR_IOMEM *dst, bool fixed, const char *src, size_t len,
	 unsigned int width)
{
	switch (width) {
	case 1:
		loop_to_8(dst, fixed, src, len);
		break;
	case 2:
		loop_to_16(dst, fixed, src, len);
		break;
	case 4:
		loop_to_32(dst, fixed, src, len);
		break;
	default:
		words_to(dst, fixed, src, len);
	}
}

/* Bytes up to the next multiple of @align, or all of @len if that is less. */
static size_t head(const volatile void *addr, size_t len, size_t align)
{
	size_t n = -(uintptr_t)addr & (align - 1);

	return n < len ? n : len;
}

/*
 * Any width. Whole 64-byte lines at a 64-byte boundary of the device's side go
 * through vector registers, with non-temporal stores on a WC map; what is left
 * at the ends, and little things, through small_*().
 */
#ifdef __x86_64__
#define LOAD_512(p)	_mm512_load_si512((const void *)(p))
#define LOADU_512(p)	_mm512_loadu_si512((const void *)(p))
#define TO_512(p)	((void *)(p))
#define LOAD_AVX(p)	_mm256_load_si256((const __m256i *)(const void *)(p))
#define LOADU_AVX(p)	_mm256_loadu_si256((const __m256i *)(const void *)(p))
#define TO_AVX(p)	((__m256i *)(void *)(p))
#define LOAD_SSE(p)	_mm_load_si128((const __m128i *)(const void *)(p))
#define LOADU_SSE(p)	_mm_loadu_si128((const __m128i *)(const void *)(p))
#define TO_SSE(p)	((__m128i *)(void *)(p))

#define DEFINE_LINES(name, isa, vector, load, store, to)			\
__attribute__((target(isa)))							\
static void name(char *dst, const char *src, size_t len)			\
{										\
	_Pragma("GCC unroll 4")							\
	for (size_t i = 0; i < len; i += vector)				\
		store(to(dst + i), load(src + i));				\
}

DEFINE_LINES(stream_512, "avx512f", 64, LOADU_512, _mm512_stream_si512, TO_512)
DEFINE_LINES(store_512, "avx512f", 64, LOADU_512, _mm512_store_si512, TO_512)
DEFINE_LINES(load_512, "avx512f", 64, LOAD_512, _mm512_storeu_si512, TO_512)
DEFINE_LINES(stream_avx, "avx", 32, LOADU_AVX, _mm256_stream_si256, TO_AVX)
DEFINE_LINES(store_avx, "avx", 32, LOADU_AVX, _mm256_store_si256, TO_AVX)
DEFINE_LINES(load_avx, "avx", 32, LOAD_AVX, _mm256_storeu_si256, TO_AVX)
DEFINE_LINES(stream_sse2, "sse2", 16, LOADU_SSE, _mm_stream_si128, TO_SSE)
DEFINE_LINES(store_sse2, "sse2", 16, LOADU_SSE, _mm_store_si128, TO_SSE)
DEFINE_LINES(load_sse2, "sse2", 16, LOAD_SSE, _mm_storeu_si128, TO_SSE)

static void lines_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	char *to = (char PCIBAR_IOFORCE *)(uintptr_t)dst;

	if (__builtin_cpu_supports("avx512f"))
		(wc ? stream_512 : store_512)(to, src, len);
	else if (__builtin_cpu_supports("avx"))
		(wc ? stream_avx : store_avx)(to, src, len);
	else
		(wc ? stream_sse2 : store_sse2)(to, src, len);
}

static void lines_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	const char *from = (const char PCIBAR_IOFORCE *)(uintptr_t)src;

	if (__builtin_cpu_supports("avx512f"))
		load_512(dst, from, len);
	else
		(__builtin_cpu_supports("avx") ? load_avx : load_sse2)(dst, from, len);
}

static void small_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len)
{
	memcpy((void PCIBAR_IOFORCE *)(uintptr_t)dst, src, len);
}

static void small_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	memcpy(dst, (const void PCIBAR_IOFORCE *)(uintptr_t)src, len);
}
#else
/* Words at their boundary: device memory of arm64 faults on what memcpy() may do. */
#define lines_to(dst, src, len, wc)	words_to(dst, false, src, len)
#define lines_from(src, dst, len)	words_from(src, false, dst, len)

static void small_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len)
{
	size_t lead = head(dst, len, WORD), body = (len - lead) & ~(size_t)(WORD - 1);

	loop_to_8(dst, false, src, lead);
	words_to(dst + lead, false, src + lead, body);
	loop_to_8(dst + lead + body, false, src + lead + body, len - lead - body);
}

static void small_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	size_t lead = head(src, len, WORD), body = (len - lead) & ~(size_t)(WORD - 1);

	loop_from_8(src, false, dst, lead);
	words_from(src + lead, false, dst + lead, body);
	loop_from_8(src + lead + body, false, dst + lead + body, len - lead - body);
}
#endif

static void any_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	size_t lead = head(dst, len, LINE), body = (len - lead) & ~(size_t)(LINE - 1);

	if (len < SMALL && !wc) {
		small_to(dst, src, len);
		return;
	}
	small_to(dst, src, lead);
	lines_to(dst + lead, src + lead, body, wc);
	small_to(dst + lead + body, src + lead + body, len - lead - body);
}

static void any_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	size_t lead = head(src, len, LINE), body = (len - lead) & ~(size_t)(LINE - 1);

	if (len < SMALL) {
		small_from(src, dst, len);
		return;
	}
	small_from(src, dst, lead);
	lines_from(src + lead, dst + lead, body);
	small_from(src + lead + body, dst + lead + body, len - lead - body);
}

static int check(const struct pcibar_map *map, uint64_t off, size_t len, unsigned int width,
		 uint32_t flags, bool write)
{
	uint64_t span = flags & PCIBAR_COPY_FIXED && len ? width : len;

	if (flags & ~(PCIBAR_COPY_FIXED | PCIBAR_COPY_MEMORY))
		return -EINVAL;
	if (!width && (flags & PCIBAR_COPY_FIXED || !map->addr ||
		       (map->attr != PCIBAR_ATTR_WC && !(flags & PCIBAR_COPY_MEMORY))))
		return -EINVAL;
	/* Widths that are no power of two are refused below. */
	if (width && len & (width - 1))
		return -EINVAL;
	return pcibar_access_check(map, off, span, width, write);
}

static int channel_from(struct pcibar_map *map, uint64_t off, size_t step, char *dst, size_t len,
			unsigned int width)
{
	for (size_t i = 0; i < len; i += width, off += step) {
		uint64_t val;
		int ret = map->dev->ops->channel_read(map->channel, off, width, &val);

		if (ret)
			return ret;
		for (unsigned int b = 0; b < width; b++)
			dst[i + b] = (char)(val >> 8 * b);
	}
	return 0;
}

static int channel_to(struct pcibar_map *map, uint64_t off, size_t step, const char *src,
		      size_t len, unsigned int width)
{
	for (size_t i = 0; i < len; i += width, off += step) {
		uint64_t val = 0;
		int ret;

		for (unsigned int b = 0; b < width; b++)
			val |= (uint64_t)(unsigned char)src[i + b] << 8 * b;
		ret = map->dev->ops->channel_write(map->channel, off, width, val);
		if (ret)
			return ret;
	}
	return 0;
}

/* When the last byte read is all-ones: is all of its unit, and does nobody answer? */
static __attribute__((noinline)) int
look_at_ones(struct pcibar_map *map, const unsigned char *end, unsigned int width)
{
	for (unsigned int i = 1; i < width; i++)
		if (end[-1 - (int)i] != UINT8_MAX)
			return 0;
	return pcibar_access_ones(map);
}

static inline int after_read(struct pcibar_map *map, const void *dst, size_t len,
			     unsigned int width)
{
	const unsigned char *end = (const unsigned char *)dst + len;

	return len && end[-1] == UINT8_MAX ? look_at_ones(map, end, width) : 0;
}

/* Any width, all units at one place, or no mapping. */
static __attribute__((noinline)) int
special_from(struct pcibar_map *map, uint64_t off, char *dst, size_t len, unsigned int width,
	     uint32_t flags)
{
	size_t step = flags & PCIBAR_COPY_FIXED ? 0 : width;
	int ret = check(map, off, len, width, flags, false);

	if (ret)
		return ret;
	if (!map->addr)
		ret = channel_from(map, map->offset + off, step, dst, len, width);
	else if (width)
		units_from(map->addr + off, true, dst, len, width);
	else
		any_from(map->addr + off, dst, len);
	return ret ? ret : after_read(map, dst, len, width);
}

static __attribute__((noinline)) int
special_to(struct pcibar_map *map, uint64_t off, const char *src, size_t len, unsigned int width,
	   uint32_t flags)
{
	size_t step = flags & PCIBAR_COPY_FIXED ? 0 : width;
	int ret = check(map, off, len, width, flags, true);

	if (ret)
		return ret;
	if (!map->addr)
		return channel_to(map, map->offset + off, step, src, len, width);
	if (width)
		units_to(map->addr + off, true, src, len, width);
	else
		any_to(map->addr + off, src, len, map->attr == PCIBAR_ATTR_WC);
	return pcibar_map_lost(map) ? -ENODEV : 0;
}

/* To units of one width, which lie one after another, the flag makes no difference. */
static inline bool is_special(const struct pcibar_map *map, unsigned int width, uint32_t flags)
{
	return !width || flags & ~PCIBAR_COPY_MEMORY || !map->addr;
}

PCIBAR_API int pcibar_map_copy_from(struct pcibar_map *map, uint64_t off, void *dst, size_t len,
				    unsigned int width, uint32_t flags)
{
	int ret;

	if (is_special(map, width, flags))
		return special_from(map, off, dst, len, width, flags);
	ret = pcibar_access_check(map, off, len, width, false);
	if (ret)
		return ret;
	units_from(map->addr + off, false, dst, len, width);
	return after_read(map, dst, len, width);
}

PCIBAR_API int pcibar_map_copy_to(struct pcibar_map *map, uint64_t off, const void *src,
				  size_t len, unsigned int width, uint32_t flags)
{
	int ret;

	if (is_special(map, width, flags))
		return special_to(map, off, src, len, width, flags);
	ret = pcibar_access_check(map, off, len, width, true);
	if (ret)
		return ret;
	units_to(map->addr + off, false, src, len, width);
	return pcibar_map_lost(map) ? -ENODEV : 0;
}
