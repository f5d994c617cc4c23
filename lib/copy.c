// SPDX-License-Identifier: BSD-2-Clause
/* Copies of a range, at exact width or at any. */
#include <errno.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "internal.h"

#define LINE	64	/* what one vector register or burst moves at most */

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
}

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

#define DEFINE_ONES(bits)							\
static bool has_ones_##bits(const char *buf, size_t len)			\
{										\
	for (uint##bits##_t val; len; len -= sizeof(val), buf += sizeof(val)) {	\
		memcpy(&val, buf, sizeof(val));					\
		if (val == UINT##bits##_MAX)					\
			return true;						\
	}									\
	return false;								\
}

DEFINE_ONES(8)
DEFINE_ONES(16)
DEFINE_ONES(32)

/*
 * Whether any of the units is all-ones. Quadwords are checked by dwords, because
 * each may have a completion of its own: behind a 32-bit bus, or split by a bridge,
 * one half of a 64-bit load may be lost.
 */
static __attribute__((noinline)) bool has_ones(const char *buf, size_t len, unsigned int width)
{
	switch (width) {
	case 1:
		return has_ones_8(buf, len);
	case 2:
		return has_ones_16(buf, len);
	default:
		return has_ones_32(buf, len);
	}
}

/*
 * Any width. Whole 64-byte lines at a 64-byte boundary of the device's side go
 * through vector registers, with non-temporal stores on a WC map, the rest
 * through words and, at the ends, parts of words.
 *
 * Not memcpy(): it, or what a compiler makes of it, may be "rep movs", which the
 * CPU turns into single bytes on uncached memory; device memory of arm64 faults
 * on its unaligned accesses; and the order and the boundaries of its loads are
 * unknown. Here all loads are aligned, so that one which the device did not
 * complete, or not all of, leaves an aligned dword, or a part at an end, of all-ones.
 *
 * The vector accesses are volatile, or a compiler might make memcpy() of the loop.
 */
#ifdef __x86_64__
#define DEFINE_LINES(suffix, isa, vector, stream, mask)				\
__attribute__((target(isa)))							\
static bool load_##suffix(char *dst, const volatile char PCIBAR_IOMEM *src, size_t len)	\
{										\
	unsigned int ones = 0;							\
										\
	_Pragma("GCC unroll 4")							\
	for (size_t i = 0; i < len; i += sizeof(vector)) {			\
		vector val = *(const volatile vector PCIBAR_IOFORCE *)(src + i);	\
										\
		*(vector##_u *)(dst + i) = val;					\
		ones |= (unsigned int)mask(val);				\
	}									\
	return ones;								\
}										\
										\
__attribute__((target(isa)))							\
static void store_##suffix(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len) \
{										\
	_Pragma("GCC unroll 4")							\
	for (size_t i = 0; i < len; i += sizeof(vector))			\
		*(volatile vector PCIBAR_IOFORCE *)(dst + i) =			\
			*(const vector##_u *)(src + i);				\
}										\
										\
__attribute__((target(isa)))							\
static void stream_##suffix(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len) \
{										\
	_Pragma("GCC unroll 4")							\
	for (size_t i = 0; i < len; i += sizeof(vector))			\
		stream((vector PCIBAR_IOFORCE *)(uintptr_t)(dst + i),		\
		       *(const vector##_u *)(src + i));				\
}

/* Not 0: some dword is all-ones. */
#define ONES_512(val)	_mm512_cmpeq_epi32_mask(val, _mm512_set1_epi32(-1))
#define ONES_AVX2(val)	_mm256_movemask_epi8(_mm256_cmpeq_epi32(val, _mm256_set1_epi32(-1)))
#define ONES_SSE2(val)	_mm_movemask_epi8(_mm_cmpeq_epi32(val, _mm_set1_epi32(-1)))

/* In these releases of clang, vectors of 512 bits are a feature of their own. */
#if defined(__clang__) && __clang_major__ >= 18 && __clang_major__ <= 21
# define ISA_512	"avx512f,evex512"
#else
# define ISA_512	"avx512f"
#endif

DEFINE_LINES(512, ISA_512, __m512i, _mm512_stream_si512, ONES_512)
DEFINE_LINES(avx2, "avx2", __m256i, _mm256_stream_si256, ONES_AVX2)
DEFINE_LINES(sse2, "sse2", __m128i, _mm_stream_si128, ONES_SSE2)

/* Not every compiler's run-time library knows the CPU: see lib/meson.build. */
#ifdef PCIBAR_NO_CPU_MODEL
# define cpu_supports(isa)	false
#else
# define cpu_supports(isa)	__builtin_cpu_supports(isa)
#endif

/* Returns whether an aligned dword was all-ones. */
static bool lines_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	if (cpu_supports("avx512f"))
		return load_512(dst, src, len);
	if (cpu_supports("avx2"))
		return load_avx2(dst, src, len);
	return load_sse2(dst, src, len);
}

static void lines_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	if (cpu_supports("avx512f"))
		(wc ? stream_512 : store_512)(dst, src, len);
	else if (cpu_supports("avx2"))
		(wc ? stream_avx2 : store_avx2)(dst, src, len);
	else
		(wc ? stream_sse2 : store_sse2)(dst, src, len);
}
#else
static bool lines_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	words_from(src, false, dst, len);
	return has_ones(dst, len, WORD);
}

static void lines_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	(void)wc;
	words_to(dst, false, src, len);
}
#endif

/* Bytes up to the next multiple of @align, or all of @len if that is less. */
static size_t head(const volatile void PCIBAR_IOMEM *addr, size_t len, size_t align)
{
	size_t n = -(uintptr_t)addr & (align - 1);

	return n < len ? n : len;
}

/* The largest unit below a word that is aligned at @addr and not longer than @len. */
static unsigned int part_width(const volatile void PCIBAR_IOMEM *addr, size_t len)
{
	unsigned int width = WORD / 2;

	while ((uintptr_t)addr & (width - 1) || width > len)
		width /= 2;
	return width;
}

/* Part of a word, at an end of what is copied; returns whether a unit of it was all-ones. */
static bool part_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	bool ones = false;

	while (len) {
		unsigned int width = part_width(src, len);

		units_from(src, false, dst, width, width);
		ones |= has_ones(dst, width, width);
		src += width;
		dst += width;
		len -= width;
	}
	return ones;
}

