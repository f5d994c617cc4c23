// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The files behind mappings. Each bar has an inode of its own in a file system
 * that nobody can mount, so that its address_space holds the mappings of this
 * bar and no others: anonymous inodes share one with the whole system.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/pfn_t.h>
#include <linux/poll.h>
#include <linux/pseudo_fs.h>
#include <linux/security.h>
#include <linux/seq_file.h>

#include "pciio.h"

#define PCIIO_MAGIC	0x70636969	/* "pcii" */
#define NAME_LEN	48		/* of "DDDDDDDD:BB:DD.F BARn" */

/*
 * The mount holds the module. It exists while a bar does, or the module could
 * never be unloaded.
 */
static struct vfsmount *pciio_mnt;
static int pciio_mnt_users;

/* Only from the dentry itself: an O_PATH descriptor keeps it after the bar is gone. */
static char *pciio_dname(struct dentry *dentry, char *buf, int len)
{
	char name[NAME_LEN + sizeof(PCIIO_NAME ":[]")];
	int n;

	n = scnprintf(name, sizeof(name), PCIIO_NAME ":[%s]", dentry->d_name.name);
	if (n >= len)
		return ERR_PTR(-ENAMETOOLONG);
	return memcpy(buf + len - n - 1, name, n + 1);
}

static const struct dentry_operations pciio_dentry_ops = {
	.d_dname = pciio_dname,
};

static int pciio_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, PCIIO_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->dops = &pciio_dentry_ops;
	fc->s_iflags |= SB_I_NOEXEC;
	return 0;
}

static struct file_system_type pciio_fs_type = {
	.name = PCIIO_NAME,
	.owner = THIS_MODULE,
	.init_fs_context = pciio_init_fs_context,
	.kill_sb = kill_anon_super,
};

struct inode *pciio_inode_new(void)
{
	struct inode *inode;
	int ret;

	ret = simple_pin_fs(&pciio_fs_type, &pciio_mnt, &pciio_mnt_users);
	if (ret)
		return ERR_PTR(ret);
	inode = alloc_anon_inode(pciio_mnt->mnt_sb);
	if (IS_ERR(inode))
		simple_release_fs(&pciio_mnt, &pciio_mnt_users);
	return inode;
}

void pciio_inode_put(struct inode *inode)
{
	iput(inode);
	simple_release_fs(&pciio_mnt, &pciio_mnt_users);
}

struct file *pciio_file_open(struct pciio_handle *handle)
{
	bool write = handle->flags & PCIIO_BAR_OPEN_RW;
	struct pciio_bar *bar = handle->bar;
	struct inode *inode = bar->inode;
	char name[NAME_LEN];
	struct file *file;

	scnprintf(name, sizeof(name), "%s %s%u", pci_name(bar->func->pdev),
		  bar->index == PCI_ROM_RESOURCE ? "ROM" : "BAR", bar->index);
	/* alloc_file_pseudo() does not count fops->owner, but the last fput() does. */
	__module_get(THIS_MODULE);
	ihold(inode);
	file = alloc_file_pseudo(inode, pciio_mnt, name, write ? O_RDWR : O_RDONLY,
				 &pciio_map_fops);
	if (IS_ERR(file)) {
		iput(inode);
		module_put(THIS_MODULE);
		return file;
	}
	file->f_mapping = inode->i_mapping;
	file->private_data = handle;
	return file;
}

void pciio_bar_zap(struct pciio_bar *bar)
{
	unmap_mapping_range(bar->inode->i_mapping, 0, 0, 1);
}

unsigned int pciio_bar_offset(const struct pciio_bar *bar)
{
	return bar->start & ~PAGE_MASK;
}

u64 pciio_bar_pages(const struct pciio_bar *bar)
{
	return PAGE_ALIGN((u64)pciio_bar_offset(bar) + bar->len);
}

/*
 * Where the MSI-X table and the pending bits are: whoever writes there reaches
 * all memory by DMA. Read once, when the descriptor is made: later a register of
 * the BAR might have put the device into a state in which it cannot be read.
 */
