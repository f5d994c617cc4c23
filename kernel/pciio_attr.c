// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory attributes: the constants of the ABI (FreeBSD's <machine/vm.h>, which
 * differ by architecture), and how this kernel does them.
 */
#include <linux/cc_platform.h>
#include <linux/io.h>
#include <linux/pgtable.h>
#ifdef CONFIG_X86
#include <asm/memtype.h>
#endif

#include "pciio.h"

enum support {
	INVALID,		/* no attribute of this architecture */
	REFUSED,		/* one, but not for device memory on Linux */
	AS_UC,
	AS_WC,
};

/*
 * x86: uncacheable and weakly uncacheable are both UC-, which is what Linux
 * calls uncached; the one substitution that is made. Write-back above 4 GiB
 * would really cache, write-through is lost in a 2 MiB leaf, write-protected
 * has no interface.
 */
static const unsigned char table[] = {
#if defined(CONFIG_X86)
	[0] = AS_UC, [1] = AS_WC, [4] = REFUSED, [5] = REFUSED, [6] = REFUSED, [7] = AS_UC,
#elif defined(CONFIG_ARM64)
	/* nGnRnE is what no kernel mapping of a BAR has; UNCACHEABLE is Normal-NC there. */
	[0] = REFUSED, [1] = AS_WC, [2] = REFUSED, [3] = REFUSED, [4] = AS_UC, [5] = REFUSED,
	[6] = AS_WC,
#elif defined(CONFIG_ARM)
	/* write-back, not cacheable (Normal), device, strongly ordered, write-through */
	[0] = REFUSED, [1] = AS_WC, [2] = AS_UC, [3] = AS_UC, [4] = REFUSED,
#elif defined(CONFIG_PPC)
	/* uncacheable, cacheable, write-combining, write-back, write-through, prefetchable */
	[1] = AS_UC, [2] = REFUSED, [4] = AS_WC, [8] = REFUSED, [16] = REFUSED, [32] = REFUSED,
#elif defined(CONFIG_RISCV)
	[0] = REFUSED, [1] = AS_UC, [2] = AS_UC,
#else
	[0] = AS_UC,
#endif
};

/*
 * Guests whose registers are hidden from the hypervisor reach emulated devices
 * by exceptions that only the kernel's accessors cause; s390x has no loads and
 * stores to BARs at all.
 */
static bool maps_possible(void)
{
#ifdef CONFIG_X86_64
	if (cpu_feature_enabled(X86_FEATURE_TDX_GUEST))
		return false;
#endif
	return !IS_ENABLED(CONFIG_S390) && !cc_platform_has(CC_ATTR_GUEST_STATE_ENCRYPT);
}

int pciio_attr_get(int memattr, enum pciio_attr *attr)
{
	if (memattr < 0 || memattr >= (int)sizeof(table))
		return -EINVAL;
	if (!maps_possible())
		return -EOPNOTSUPP;

	switch (table[memattr]) {
	case AS_UC:
		*attr = PCIIO_ATTR_UC;
		return 0;
	case AS_WC:
#ifdef CONFIG_X86
		/* Without a reservation, for which 32 bits are too few, WC becomes UC-. */
		if (!pat_enabled() || !IS_ENABLED(CONFIG_64BIT))
			return -EOPNOTSUPP;
#endif
		*attr = PCIIO_ATTR_WC;
		return 0;
	case REFUSED:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

pgprot_t pciio_attr_pgprot(enum pciio_attr attr, pgprot_t prot)
{
	prot = pgprot_decrypted(prot);
	if (attr == PCIIO_ATTR_WC)
		return pgprot_writecombine(prot);
#ifdef CONFIG_ARM64
	return pgprot_device(prot);
#else
	return pgprot_noncached(prot);
#endif
}

const char *pciio_attr_name(enum pciio_attr attr)
{
	return attr == PCIIO_ATTR_WC ? "wc" : "uc";
}

#ifdef CONFIG_X86_64
/* Neither mode needs the PAT bit, which is elsewhere in a large leaf. */
static bool has_mode(const void __iomem *addr, enum page_cache_mode mode)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)addr, &level);
	unsigned long pat = level == PG_LEVEL_4K ? _PAGE_PAT : _PAGE_PAT_LARGE;

	return pte && (pte_val(*pte) & (_PAGE_PWT | _PAGE_PCD | pat)) == cachemode2protval(mode);
}

/*
 * x86 keeps one type per physical range, and who comes second silently gets
 * the first one's, over the whole range if they overlap anywhere. So the bar is
 * mapped for the kernel as long as it is in use (cheap: 1 GiB pages), and
 * the type is read back. arch_io_reserve_memtype_wc() would not do: it drops
 * the type that it got.
 */
int pciio_attr_reserve(struct pciio_bar *bar, enum pciio_attr attr)
{
	bool wc = attr == PCIIO_ATTR_WC;
	void __iomem *addr;

	lockdep_assert_held(&bar->lock);
	if (bar->reserved)
		return 0;

	addr = wc ? ioremap_wc(bar->start, bar->len) : ioremap(bar->start, bar->len);
	if (!addr)
		return -EBUSY;
	if (!has_mode(addr, wc ? _PAGE_CACHE_MODE_WC : _PAGE_CACHE_MODE_UC_MINUS)) {
		iounmap(addr);
		return -EBUSY;
	}
	bar->reserved = addr;
	return 0;
}

void pciio_attr_release(struct pciio_bar *bar)
{
	if (bar->reserved)
		iounmap(bar->reserved);
	bar->reserved = NULL;
}
#else
/* Elsewhere the type belongs to the mapping, or (i386) the kernel's space is too small. */
int pciio_attr_reserve(struct pciio_bar *bar, enum pciio_attr attr)
{
	return 0;
}

void pciio_attr_release(struct pciio_bar *bar)
{
}
#endif
