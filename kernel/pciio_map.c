// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The files of BAR descriptors: mmap, page faults, poll, fdinfo. */
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/security.h>
#include <linux/seq_file.h>

#include "pciio.h"

#define NAME_LEN	48	/* of "DDDDDDDD:BB:DD.F BARn" */

/* Every refusal of mmap(). */
static int map_check(struct pciio_handle *handle, unsigned long len, unsigned long pgoff,
		     bool shared)
{
	struct pciio_bar *bar = handle->bar;
	u64 room = pciio_bar_pages(bar), first = (u64)pgoff << PAGE_SHIFT;

	if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		return -EPERM;
	if (!shared)	/* copy on write of such a page is a BUG_ON() */
		return -EINVAL;
	if (pgoff > room >> PAGE_SHIFT || PAGE_ALIGN(len) < len || PAGE_ALIGN(len) > room - first)
		return -EINVAL;
	if (pciio_handle_has_msix(handle, first, first + PAGE_ALIGN(len)))
		return -EPERM;
	return READ_ONCE(bar->reasons) & PCIIO_DEAD ? -ENODEV : 0;
}

/* An address congruent to the BAR's modulo 2 MiB; otherwise 2 MiB pages would not fit. */
static unsigned long pciio_get_unmapped_area(struct file *file, unsigned long addr,
					     unsigned long len, unsigned long pgoff,
					     unsigned long flags)
{
	struct pciio_handle *handle = file->private_data;
	unsigned long area, want;
	int ret;

	/*
	 * The kernel asks for an address before it unmaps what MAP_FIXED replaces; a
	 * refusal in ->mmap would leave a hole there.
	 */
	if (flags & MAP_FIXED) {
		ret = map_check(handle, len, pgoff, (flags & MAP_TYPE) != MAP_PRIVATE);
		if (ret)
			return ret;
	}

	if (addr || flags & MAP_FIXED || len < PMD_SIZE || len + PMD_SIZE < len)
		return pciio_mm_unmapped_area(file, addr, len, pgoff, flags);

	area = pciio_mm_unmapped_area(file, 0, len + PMD_SIZE, 0, flags);
	if (IS_ERR_VALUE(area))
		return pciio_mm_unmapped_area(file, addr, len, pgoff, flags);

	want = (unsigned long)PCIIO_PAGE_BASE(handle->bar->start) + (pgoff << PAGE_SHIFT);
	return area + ((want - area) & (PMD_SIZE - 1));
}

static phys_addr_t vma_phys(struct vm_area_struct *vma, const struct pciio_bar *bar,
			    unsigned long addr)
{
	return PCIIO_PAGE_BASE(bar->start) + ((phys_addr_t)vma->vm_pgoff << PAGE_SHIFT) +
	       (addr - vma->vm_start);
}

#ifdef PCIIO_HUGE
static bool huge_fits(struct vm_fault *vmf, struct pciio_handle *handle)
{
	unsigned long start = vmf->address & PMD_MASK;
	struct vm_area_struct *vma = vmf->vma;

	return !(handle->flags & PCIIO_BAR_OPEN_SMALL_PAGES) && start >= vma->vm_start &&
	       start + PMD_SIZE <= vma->vm_end &&
	       IS_ALIGNED(vma_phys(vma, handle->bar, start), PMD_SIZE);
}

