/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pciio.ko - the parts and how they hang together.
 *
 *	pciio_node.c	/dev/pci: rights, dispatch of requests
 *	pciio_conf.c	configuration space, one BAR's facts, BARIO
 *	pciio_list.c	the list of functions
 *	pciio_vpd.c	vital product data
 *	pciio_open.c	BARMMAP and BAROPEN: the order of their checks
 *	pciio_bar.c	objects: functions and BARs in use, handles
 *	pciio_claim.c	arbitration with drivers and other users
 *	pciio_activate.c decoding on while it is needed
 *	pciio_event.c	states, and what changes them
 *	pciio_map.c	files of BARs: mmap, faults, poll, fdinfo
 *	pciio_attr.c	memory attributes
 *	pciio_compat.c	32-bit callers
 *	pciio_main.c	parameters, notifier, driver, debugfs
 *
 * Lock order: device_lock > pciio_lock > pciio_func.lock > pciio_bar.lock.
 * No lock is held over copy_to_user() and copy_from_user(). A fault takes only
 * the lock of its bar, and waits for configuration access before it does.
 */
#ifndef PCIIO_H
#define PCIIO_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/version.h>
#include <linux/wait.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#include <sys/pciio.h>

#define PCIIO_NAME	"pciio"

/* The bits of a BAR register that are not address. */
#define PCIIO_BAR_TYPE	0xf

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
static inline unsigned long mm_get_unmapped_area(struct mm_struct *mm, struct file *file,
						 unsigned long addr, unsigned long len,
						 unsigned long pgoff, unsigned long flags)
{
	return mm->get_unmapped_area(file, addr, len, pgoff, flags);
}
#endif

/*
 * Leaves of 2 MiB. From 6.12 on the kernel asks for them (.huge_fault) and
 * marks them special. Before, .fault may install one while there is no page
 * table yet, and only a "devmap" leaf keeps get_user_pages_fast() away: a plain
 * one makes it oops. Leaves of 1 GiB are never made: munmap() of a part of one
 * oopses.
 */
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && (defined(CONFIG_X86_64) || defined(CONFIG_ARM64))
#define PCIIO_HUGE		1
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define PCIIO_HUGE_FAULT	1
#endif

/* PAGE_MASK is 32 bits wide on 32-bit kernels, addresses of BARs need not be. */
#define PCIIO_PAGE_BASE(addr)	((addr) & ~(resource_size_t)(PAGE_SIZE - 1))

/* A function that no driver ever touched is PCI_UNKNOWN: it is on. */
static inline bool pciio_asleep(const struct pci_dev *pdev)
{
	int state = (__force int)pdev->current_state;

	return state >= (__force int)PCI_D1 && state <= (__force int)PCI_D3cold;
}

/* Why a bar does not answer; bits, because reasons overlap. */
enum pciio_reason {
	PCIIO_DEAD	= 1 << 0,	/* removed, moved or resized: for ever */
	PCIIO_DRIVER	= 1 << 1,	/* a driver is bound or binding */
	PCIIO_DECODE	= 1 << 2,	/* we were told to turn decoding off */
	PCIIO_MOVED	= 1 << 3,	/* we were told to write another address into the BAR */
	PCIIO_ERROR	= 1 << 4,	/* an error is being recovered from */
	PCIIO_POWER	= 1 << 5,	/* D1 to D3 */
	PCIIO_ATTR	= 1 << 6,	/* the memory type was lost to somebody else */
	/* Those that a look at configuration space sets and clears. */
	PCIIO_WRITTEN	= PCIIO_DECODE | PCIIO_MOVED | PCIIO_POWER,
};

/* One per function in use. */
struct pciio_func {
	struct list_head link;		/* in pciio_funcs; pciio_lock */
	struct list_head bars;		/* pciio_lock */
	struct pci_dev *pdev;		/* referenced; constant */
	unsigned int refs;		/* pciio_lock; each bar holds one */

