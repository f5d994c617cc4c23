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
 * BARs they would take longer than the accesses.
 */
#define DEFINE_UNITS(bits)							\
static inline __attribute__((always_inline)) void				\
loop_from_##bits(const volatile char PCIBAR_IOMEM *src, bool fixed, char *dst, size_t len) \
{										\
	_Pragma("GCC unroll 8")							\
	for (size_t i = 0; i < len; i += bits / 8) {				\
		uint##bits##_t val = pcibar_read##bits(src + (fixed ? 0 : i));	\
										\
		val = PCIBAR_LE##bits(val);					\
		memcpy(dst + i, &val, sizeof(val));				\
	}									\
}										\
										\
static inline __attribute__((always_inline)) void				\
loop_to_##bits(volatile char PCIBAR_IOMEM *dst, bool fixed, const char *src, size_t len) \
{										\
	_Pragma("GCC unroll 8")							\
	for (size_t i = 0; i < len; i += bits / 8) {				\
		uint##bits##_t val;						\
										\
		memcpy(&val, src + i, sizeof(val));				\
		pcibar_write##bits(dst + (fixed ? 0 : i), PCIBAR_LE##bits(val)); \
	}									\
}										\
										\
static void units_from_##bits(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len, \
			      bool fixed)					\
{										\
	if (fixed)								\
		loop_from_##bits(src, true, dst, len);				\
	else									\
		loop_from_##bits(src, false, dst, len);				\
}										\
										\
static void units_to_##bits(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, \
			    bool fixed)						\
{										\
	if (fixed)								\
		loop_to_##bits(dst, true, src, len);				\
	else									\
		loop_to_##bits(dst, false, src, len);				\
}

DEFINE_UNITS(8)
DEFINE_UNITS(16)
DEFINE_UNITS(32)
#ifdef PCIBAR_HAVE_64
DEFINE_UNITS(64)
# define WORD		8
# define words_from	units_from_64
# define words_to	units_to_64
#else
# define WORD		4
# define words_from	units_from_32
# define words_to	units_to_32
#endif

static void units_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len,
		       unsigned int width, bool fixed)
{
	switch (width) {
	case 1:
		units_from_8(src, dst, len, fixed);
		break;
	case 2:
		units_from_16(src, dst, len, fixed);
		break;
	case 4:
		units_from_32(src, dst, len, fixed);
		break;
	default:
		words_from(src, dst, len, fixed);
	}
}

static void units_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len,
		     unsigned int width, bool fixed)
{
	switch (width) {
	case 1:
		units_to_8(dst, src, len, fixed);
		break;
	case 2:
		units_to_16(dst, src, len, fixed);
		break;
	case 4:
		units_to_32(dst, src, len, fixed);
		break;
	default:
		words_to(dst, src, len, fixed);
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
#define lines_to(dst, src, len, wc)	words_to(dst, src, len, false)
#define lines_from(src, dst, len)	words_from(src, dst, len, false)

static void small_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len)
{
	size_t lead = head(dst, len, WORD), body = (len - lead) & ~(size_t)(WORD - 1);

	units_to_8(dst, src, lead, false);
	words_to(dst + lead, src + lead, body, false);
	units_to_8(dst + lead + body, src + lead + body, len - lead - body, false);
}

static void small_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	size_t lead = head(src, len, WORD), body = (len - lead) & ~(size_t)(WORD - 1);

	units_from_8(src, dst, lead, false);
	words_from(src + lead, dst + lead, body, false);
	units_from_8(src + lead + body, dst + lead + body, len - lead - body, false);
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

static bool ends_in_ones(const char *buf, size_t len, unsigned int width)
{
	size_t unit = width ? width : 1;

	if (!len)
		return false;
	for (size_t i = len - (unit < len ? unit : len); i < len; i++)
		if ((unsigned char)buf[i] != UINT8_MAX)
			return false;
	return true;
}

PCIBAR_API int pcibar_map_copy_from(struct pcibar_map *map, uint64_t off, void *dst, size_t len,
				    unsigned int width, uint32_t flags)
{
	size_t step = flags & PCIBAR_COPY_FIXED ? 0 : width;
	int ret = check(map, off, len, width, flags, false);

	if (ret)
		return ret;
	if (!map->addr)
		ret = channel_from(map, map->offset + off, step, dst, len, width);
	else if (width)
		units_from(map->addr + off, dst, len, width, flags & PCIBAR_COPY_FIXED);
	else
		any_from(map->addr + off, dst, len);
	if (!ret && ends_in_ones(dst, len, width))
		ret = pcibar_access_ones(map);
	return ret;
}

PCIBAR_API int pcibar_map_copy_to(struct pcibar_map *map, uint64_t off, const void *src,
				  size_t len, unsigned int width, uint32_t flags)
{
	size_t step = flags & PCIBAR_COPY_FIXED ? 0 : width;
	int ret = check(map, off, len, width, flags, true);

	if (ret)
		return ret;
	if (!map->addr)
		return channel_to(map, map->offset + off, step, src, len, width);
	if (width)
		units_to(map->addr + off, src, len, width, flags & PCIBAR_COPY_FIXED);
	else
		any_to(map->addr + off, src, len, map->attr == PCIBAR_ATTR_WC);
	return pcibar_map_is_lost(map) ? -ENODEV : 0;
}