/* The write flag matters: a read-only PMD under a write fault would fault endlessly. */
static vm_fault_t fill_huge(struct vm_fault *vmf, struct pciio_handle *handle)
{
	unsigned long start = vmf->address & PMD_MASK;
	unsigned long pfn = PHYS_PFN(vma_phys(vmf->vma, handle->bar, start));
	pmd_t pmd = READ_ONCE(*vmf->pmd);

	/* Another thread has made a page table, because 2 MiB pages were forbidden to it. */
	if (!pmd_none(pmd) && !pciio_pmd_is_huge(pmd))
		return VM_FAULT_FALLBACK;

	return pciio_insert_pmd(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
}

struct filler {
	struct mm_struct *mm;
	unsigned long pfn;
	pgprot_t prot;
	unsigned long address;		/* that must be mapped afterwards */
	bool blocked;
};

static int fill_pte(pte_t *pte, unsigned long addr, void *data)
{
	struct filler *fill = data;
	pte_t old = ptep_get_lockless(pte);

	if (pte_none(old))
		set_pte_at(fill->mm, addr, pte, pte_mkspecial(pfn_pte(fill->pfn, fill->prot)));
	else if (!pte_present(old) && addr == fill->address)
		fill->blocked = true;
	fill->pfn++;
	return 0;
}

/* vmf_insert_pfn() for each page would take five times as long. */
static vm_fault_t fill_pages(struct vm_fault *vmf, phys_addr_t phys, unsigned long start,
			     unsigned long end)
{
	struct filler fill = {
		.mm = vmf->vma->vm_mm,
		.pfn = PHYS_PFN(phys),
		.prot = vmf->vma->vm_page_prot,
		.address = vmf->address & PAGE_MASK,
	};
	pmd_t pmd = READ_ONCE(*vmf->pmd);

	/* Another thread installed a 2 MiB page while this one waited for the lock. */
	if (!pmd_none(pmd) && pciio_pmd_is_huge(pmd))
		return VM_FAULT_NOPAGE;

	if (apply_to_page_range(fill.mm, start, end - start, fill_pte, &fill))
		return VM_FAULT_OOM;
	/* A marker of userfaultfd, for instance: the access would fault endlessly. */
	return fill.blocked ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}
#else
static vm_fault_t fill_pages(struct vm_fault *vmf, phys_addr_t phys, unsigned long start,
			     unsigned long end)
{
	unsigned long addr, pfn = PHYS_PFN(phys);
	vm_fault_t ret = VM_FAULT_NOPAGE;

	for (addr = start; addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = vmf_insert_pfn(vmf->vma, addr, pfn++);
	return ret;
}
#endif

/* Up to 2 MiB at once: a fault for each page costs forty times an eager mapping. */
static vm_fault_t fill_small(struct vm_fault *vmf, struct pciio_handle *handle)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long start = max(vmf->address & PMD_MASK, vma->vm_start);
	unsigned long end = min((vmf->address & PMD_MASK) + PMD_SIZE, vma->vm_end);

	return fill_pages(vmf, vma_phys(vma, handle->bar, start), start, end);
}

/* Returns -EAGAIN while a reset has configuration space to itself. */
static int read_decoding(struct pciio_func *func, struct pciio_bar *bar, bool *decoding)
{
	bool again = READ_ONCE(bar->reasons) & PCIIO_READ_BACK;
	struct pciio_look look;
	u16 command;
	int ret;

	if (!pciio_cfg_trylock(func))
		return -EAGAIN;
	ret = pciio_command_read(func, &command);
	/* Another process may have undone what was found the last time. */
	if (!ret && again)
		ret = pciio_look_take(func, &look);
	pciio_cfg_unlock(func);

	if (!ret && again)
		pciio_look_apply(func, &look);
	*decoding = !ret && command != (u16)~0 &&
		    (command & PCI_COMMAND_MEMORY || func->pdev->is_virtfn);
	return ret == -EAGAIN ? ret : 0;
}

/*
 * Reads whether the BAR is decoded, before bar->lock is taken: a reset zaps while
 * configuration access is blocked. Returns VM_FAULT_RETRY when a reset or a
 * request keeps the fault waiting, VM_FAULT_NOPAGE when it may be filled.
 */
static vm_fault_t fault_check(struct pciio_func *func, struct pciio_bar *bar)
{
	bool decoding = false;
	int try;

	/* Once more when it is not: a thread may be held up over a whole reset. */
	for (try = 0; try < 2 && !decoding; try++)
		if (atomic_read(&func->gates) || read_decoding(func, bar, &decoding))
			return VM_FAULT_RETRY;

	return decoding ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS;
}

typedef vm_fault_t (*fill_fn)(struct vm_fault *vmf, struct pciio_handle *handle);

static vm_fault_t fault_fill(struct vm_fault *vmf, struct pciio_handle *handle, fill_fn fill)
{
	struct pciio_bar *bar = handle->bar;

	lockdep_assert_held(&bar->lock);
	/* The memory type is the driver's as long as there is any other reason. */
	if (bar->reasons == PCIIO_ATTR && READ_ONCE(bar->func->driver) == PCIIO_DRIVER_NONE &&
	    !pciio_attr_reserve(bar, bar->attr))
		pciio_bar_mark(bar, 0, PCIIO_ATTR);
	if (pciio_bar_reasons(bar, handle))
		return VM_FAULT_SIGBUS;
	if (!(handle->flags & PCIIO_BAR_OPEN_SHARE_PAGE) && pciio_page_shared(bar))
		return VM_FAULT_SIGBUS;
	return fill(vmf, handle);
}

/* Returns VM_FAULT_NOPAGE without a page when the state changed in the meantime. */
static vm_fault_t fault_once(struct vm_fault *vmf, struct pciio_handle *handle, fill_fn fill,
			     bool *filled)
{
	struct pciio_bar *bar = handle->bar;
	struct pciio_func *func = bar->func;
	unsigned long seq;
	vm_fault_t ret;

	/* Before anything is read that a change would make stale. */
	seq = smp_load_acquire(&bar->seq);
	if (READ_ONCE(bar->reasons) & PCIIO_DEAD)
		return VM_FAULT_SIGBUS;
	if (pciio_bar_moved(bar)) {
		pciio_bar_kill(bar);
		return VM_FAULT_SIGBUS;
	}

	ret = fault_check(func, bar);
	if (ret != VM_FAULT_NOPAGE)
		return ret;

	mutex_lock(&bar->lock);
	*filled = seq == bar->seq;
	if (atomic_read(&func->gates))
		ret = VM_FAULT_RETRY;
	else if (*filled)
		ret = fault_fill(vmf, handle, fill);
	mutex_unlock(&bar->lock);
	return ret;
}

/* Some callers in the kernel take a fault without a page for a failure, so try a few times. */
static vm_fault_t fault_inside(struct vm_fault *vmf, struct pciio_handle *handle, fill_fn fill)
{
	bool filled = false;
	vm_fault_t ret;
	int try;

	if (READ_ONCE(handle->bar->reasons) & PCIIO_DRIVER)
		pciio_driver_settle(handle->bar->func);

	for (try = 0; try < 8; try++) {
		ret = fault_once(vmf, handle, fill, &filled);
		if (ret != VM_FAULT_NOPAGE || filled)
			break;
	}
	return ret;
}

/*
 * Lets go of mmap_lock for the wait, so that /proc files of the process do not
 * hang. The file keeps what the wait needs: the mapping may go in the meantime.
 */
static vm_fault_t fault_wait(struct vm_fault *vmf, struct pciio_func *func)
{
	struct file *file = vmf->vma->vm_file;

	/* Only .huge_fault is called so; the kernel then calls .fault with mmap_lock. */
	if (vmf->flags & PCIIO_FAULT_VMA_LOCK)
		return VM_FAULT_FALLBACK;
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		pciio_func_wait(func);
		return VM_FAULT_NOPAGE;
	}
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;

	get_file(file);
	mmap_read_unlock(vmf->vma->vm_mm);
	pciio_func_wait(func);
	fput(file);
	return VM_FAULT_RETRY;
}