	/* Covers what follows. */
	struct mutex lock;
	bool dead;			/* removed: the device is not touched any more */
	unsigned int users;		/* handles that ACTIVATE */
	unsigned int rom_users;		/* of them, on the expansion ROM */
	u16 saved;			/* COMMAND before the first */
	bool beside;			/* a driver had its part in @saved */
	bool enabled;			/* we hold a count of pci_enable_device() */
};

/* One per (function, BAR) in use. */
struct pciio_bar {
	struct list_head link;		/* in func->bars; pciio_lock */
	struct list_head handles;	/* lock */
	unsigned int refs;		/* pciio_lock */
	struct pciio_func *func;	/* constant, as the next five */
	struct inode *inode;		/* its address_space holds the mappings of this bar only */
	unsigned int index;
	resource_size_t start;		/* as it was at the first use: a change means moved */
	resource_size_t len;
	bool private;			/* its pages hold nothing else by alignment */

	wait_queue_head_t wait;		/* of poll() */

	/*
	 * Covers what follows, and the filling of page tables: one 2 MiB chunk
	 * is filled by leaves of one size only.
	 */
	struct mutex lock;
	unsigned int reasons;		/* enum pciio_reason; 0: live */
	unsigned long seq;		/* bumped whenever a fault must look again */
	unsigned int sharers;		/* handles with SHARE_DRIVER */
	bool exclusive;			/* one handle, and it holds @region */
	struct resource *region;
	unsigned int attr;		/* enum pciio_attr of all mappings */
	void __iomem *reserved;		/* keeps the range's memory type ours */
};

/* Private data of one file: a mapping by BARMMAP, or a BAR descriptor. */
struct pciio_handle {
	struct list_head link;		/* in bar->handles; bar->lock */
	struct pciio_bar *bar;
	u32 flags;			/* PCIIO_BAR_OPEN_* */
	bool active;			/* counted in func->users */
	bool powered;			/* holds a runtime PM reference */
	struct pid *pid;		/* of the opener, for people; may be gone */
	char comm[TASK_COMM_LEN];
	struct {
		u64 first, end;
	} msix[2];			/* with NO_MSIX: bytes that are not given out */
};

enum pciio_attr {
	PCIIO_ATTR_UC,
	PCIIO_ATTR_WC,
};

/* What BARMMAP and BAROPEN have in common. */
struct pciio_request {
	struct pcisel sel;
	int reg;
	u32 flags;			/* PCIIO_BAR_OPEN_* */
	int memattr;
};

extern bool pciio_share_driver;
extern bool pciio_share_page;
extern bool pciio_small_pages;
extern atomic_t pciio_generation;
extern struct pci_driver pciio_driver;

/* pciio_node.c */
int pciio_node_register(void);
void pciio_node_unregister(void);
struct pci_dev *pciio_find(const struct pcisel *sel);

/* pciio_conf.c */
long pciio_read(void __user *arg);
long pciio_write(void __user *arg);
long pciio_attached(void __user *arg);
long pciio_getbar(void __user *arg);
long pciio_bario(void __user *arg);
/* Index of the BAR at a configuration offset, or -EINVAL when there is none. */
int pciio_bar_index(struct pci_dev *pdev, int reg);
/* A function, awake. */
struct pci_dev *pciio_conf_get(const struct pcisel *sel);
void pciio_conf_put(struct pci_dev *pdev);
int pciio_bar_register(struct pci_dev *pdev, int index, u64 *val);
bool pciio_rom_enabled(struct pci_dev *pdev);

/* pciio_list.c */
long pciio_getconf(void __user *arg, unsigned int long_size, bool extended);

/* pciio_vpd.c */
long pciio_listvpd(struct pcisel *sel, void __user *data, u64 *len);
long pciio_listvpd_native(void __user *arg);