int pciio_msix_find(struct pciio_handle *handle)
{
	struct pciio_bar *bar = handle->bar;
	struct pci_dev *pdev = bar->func->pdev;
	static const int regs[] = { PCI_MSIX_TABLE, PCI_MSIX_PBA };
	u32 val, vectors;
	u16 flags;
	int i;

	if (!pdev->msix_cap)
		return 0;
	if (pci_user_read_config_word(pdev, pdev->msix_cap + PCI_MSIX_FLAGS, &flags) ||
	    flags == (u16)~0)
		return -EIO;
	vectors = (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 len = i ? DIV_ROUND_UP(vectors, 64) * 8 : vectors * PCI_MSIX_ENTRY_SIZE;

		if (pci_user_read_config_dword(pdev, pdev->msix_cap + regs[i], &val) ||
		    val == ~0U)
			return -EIO;
		if ((val & PCI_MSIX_TABLE_BIR) != bar->index)
			continue;
		handle->msix[i].first = (val & PCI_MSIX_TABLE_OFFSET) + pciio_bar_offset(bar);
		handle->msix[i].end = handle->msix[i].first + len;
	}
	return 0;
}

static bool window_has_msix(const struct pciio_handle *handle, u64 first, u64 end)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(handle->msix); i++)
		if (handle->msix[i].first < end && handle->msix[i].end > first)
			return true;
	return false;
}

/*
 * Every refusal of mmap(). The kernel asks for an address before it unmaps what
 * MAP_FIXED replaces; a refusal in ->mmap would leave a hole there.
 */
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
	if (window_has_msix(handle, first, first + PAGE_ALIGN(len)))
		return -EPERM;
	return READ_ONCE(bar->reasons) & PCIIO_DEAD ? -ENODEV : 0;
}

/* An address congruent to the bar's modulo 2 MiB, or leaves of that size would not fit. */
static unsigned long pciio_get_unmapped_area(struct file *file, unsigned long addr,
					     unsigned long len, unsigned long pgoff,
					     unsigned long flags)
{
	struct pciio_handle *handle = file->private_data;
	unsigned long area, want;
	int ret;

	ret = map_check(handle, len, pgoff, (flags & MAP_TYPE) != MAP_PRIVATE);
	if (ret)
		return ret;
	if (addr || flags & MAP_FIXED || len < PMD_SIZE || len + PMD_SIZE < len)
		goto plain;
	area = mm_get_unmapped_area(current->mm, file, 0, len + PMD_SIZE, 0, flags);
	if (IS_ERR_VALUE(area))
		goto plain;
	want = (unsigned long)PCIIO_PAGE_BASE(handle->bar->start) + (pgoff << PAGE_SHIFT);
	return area + ((want - area) & (PMD_SIZE - 1));
plain:
	return mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags);
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

/* The write flag matters: a read-only leaf under a write fault would fault for ever. */
static vm_fault_t fill_huge(struct vm_fault *vmf, struct pciio_handle *handle)
{
	unsigned long start = vmf->address & PMD_MASK;
	unsigned long pfn = PHYS_PFN(vma_phys(vmf->vma, handle->bar, start));
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	pmd_t pmd = READ_ONCE(*vmf->pmd);

	/* Another thread has made a page table, because leaves were forbidden to it. */
	if (!pmd_none(pmd) && !pmd_trans_huge(pmd) && !pmd_devmap(pmd))
		return VM_FAULT_FALLBACK;
#ifdef PCIIO_HUGE_FAULT
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), write);
#else
	return vmf_insert_pfn_pmd_prot(vmf, __pfn_to_pfn_t(pfn, PFN_DEV | PFN_MAP),
				       vmf->vma->vm_page_prot, write);
#endif
}

struct filler {
	struct mm_struct *mm;
	unsigned long pfn;
	pgprot_t prot;
};

static int fill_pte(pte_t *pte, unsigned long addr, void *data)
{
	struct filler *fill = data;

	if (pte_none(ptep_get_lockless(pte)))
		set_pte_at(fill->mm, addr, pte, pte_mkspecial(pfn_pte(fill->pfn, fill->prot)));
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
	};
	pmd_t pmd = READ_ONCE(*vmf->pmd);

	/* Another thread installed a leaf while this one waited for the lock. */
	if (!pmd_none(pmd) && (pmd_trans_huge(pmd) || pmd_devmap(pmd)))
		return VM_FAULT_NOPAGE;
	return apply_to_page_range(fill.mm, start, end - start, fill_pte, &fill) ? VM_FAULT_OOM
										 : VM_FAULT_NOPAGE;
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