static void part_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len)
{
	while (len) {
		unsigned int width = part_width(dst, len);

		units_to(dst, false, src, width, width);
		dst += width;
		src += width;
		len -= width;
	}
}

/* Whole words; returns whether a dword of them was all-ones. */
static bool body_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	size_t lead = head(src, len, LINE), end = lead + ((len - lead) & ~(size_t)(LINE - 1));
	bool ones;

	words_from(src, false, dst, lead);
	ones = lines_from(src + lead, dst + lead, end - lead);
	words_from(src + end, false, dst + end, len - end);
	return ones || has_ones_32(dst, lead) || has_ones_32(dst + end, len - end);
}

static void body_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	size_t lead = head(dst, len, LINE), lines = (len - lead) & ~(size_t)(LINE - 1);

	words_to(dst, false, src, lead);
	lines_to(dst + lead, src + lead, lines, wc);
	words_to(dst + lead + lines, false, src + lead + lines, len - lead - lines);
}

/* Returns whether an aligned dword, or a unit of a part, was all-ones. */
static bool any_from(const volatile char PCIBAR_IOMEM *src, char *dst, size_t len)
{
	size_t lead = head(src, len, WORD), end = lead + ((len - lead) & ~(size_t)(WORD - 1));
	bool ones;

	ones = part_from(src, dst, lead);
	ones |= body_from(src + lead, dst + lead, end - lead);
	ones |= part_from(src + end, dst + end, len - end);
	return ones;
}

static void any_to(volatile char PCIBAR_IOMEM *dst, const char *src, size_t len, bool wc)
{
	size_t lead = head(dst, len, WORD), body = (len - lead) & ~(size_t)(WORD - 1);

	part_to(dst, src, lead);
	body_to(dst + lead, src + lead, body, wc);
	part_to(dst + lead + body, src + lead + body, len - lead - body);
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
			return pcibar_access_result(map, ret);
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
			return pcibar_access_result(map, ret);
	}
	return 0;
}

/*
 * Could the device have been lost during a copy in units? Uncached loads are
 * executed in order, and whatever a loss did to one unit it did to all after it,
 * so the last unit is enough: of 8 bytes, either half. The CPU may reorder loads
 * from a WC map: there it may be any unit.
 */
static inline bool is_suspect(const struct pcibar_map *map, const char *dst, size_t len,
			      unsigned int width)
{
	if (map->attr == PCIBAR_ATTR_WC)
		return has_ones(dst, len, width);
	return len && ((unsigned char)dst[len - 1] == UINT8_MAX ||
		       (width == 8 && (unsigned char)dst[len - 5] == UINT8_MAX)) &&
	       has_ones(dst + len - width, width, width);
}

/*
 * All-ones alone would not do: another thread's guard replaces a window from its
 * start, and what lies further on may work again before it gets there.
 */
static inline int after_read(struct pcibar_map *map, bool suspect)
{
	/* The accesses above come first: what they read may be what the guard put there. */
	pcibar_dma_rmb();
	return suspect || pcibar_map_lost(map) ? pcibar_access_ones(map) : 0;
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
	if (!width)
		return after_read(map, any_from(map->addr + off, dst, len));
	if (map->addr)
		units_from(map->addr + off, true, dst, len, width);
	else
		ret = channel_from(map, map->offset + off, step, dst, len, width);

	return ret ? ret : after_read(map, is_suspect(map, dst, len, width));
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
	return after_read(map, is_suspect(map, dst, len, width));
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