/* pciio_open.c */
struct pciio_mapping {
	unsigned long base;
	size_t length;
	u64 bar_length;
	unsigned int bar_off;
};

int pciio_map_request(const struct pciio_request *req, u32 mmap_flags, unsigned long arg,
		      size_t arg_size, struct pciio_mapping *map);
long pciio_barmmap(void __user *arg);
long pciio_baropen(void __user *arg);

/* pciio_bar.c */
bool pciio_bar_assigned(struct pci_dev *pdev, int index);
int pciio_handle_create(struct pci_dev *pdev, int index, u32 flags, enum pciio_attr attr,
			struct pciio_handle **handlep);
void pciio_handle_release(struct pciio_handle *handle);
struct pciio_func *pciio_func_get(struct pci_dev *pdev);
/* NULL when nobody uses the function. */
struct pciio_func *pciio_func_hold(struct pci_dev *pdev);
void pciio_func_put(struct pciio_func *func);
typedef void (*pciio_bar_fn)(struct pciio_bar *bar, const void *arg);
void pciio_bars_visit(struct pci_dev *pdev, pciio_bar_fn fn, const void *arg);
void pciio_show_maps(struct seq_file *m);

/* pciio_claim.c */
bool pciio_driver_holds(struct pci_dev *pdev);
bool pciio_range_busy(resource_size_t start, resource_size_t end);
bool pciio_page_shared(struct pciio_bar *bar);
bool pciio_bar_taken(struct pci_dev *pdev, int index);
int pciio_bar_arbitrate(struct pciio_bar *bar, u32 flags);
int pciio_bar_claim(struct pciio_bar *bar);
void pciio_bar_unclaim(struct pciio_bar *bar);

/* pciio_activate.c */
int pciio_func_activate(struct pciio_func *func, int index);
void pciio_func_reactivate(struct pciio_func *func);
bool pciio_func_disable(struct pciio_func *func);
void pciio_func_deactivate(struct pciio_func *func, int index);
int pciio_bar_decodes(struct pci_dev *pdev, int index);

/* pciio_event.c */
bool pciio_bar_moved(const struct pciio_bar *bar);
void pciio_bar_kill(struct pciio_bar *bar);
void pciio_func_failed(struct pci_dev *pdev);
unsigned int pciio_bar_reasons(struct pciio_bar *bar, const struct pciio_handle *handle);
void pciio_func_event(struct pci_dev *pdev, unsigned int set, unsigned int clear);
void pciio_func_refault(struct pci_dev *pdev);
void pciio_func_binding(struct pci_dev *pdev);
void pciio_func_bound(struct pci_dev *pdev);
void pciio_func_unbound(struct pci_dev *pdev);
void pciio_func_removed(struct pci_dev *pdev);
void pciio_func_written(struct pci_dev *pdev);
void pciio_func_resumed(struct pci_dev *pdev);

/* pciio_map.c */
extern const struct file_operations pciio_map_fops;
struct inode *pciio_inode_new(void);
int pciio_msix_find(struct pciio_handle *handle);
void pciio_inode_put(struct inode *inode);
struct file *pciio_file_open(struct pciio_handle *handle);
void pciio_bar_zap(struct pciio_bar *bar);
unsigned int pciio_bar_offset(const struct pciio_bar *bar);
u64 pciio_bar_pages(const struct pciio_bar *bar);

/* pciio_attr.c */
int pciio_attr_get(int memattr, enum pciio_attr *attr);
pgprot_t pciio_attr_pgprot(enum pciio_attr attr, pgprot_t prot);
int pciio_attr_reserve(struct pciio_bar *bar, enum pciio_attr attr);
void pciio_attr_release(struct pciio_bar *bar);
const char *pciio_attr_name(enum pciio_attr attr);

/* pciio_compat.c */
long pciio_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long pciio_check_rights(struct file *file, unsigned int cmd);
long pciio_dispatch(unsigned int cmd, void __user *arg);

#endif
