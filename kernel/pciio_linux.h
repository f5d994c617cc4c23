/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Differences between kernel versions, as functions with the newest kernel's
 * signature. No other file of the module knows the version.
 */
#ifndef PCIIO_LINUX_H
#define PCIIO_LINUX_H

#include <linux/eventfd.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <linux/msi_api.h>
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

/*
 * 2 MiB pages (PMD mappings). From 6.12 on the kernel asks for them through
 * .huge_fault and marks them special. Before that, .fault may install one while
 * there is no page table yet, and only a "devmap" PMD keeps
 * get_user_pages_fast() away: a plain one makes it oops. 1 GiB pages are never
 * used: munmap() of a part of one oopses.
 */
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && (defined(CONFIG_X86_64) || defined(CONFIG_ARM64))
#define PCIIO_HUGE		1
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define PCIIO_HUGE_FAULT	1
#endif

/* 6.4 brought faults under the lock of a VMA; there are none before. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define PCIIO_FAULT_VMA_LOCK	0
#else
#define PCIIO_FAULT_VMA_LOCK	FAULT_FLAG_VMA_LOCK
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* mm_get_unmapped_area() of 6.19; the older ones name the address space. */
static inline unsigned long pciio_mm_unmapped_area(struct file *file, unsigned long addr,
						   unsigned long len, unsigned long pgoff,
						   unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	return mm_get_unmapped_area(file, addr, len, pgoff, flags);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags);
#else
	return current->mm->get_unmapped_area(file, addr, len, pgoff, flags);
#endif
}

#ifdef PCIIO_HUGE
static inline bool pciio_pmd_is_huge(pmd_t pmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return pmd_leaf(pmd);
#else
	return pmd_trans_huge(pmd) || pmd_devmap(pmd);
#endif
}

static inline vm_fault_t pciio_insert_pmd(struct vm_fault *vmf, unsigned long pfn, bool write)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return vmf_insert_pfn_pmd(vmf, pfn, write);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#else
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV | PFN_MAP), write);
#endif
}
#endif

/*
 * Whether the function has been given to drivers. Before that the kernel may
 * still move its BARs, and pci_enable_device() complains about BARs that are not
 * assigned yet. From 6.16 on the flag is private to the PCI core; procent is set
 * just before it.
 */
static inline bool pciio_dev_is_added(const struct pci_dev *pdev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	return !IS_ENABLED(CONFIG_PROC_FS) || pdev->procent;
#else
	return pdev->match_driver;
#endif
}

/* Whether interrupt messages of the device can only raise its own interrupts. */
static inline bool pciio_has_isolated_msi(struct device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	struct iommu_group *group = iommu_group_get(dev);
	bool isolated;

	if (!group)
		return false;

	isolated = iommu_group_has_isolated_msi(group);
	iommu_group_put(group);
	return isolated;
#else
	return device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
#endif
}

static inline void pciio_eventfd_signal(struct eventfd_ctx *eventfd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(eventfd);
#else
	eventfd_signal(eventfd, 1);
#endif
}

/* 6.2 brought MSI-X vectors that are added while others are in use. */
static inline bool pciio_msix_can_grow(struct pci_dev *pdev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return pci_msix_can_alloc_dyn(pdev);
#else
	return false;
#endif
}

static inline int pciio_msix_add(struct pci_dev *pdev, unsigned int index)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	struct msi_map map = pci_msix_alloc_irq_at(pdev, index, NULL);

	return map.index < 0 ? map.index : 0;
#else
	return -EOPNOTSUPP;
#endif
}

static inline void pciio_msix_remove(struct pci_dev *pdev, unsigned int index)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	struct msi_map map = { .index = index, .virq = pci_irq_vector(pdev, index) };

	pci_msix_free_irq(pdev, map);
#endif
}

#endif