/*
 * COMMAND is read before the lock is taken, and by the call that waits while a
 * reset keeps configuration space to itself: reset_prepare may zap meanwhile.
 * When @seq tells that what was read is out of date, the access faults again.
 */
static vm_fault_t bar_fault(struct vm_fault *vmf,
			    vm_fault_t (*fill)(struct vm_fault *, struct pciio_handle *))
{
	struct pciio_handle *handle = vmf->vma->vm_file->private_data;
	struct pciio_bar *bar = handle->bar;
	struct pci_dev *pdev = bar->func->pdev;
	unsigned long seq = READ_ONCE(bar->seq);
	vm_fault_t ret = VM_FAULT_SIGBUS;
	u16 command;

	if (READ_ONCE(bar->reasons) & PCIIO_DEAD ||
	    pci_user_read_config_word(pdev, PCI_COMMAND, &command) || command == (u16)~0)
		return VM_FAULT_SIGBUS;
	if (pciio_bar_moved(bar)) {
		pciio_bar_kill(bar);
		return VM_FAULT_SIGBUS;
	}
	/* Somebody else may have undone what we were told to do: look again. */
	if (READ_ONCE(bar->reasons) & PCIIO_WRITTEN) {
		pciio_func_written(pdev);
		seq = READ_ONCE(bar->seq);
	}
	mutex_lock(&bar->lock);
	if (seq != bar->seq) {
		ret = VM_FAULT_NOPAGE;
		goto out;
	}
	if (bar->reasons & PCIIO_ATTR && !pciio_attr_reserve(bar, bar->attr))
		bar->reasons &= ~PCIIO_ATTR;
	if ((command & PCI_COMMAND_MEMORY || pdev->is_virtfn) &&
	    !pciio_bar_reasons(bar, handle) &&
	    (handle->flags & PCIIO_BAR_OPEN_SHARE_PAGE || !pciio_page_shared(bar)))
		ret = fill(vmf, handle);
out:
	mutex_unlock(&bar->lock);
	return ret;
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

	/* The kernel drops VM_SHARED from mappings of read-only files, not this. */
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

static unsigned int reasons_now(struct pciio_handle *handle)
{
	unsigned int reasons;

	mutex_lock(&handle->bar->lock);
	reasons = pciio_bar_reasons(handle->bar, handle);
	mutex_unlock(&handle->bar->lock);
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

static const char *dma_state(struct pci_dev *pdev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pdev->dev);
	u16 command;

	if (!pci_user_read_config_word(pdev, PCI_COMMAND, &command) &&
	    !(command & PCI_COMMAND_MASTER))
		return "off";
	return domain && domain->type & __IOMMU_DOMAIN_PAGING ? "translated" : "unprotected";
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
		   pci_name(bar->func->pdev), bar->index,
		   handle->flags & PCIIO_BAR_OPEN_RW ? "rw" : "ro", pciio_attr_name(bar->attr),
		   reasons & PCIIO_DEAD ? "dead" : reasons ? "suspended" : "live");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (reasons & BIT(i))
			seq_printf(m, "reason:\t%s\n", names[i]);
	seq_printf(m, "flags:\t0x%x\nopener:\t%d %*pE\ndma:\t%s\n", handle->flags,
		   pid_vnr(handle->pid), (int)strlen(handle->comm), handle->comm,
		   reasons & PCIIO_DEAD ? "off" : dma_state(bar->func->pdev));
}

const struct file_operations pciio_map_fops = {
	.owner = THIS_MODULE,
	.mmap = pciio_mmap,
	.get_unmapped_area = pciio_get_unmapped_area,
	.poll = pciio_poll,
	.release = pciio_release,
	.show_fdinfo = pciio_show_fdinfo,
	.llseek = noop_llseek,
};