static vm_fault_t bar_fault(struct vm_fault *vmf, fill_fn fill)
{
	struct pciio_handle *handle = vmf->vma->vm_file->private_data;
	struct pciio_func *func = handle->bar->func;
	vm_fault_t ret;

	if (!pciio_func_enter(func))
		return VM_FAULT_SIGBUS;
	ret = fault_inside(vmf, handle, fill);
	pciio_func_leave(func);

	return ret == VM_FAULT_RETRY ? fault_wait(vmf, func) : ret;
}

#ifdef PCIIO_HUGE_FAULT
static vm_fault_t pciio_huge_fault(struct vm_fault *vmf, unsigned int order)
{
#ifdef PCIIO_HUGE
	if (order == PMD_ORDER && huge_fits(vmf, vmf->vma->vm_file->private_data))
		return bar_fault(vmf, fill_huge);
#endif
	return VM_FAULT_FALLBACK;
}
#endif

static vm_fault_t pciio_fault(struct vm_fault *vmf)
{
#if defined(PCIIO_HUGE) && !defined(PCIIO_HUGE_FAULT)
	if (pmd_none(READ_ONCE(*vmf->pmd)) && huge_fits(vmf, vmf->vma->vm_file->private_data)) {
		vm_fault_t ret = bar_fault(vmf, fill_huge);

		if (!(ret & VM_FAULT_FALLBACK))
			return ret;
	}
#endif
	return bar_fault(vmf, fill_small);
}

static const struct vm_operations_struct pciio_vm_ops = {
	.fault = pciio_fault,
#ifdef PCIIO_HUGE_FAULT
	.huge_fault = pciio_huge_fault,
#endif
};

static int pciio_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pciio_handle *handle = file->private_data;
	bool write = handle->flags & PCIIO_BAR_OPEN_RW;
	int ret;

	/* The kernel drops VM_SHARED from mappings of read-only files, but not this flag. */
	ret = map_check(handle, vma->vm_end - vma->vm_start, vma->vm_pgoff,
			vma->vm_flags & VM_MAYSHARE);
	if (ret)
		return ret;

	vm_flags_mod(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP,
		     VM_MAYEXEC | (write ? 0 : VM_MAYWRITE));
	vma->vm_page_prot = pciio_attr_pgprot(handle->bar->attr, vma->vm_page_prot);
	vma->vm_ops = &pciio_vm_ops;
	return 0;
}

