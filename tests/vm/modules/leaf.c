// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * For tests only: the entry of the page table for an address. A process writes
 * an address of its own, in hexadecimal, to debugfs' file "leaf" and reads from
 * the same descriptor "LEVEL VALUE": 0 nothing there, 1 a PTE, 2 a PMD, 3 a PUD,
 * and the raw entry, whose bits are the architecture's.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/module.h>

static int leaf_find(struct mm_struct *mm, unsigned long addr, u64 *val)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	if (pgd_none(*pgd))
		return 0;

	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return 0;

	pud = pud_offset(p4d, addr);
	*val = pud_val(*pud);
	if (pud_none(*pud) || pud_leaf(*pud))
		return pud_none(*pud) ? 0 : 3;

	pmd = pmd_offset(pud, addr);
	*val = pmd_val(*pmd);
	if (pmd_none(*pmd) || pmd_leaf(*pmd))
		return pmd_none(*pmd) ? 0 : 2;

	/* Page tables are never in high memory on 64-bit kernels. */
	pte = pte_offset_kernel(pmd, addr);
	*val = pte_val(*pte);
	return pte_none(*pte) ? 0 : 1;
}

static ssize_t leaf_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	unsigned long addr;
	int ret = kstrtoul_from_user(buf, len, 16, &addr);

	if (ret)
		return ret;
	if (addr >= TASK_SIZE)
		return -EFAULT;
	file->private_data = (void *)addr;
	return len;
}

/* Page tables of a mapping are freed under the write lock only. */
static ssize_t leaf_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct mm_struct *mm = current->mm;
	char text[32];
	u64 val = 0;
	int level;

	mmap_read_lock(mm);
	level = leaf_find(mm, (unsigned long)file->private_data, &val);
	mmap_read_unlock(mm);
	return simple_read_from_buffer(buf, len, pos, text,
				       scnprintf(text, sizeof(text), "%d 0x%llx", level, val));
}

static const struct file_operations leaf_fops = {
	.owner = THIS_MODULE,
	.write = leaf_write,
	.read = leaf_read,
	.llseek = noop_llseek,
};

static struct dentry *leaf_file;

static int __init leaf_init(void)
{
	leaf_file = debugfs_create_file("leaf", 0600, NULL, NULL, &leaf_fops);
	return PTR_ERR_OR_ZERO(leaf_file);
}

static void __exit leaf_exit(void)
{
	debugfs_remove(leaf_file);
}

module_init(leaf_init);
module_exit(leaf_exit);

MODULE_AUTHOR("The pcibar authors");
MODULE_DESCRIPTION("Entries of page tables, for tests");
MODULE_LICENSE("Dual BSD/GPL");