/* A BAR that is found to have moved gives up at once what it holds at the old place. */
static unsigned int reasons_now(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	unsigned int reasons;

	if (!pciio_func_enter(bar->func))
		return PCIIO_DEAD;

	if (!(READ_ONCE(bar->reasons) & PCIIO_DEAD) && pciio_bar_moved(bar))
		pciio_bar_kill(bar);
	if (READ_ONCE(bar->reasons) & PCIIO_DRIVER)
		pciio_driver_settle(bar->func);
	mutex_lock(&bar->lock);
	reasons = pciio_bar_reasons(bar, handle);
	mutex_unlock(&bar->lock);

	pciio_func_leave(bar->func);
	return reasons;
}

/* Level-triggered: as long as the state lasts. */
static __poll_t pciio_poll(struct file *file, poll_table *wait)
{
	struct pciio_handle *handle = file->private_data;
	unsigned int reasons;

	poll_wait(file, &handle->bar->wait, wait);
	reasons = reasons_now(handle);
	if (reasons & PCIIO_DEAD)
		return EPOLLHUP | EPOLLERR;
	return reasons ? EPOLLPRI : 0;
}

static int pciio_release(struct inode *inode, struct file *file)
{
	pciio_handle_release(file->private_data);
	return 0;
}

/*
 * DMA of a function that is bound to pciio stays in its default domain: its group
 * cannot be claimed by anyone else. func->lock keeps it bound.
 */
static bool dma_translated(struct pciio_func *func)
{
	struct iommu_domain *domain;
	bool translated = false;

	mutex_lock(&func->lock);
	if (func->delegated) {
		domain = iommu_get_domain_for_dev(&func->pdev->dev);
		translated = domain && domain->type & __IOMMU_DOMAIN_PAGING &&
			     pciio_has_isolated_msi(&func->pdev->dev);
	}
	mutex_unlock(&func->lock);
	return translated;
}

static const char *dma_state(struct pciio_func *func)
{
	const char *state = "off";
	u32 command;

	if (!pciio_func_enter(func))
		return state;

	if (pciio_cfg_read_wait(func, PCI_COMMAND, 2, &command) || command & PCI_COMMAND_MASTER)
		state = dma_translated(func) ? "translated" : "unprotected";
	pciio_func_leave(func);
	return state;
}

static void pciio_show_fdinfo(struct seq_file *m, struct file *file)
{
	static const char *const names[] = {
		"dead", "driver", "decode", "moved", "error", "power", "attribute",
	};
	struct pciio_handle *handle = file->private_data;
	struct pciio_bar *bar = handle->bar;
	unsigned int reasons = reasons_now(handle), i;

	seq_printf(m, "function:\t%s\nbar:\t%u\nright:\t%s\nattribute:\t%s\nstate:\t%s\n",
		   bar->func->name, bar->index,
		   handle->flags & PCIIO_BAR_OPEN_RW ? "rw" : "ro", pciio_attr_name(bar->attr),
		   reasons & PCIIO_DEAD ? "dead" : reasons ? "suspended" : "live");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (reasons & BIT(i))
			seq_printf(m, "reason:\t%s\n", names[i]);
	seq_printf(m, "flags:\t0x%x\nopener:\t%d %*pE\ndma:\t%s\n", handle->flags,
		   pid_vnr(handle->pid), (int)strlen(handle->comm), handle->comm,
		   reasons & PCIIO_DEAD ? "off" : dma_state(bar->func));
}

static const struct file_operations pciio_map_fops = {
	.owner = THIS_MODULE,
	.mmap = pciio_mmap,
	.get_unmapped_area = pciio_get_unmapped_area,
	.poll = pciio_poll,
	.release = pciio_release,
	.show_fdinfo = pciio_show_fdinfo,
	.llseek = noop_llseek,
};

/* The file owns the handle from then on. */
struct file *pciio_map_file(struct pciio_handle *handle)
{
	bool write = handle->flags & PCIIO_BAR_OPEN_RW;
	struct pciio_bar *bar = handle->bar;
	char name[NAME_LEN];

	scnprintf(name, sizeof(name), "%s %s%u", bar->func->name,
		  bar->index == PCI_ROM_RESOURCE ? "ROM" : "BAR", bar->index);
	return pciio_file_new(bar->inode, name, write ? O_RDWR : O_RDONLY, &pciio_map_fops,
			      handle);
}
