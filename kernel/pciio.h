/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pciio.ko: the objects and what each file offers to the others, lowest first.
 *
 *	pciio_linux.h	 differences between kernel versions
 *	pciio_pci.c	 properties of a PCI function that need none of our state
 *	pciio_fs.c	 the file system of BAR descriptors
 *	pciio_attr.c	 memory attributes
 *	pciio_func.c	 the catalogue of functions, the fence
 *	pciio_vector.c	 one interrupt vector: handler, masks, counts
 *	pciio_cfg.c	 access to configuration space
 *	pciio_bar.c	 BARs in use
 *	pciio_state.c	 states of BARs, and what changes them
 *	pciio_activate.c decoding that is on while it is needed
 *	pciio_messages.c how many vectors a function has, and messages for them
 *	pciio_intr.c	 the interrupts of a function
 *	pciio_driver.c	 drivers that come and go, errors, resume
 *	pciio_claim.c	 arbitration with drivers and other users
 *	pciio_handle.c	 users of BARs
 *	pciio_map.c	 files of BAR descriptors: mmap, faults, poll, fdinfo
 *	pciio_intr_file.c files of interrupt descriptors: read, write, poll, fdinfo
 *	pciio_write.c	 configuration writes and resets, and what they disable
 *	pciio_conf.c	 configuration space and the properties of one BAR
 *	pciio_bario.c	 single accesses to a BAR
 *	pciio_list.c	 the list of functions
 *	pciio_vpd.c	 vital product data
 *	pciio_barmmap.c	 BARMMAP and BAROPEN
 *	pciio_intropen.c INTROPEN
 *	pciio_ioctl.c	 /dev/pci and function descriptors: rights, table of requests
 *	pciio_notify.c	 what the kernel announces: functions, drivers, resume
 *	pciio_main.c	 parameters, debugfs, loading and unloading
 *
 * Lock order, outermost first:
 *
 *	mmap_lock, device_lock, pci_bus_sem	taken by the kernel around our callbacks
 *	pciio_func.intr_lock			while vectors are set up and freed
 *	pciio_func.cfg_lock			over configuration accesses
 *	pciio_func.lock				not in callbacks of error recovery, which
 *						come with pci_bus_sem held, as
 *						pci_enable_device() may take that
 *	pciio_bar.lock
 *	pciio_func.bars_lock, pciio_name_lock	spinlocks
 *	pciio_func.intx_lock			spinlocks, with interrupts disabled
 *	pciio_vector.wait.lock			taken by the interrupt handlers
 *
 * The module never waits for device_lock: a driver's remove() may hold it while it
 * waits for the very process that is closing a descriptor.
 *
 * No lock is held over copy_to_user() and copy_from_user(), and none but
 * mmap_lock over a zap of page tables.
 */
#ifndef PCIIO_H
#define PCIIO_H

#include <linux/compat.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/poll.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <sys/pciio.h>

#include "pciio_linux.h"

#define PCIIO_NAME	"pciio"

/* The bits of a BAR register that are not part of the address. */
#define PCIIO_BAR_TYPE	0xf

#define PCIIO_NAME_LEN	20	/* of "DDDDDDDD:BB:DD.F" */

/* BARs 0 to 5 and the expansion ROM. */
#define PCIIO_BARS	(PCI_ROM_RESOURCE + 1)
/* In place of an index: an activation that is for no BAR. */
#define PCIIO_NO_BAR	(-1)

/* PAGE_MASK is 32 bits wide on 32-bit kernels, addresses of BARs need not be. */
#define PCIIO_PAGE_BASE(addr)	((addr) & ~(resource_size_t)(PAGE_SIZE - 1))

/* Why a BAR cannot be accessed. A set of bits, because reasons overlap. */
enum pciio_reason {
	PCIIO_DEAD	= 1 << 0,	/* removed, moved or resized: permanent */
	PCIIO_DRIVER	= 1 << 1,	/* a driver is bound or probing */
	PCIIO_DECODE	= 1 << 2,	/* decoding was found to be off */
	PCIIO_MOVED	= 1 << 3,	/* the register holds another address than the kernel */
	PCIIO_ERROR	= 1 << 4,	/* error recovery is in progress */
	PCIIO_POWER	= 1 << 5,	/* D1 to D3 */
	PCIIO_ATTR	= 1 << 6,	/* the memory type belongs to another mapping */
	/* Those that reading configuration space sets and clears. */
	PCIIO_READ_BACK	= PCIIO_DECODE | PCIIO_MOVED | PCIIO_POWER,
};

enum pciio_attr {
	PCIIO_ATTR_UC,
	PCIIO_ATTR_WC,
};

/* The driver of a function, as the notifier has seen it. The driver pciio counts as none. */
enum pciio_driver_state {
	PCIIO_DRIVER_NONE,
	PCIIO_DRIVER_PROBING,
	PCIIO_DRIVER_BOUND,
	PCIIO_DRIVER_LEAVING,	/* unbound, or its probe failed; its resources may still exist */
};

struct pciio_bar;
struct pciio_vector;

/*
 * One for each PCI function that exists. It holds as plain data everything that
 * PCIOCGETCONF reports.
 */
struct pciio_func {
	/* Constant. */
	struct pci_dev *pdev;		/* referenced until removal; used inside the fence only */
	char name[PCIIO_NAME_LEN];	/* the address, as the kernel writes it */
	struct pcisel sel;
	u16 vendor, device, subvendor, subdevice;
	u32 class;
	u8 revision, header;
	int node;

	/* Changed under pciio_catalogue; the hashes are read under RCU. */
	struct hlist_node by_address;
	struct hlist_node by_bus;
	struct list_head link;		/* in the order of addresses */
	struct rcu_head rcu;

	refcount_t refs;		/* keeps this structure, not the device */

	/*
	 * The fence. A reference to a pci_dev does not protect what its
	 * accessors use: some host bridges free bus->sysdata on removal. So
	 * whatever touches the device runs between pciio_func_enter() and
	 * pciio_func_leave(), and removal waits until @inside, which starts at
	 * one, is zero. Code inside must not wait for user memory, nor for
	 * anything that removal may hold.
	 */
	refcount_t inside;
	struct completion outside;
	bool dead;			/* set once, before removal waits */
	bool ended;			/* set when its BARs are dead, too: for poll() */
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	struct lockdep_map fence_map;
#endif

	char driver_name[PCI_MAXNAMELEN + 1];	/* pciio_name_lock */
	u16 buses;			/* of a bridge: secondary, subordinate; last ones read */

	/*
	 * Held over a sequence of configuration accesses, for a short time.
	 * Covers @look_seq.
	 */
	struct mutex cfg_lock;
	unsigned long look_seq;		/* number of the last struct pciio_look */

	/*
	 * Requests that may be about to disable BARs. While it is not zero,
	 * faults wait on @wait.
	 */
	atomic_t gates;
	wait_queue_head_t wait;

	/* Of poll(), apart from those that every gate wakes. */
	wait_queue_head_t removal;

	/* Covers what follows. */
	struct mutex lock;
	enum pciio_driver_state driver;	/* also read without the lock, as a hint */
	bool delegated;			/* the driver pciio is bound */
	unsigned int users;		/* handles that ACTIVATE */
	unsigned int rom_users;		/* of them, on the expansion ROM */
	bool active;			/* @saved is valid */
	bool enabled;			/* we hold a count of pci_enable_device() */
	bool rom_on;			/* we turned the expansion ROM on */
	bool saved_with_driver;		/* a driver was bound when COMMAND was saved */
	u16 saved;			/* COMMAND before the first user */
	/*
	 * A sleep of the system or an error has cleared bus mastering, which the kernel
	 * restores for its drivers only. Set without the lock, by callbacks.
	 */
	atomic_t forgot;
	bool master;			/* interrupt messages need bus mastering */
	bool mastering;			/* we turned it on */
	bool exposed;			/* messages are open that are not isolated */
	atomic_t forgers;		/* writable, may hold the MSI-X table; decreased anywhere */

	spinlock_t bars_lock;			/* covers @bars, and their last reference */
	struct pciio_bar *bars[PCIIO_BARS];	/* those that are not dead */

	/*
	 * Covers what follows, and the starting and stopping of vectors: it is
	 * held over request_irq() and free_irq(), so no handler takes it.
	 */
	struct mutex intr_lock;
	struct xarray vectors;		/* those with a handler; also found under RCU */
	unsigned int intr_open;		/* how many have a handler */
	unsigned int intr_closed;	/* of them, those whose file is gone */
	u32 intr_type;			/* PCIIO_INTR_*, of the vectors that are allocated */
	bool intr_held;			/* activated, awake; read without the lock as a hint */

	spinlock_t intx_lock;		/* covers @intx, which is also read without, as a hint */
	struct pciio_vector *intx;	/* the vector whose mask is INTX_DISABLE */
	bool intx_on;			/* INTX_DISABLE is to be clear: a vector has a line alone */
	atomic_t disturbances;		/* resets and system sleeps */

	struct delayed_work settle_work;	/* what could not be done at once */
	struct delayed_work recovery_work;	/* watches error recovery */
	unsigned long recovery_begin;	/* jiffies */
	unsigned long recovery_end;	/* jiffies by which it has failed; 0: none runs */

	/* Offsets of capabilities that can disable BARs; valid when @regs_known. */
	struct {
		u16 af, ea, ea_end, rebar, sriov;
	} regs;				/* cfg_lock */
	bool regs_known;
};

/* One per (function, BAR) in use. */
struct pciio_bar {
	refcount_t refs;		/* handles, and those who visit it */

	/* Constant. */
	struct pciio_func *func;	/* referenced */
	struct inode *inode;		/* its address_space holds the mappings of this BAR only */
	unsigned int index;
	resource_size_t start;		/* as of the first use: a difference means moved */
	resource_size_t len;
	bool whole_pages;		/* by alignment, nothing else shares its pages */

	wait_queue_head_t wait;		/* of poll() */

	/*
	 * Covers what follows, and the filling of page tables: each 2 MiB chunk
	 * is filled with pages of one size only.
	 */
	struct mutex lock;
	struct list_head handles;
	unsigned int reasons;		/* enum pciio_reason; 0: live. Also read without the lock */
	unsigned long seq;		/* incremented whenever a fault must check again */
	unsigned long look_seq;		/* of the last pciio_look that was applied */
	unsigned int sharers;		/* handles with SHARE_DRIVER */
	bool exclusive;			/* one handle, and it holds @region */
	struct resource *region;
	enum pciio_attr attr;		/* of all mappings */
	void __iomem *reserved;		/* keeps the memory type of the range */
};

/* Private data of one file: a mapping by BARMMAP, or a BAR descriptor. */
struct pciio_handle {
	struct list_head link;		/* in bar->handles; bar->lock */
	struct list_head all;		/* of the debugfs file; pciio_handles_lock */
	struct pciio_bar *bar;
	u32 flags;			/* PCIIO_BAR_OPEN_* */
	bool active;			/* counted in func->users */
	struct pid *pid;		/* of the opener, for people; may be gone */
	char comm[TASK_COMM_LEN];
	struct {
		u64 first, end;
	} msix[2];			/* with NO_MSIX: bytes that cannot be mapped */
};

/* One open interrupt vector: private data of its file. */
struct pciio_vector {
	struct rcu_head rcu;

	/* Constant, once it was started. */
	struct pciio_func *func;	/* referenced */
	struct inode *inode;
	u32 type;			/* PCIIO_INTR_* */
	unsigned int index;
	int irq;
	bool by_status;			/* a line that COMMAND.INTX_DISABLE masks */
	bool added;			/* allocated by the request that is being served */
	bool closed;			/* its file is gone; func->intr_lock */
	int opened;			/* func->disturbances when it was opened */
	struct eventfd_ctx *eventfd;	/* counts in place of read(2), or NULL */
	struct pid *pid;		/* of the opener, for people; may be gone */
	char comm[TASK_COMM_LEN];
	char name[PCIIO_NAME_LEN + 20];	/* in /proc/interrupts */

	/*
	 * Of read() and poll(). Its lock covers what follows, and is taken by the
	 * handler: an event is counted and its waiters are woken in one step. An
	 * eventfd is signalled under it, too.
	 */
	wait_queue_head_t wait;
	bool live;			/* the handler is installed */
	bool masked;			/* for the user: events are kept */
	bool pending;			/* one was kept */
	bool off;			/* in the hardware, or by disable_irq() */
	u64 total;			/* events */
	u64 seen;			/* events that were read */
	u64 time;			/* of the last one */
	int noticed;			/* func->disturbances that a reader knows of */
};

static inline bool pciio_intr_is_line(const struct pci_intr_open *req)
{
	return req->pin_type == PCIIO_INTR_INTX;
}

static inline bool pciio_vector_is_line(const struct pciio_vector *vector)
{
	return vector->type == PCIIO_INTR_INTX;
}

/* What BARMMAP and BAROPEN have in common. */
struct pciio_request {
	struct pcisel sel;
	int reg;
	u32 flags;			/* PCIIO_BAR_OPEN_* */
	int memattr;
};

/* State of a function as its configuration space shows it. */
struct pciio_look {
	unsigned long seq;
	bool decoding, rom, asleep;
	bool moved[PCIIO_BARS];
};

/* One call of ioctl(2). */
struct pciio_call {
	struct file *file;
	struct pciio_func *func;	/* of a function descriptor, else NULL */
	void __user *arg;
	bool compat;			/* the caller is a 32-bit program on a 64-bit kernel */
};

/* pciio_main.c */
extern bool pciio_share_driver;
extern bool pciio_share_page;
extern bool pciio_small_pages;
extern bool pciio_unsafe_interrupts;

/* pciio_pci.c: call these inside the fence. */
int pciio_bar_index(struct pci_dev *pdev, int reg);
bool pciio_bar_assigned(struct pci_dev *pdev, int index);
bool pciio_is_below(struct pci_dev *pdev, struct pci_dev *bridge);

/* A function that no driver ever touched is in state PCI_UNKNOWN, which means on. */
static inline bool pciio_asleep(const struct pci_dev *pdev)
{
	int state = (__force int)pdev->current_state;

	return state >= (__force int)PCI_D1 && state <= (__force int)PCI_D3cold;
}

/* Whether the BAR has an address that is decoded towards it. */
static inline bool pciio_bar_placed(struct pci_dev *pdev, int index)
{
	const struct resource *res = &pdev->resource[index];

	return !(res->flags & IORESOURCE_UNSET) && res->parent;
}

/* pciio_fs.c */
struct inode *pciio_inode_new(void);
void pciio_inode_put(struct inode *inode);
struct file *pciio_file_new(struct inode *inode, const char *name, int flags,
			    const struct file_operations *fops, void *private_data);
int pciio_file_install(struct file *file, void __user *arg, const void *io, size_t size, int *fd);

/* pciio_attr.c */
int pciio_attr_get(int memattr, enum pciio_attr *attr);
pgprot_t pciio_attr_pgprot(enum pciio_attr attr, pgprot_t prot);
int pciio_attr_reserve(struct pciio_bar *bar, enum pciio_attr attr);
void pciio_attr_release(struct pciio_bar *bar);
const char *pciio_attr_name(enum pciio_attr attr);

/* pciio_func.c: the catalogue */
int pciio_func_init(void);
void pciio_func_exit(void);
struct pciio_func *pciio_func_new(struct pci_dev *pdev);
bool pciio_func_insert(struct pciio_func *func);
struct pciio_func *pciio_func_detach(struct pci_dev *pdev);
struct pciio_func *pciio_func_detach_any(void);
struct pciio_func *pciio_func_of(struct pci_dev *pdev);
void pciio_func_get(struct pciio_func *func);
void pciio_func_put(struct pciio_func *func);
void pciio_func_forget(struct pciio_func *func);
void pciio_func_set_name(struct pciio_func *func, const char *name);
struct pciio_func **pciio_func_snapshot(unsigned int *count, u32 *generation);
void pciio_func_snapshot_free(struct pciio_func **funcs, unsigned int count);
typedef bool (*pciio_match_fn)(struct pci_dev *pdev, const void *arg);
bool pciio_func_any_neighbour(struct pciio_func *func, pciio_match_fn match, const void *arg);
extern spinlock_t pciio_name_lock;

/* pciio_func.c: the fence */
bool pciio_func_enter(struct pciio_func *func);
struct pciio_func *pciio_func_enter_sel(const struct pcisel *sel);
struct pciio_func *pciio_call_enter(const struct pciio_call *call, const struct pcisel *sel);
void pciio_func_leave(struct pciio_func *func);
void pciio_func_close(struct pciio_func *func);
void pciio_func_end(struct pciio_func *func);
void pciio_func_drain(struct pciio_func *func);

/* pciio_func.c: work */
void pciio_func_queue(struct pciio_func *func, struct delayed_work *work, unsigned long delay);
void pciio_func_cancel(struct pciio_func *func, struct delayed_work *work);

/* pciio_vector.c: call start, silence and switch while the device exists. */
struct pciio_vector *pciio_vector_new(struct pciio_func *func, u32 type, unsigned int index);
void pciio_vector_free(struct pciio_vector *vector);
int pciio_vector_start(struct pciio_vector *vector);
void pciio_vector_silence(struct pciio_vector *vector);
void pciio_vector_free_irq(struct pciio_vector *vector);
int pciio_vector_control(struct pciio_vector *vector, u32 command);
int pciio_vector_read(struct pciio_vector *vector, bool nonblock, struct pci_intr_event *event);
__poll_t pciio_vector_poll(struct pciio_vector *vector);
void pciio_intx_sync(struct pciio_func *func);
void pciio_intx_switch(struct pciio_func *func, bool on);

/*
 * pciio_cfg.c: call these inside the fence. Accesses return -EAGAIN when a reset has
 * begun; those that depend on each other run between pciio_cfg_lock() and
 * pciio_cfg_unlock().
 */
bool pciio_cfg_trylock(struct pciio_func *func);
int pciio_cfg_wait(struct pciio_func *func, unsigned long end);
int pciio_cfg_lock(struct pciio_func *func);
void pciio_cfg_unlock(struct pciio_func *func);
int pciio_cfg_read(struct pciio_func *func, int reg, int width, u32 *val);
int pciio_cfg_read_wait(struct pciio_func *func, int reg, int width, u32 *val);
int pciio_cfg_write(struct pciio_func *func, int reg, int width, u32 val);
int pciio_command_read(struct pciio_func *func, u16 *command);
int pciio_bar_register(struct pciio_func *func, int index, u64 *val);
int pciio_cfg_check_present(struct pciio_func *func);
bool pciio_rom_enabled(struct pciio_func *func);
int pciio_bar_decodes(struct pciio_func *func, int index);

/* pciio_bar.c */
typedef void (*pciio_bar_fn)(struct pciio_bar *bar, const void *arg);
struct pciio_bar *pciio_bar_get(struct pciio_func *func, unsigned int index);
void pciio_bar_put(struct pciio_bar *bar);
void pciio_func_visit_bars(struct pciio_func *func, pciio_bar_fn fn, const void *arg);
bool pciio_func_in_use(struct pciio_func *func);
void pciio_bar_check(struct pciio_func *func, unsigned int index);
bool pciio_bar_is_exclusive(struct pciio_func *func, unsigned int index);
bool pciio_bar_moved(const struct pciio_bar *bar);
void pciio_bar_zap(struct pciio_bar *bar);
bool pciio_bar_mark(struct pciio_bar *bar, unsigned int set, unsigned int clear);
void pciio_bar_kill(struct pciio_bar *bar);
void pciio_bar_unclaim(struct pciio_bar *bar);

static inline unsigned int pciio_bar_offset(const struct pciio_bar *bar)
{
	return bar->start & ~PAGE_MASK;
}

/* Length of the pages that hold the BAR. */
static inline u64 pciio_bar_pages(const struct pciio_bar *bar)
{
	return PAGE_ALIGN((u64)pciio_bar_offset(bar) + bar->len);
}

/* pciio_state.c */
unsigned int pciio_bar_reasons(struct pciio_bar *bar, const struct pciio_handle *handle);
void pciio_func_change(struct pciio_func *func, unsigned int set, unsigned int clear);
void pciio_func_refault(struct pciio_func *func);
void pciio_func_kill_bars(struct pciio_func *func);
int pciio_look_take(struct pciio_func *func, struct pciio_look *look);
void pciio_look_apply(struct pciio_func *func, const struct pciio_look *look);
void pciio_func_look(struct pciio_func *func);
void pciio_gate_close(struct pciio_func *func);
void pciio_gate_open(struct pciio_func *func);
void pciio_func_wait(struct pciio_func *func);

/* pciio_activate.c */
int pciio_func_activate(struct pciio_func *func, int index);
void pciio_func_deactivate(struct pciio_func *func, int index);
void pciio_func_settle(struct pciio_func *func);
void pciio_func_reactivate(struct pciio_func *func);
bool pciio_func_give_back(struct pciio_func *func);
void pciio_func_keep(struct pciio_func *func, u16 mask, u16 value);
int pciio_func_master(struct pciio_func *func);

/* pciio_messages.c */
int pciio_vectors_count(struct pciio_func *func, u32 type);
u32 pciio_vectors_caps(struct pciio_func *func, u32 type);
int pciio_messages_alloc(struct pciio_func *func, const struct pci_intr_open *req,
			 struct pciio_vector **vectors);
void pciio_messages_shrink(struct pciio_func *func, const struct pci_intr_open *req,
			   struct pciio_vector **vectors);
void pciio_messages_wait(struct pciio_func *func);
void pciio_msi_switch(struct pciio_func *func, bool on);

/* pciio_intr.c */
int pciio_intr_query(struct pciio_func *func, struct pci_intr_open *req);
int pciio_intr_check(struct pciio_func *func, const struct pci_intr_open *req);
int pciio_intr_open(struct pciio_func *func, const struct pci_intr_open *req,
		    struct pciio_vector **vectors);
void pciio_intr_settle(struct pciio_func *func);
void pciio_intr_end(struct pciio_func *func);
void pciio_intr_restore(struct pciio_func *func);
void pciio_intr_kill(struct pciio_func *func);
void pciio_intr_wake(struct pciio_func *func);
void pciio_intr_disturb(struct pciio_func *func);
void pciio_vector_release(struct pciio_vector *vector);

/* pciio_driver.c */
void pciio_work_init(struct pciio_func *func);
void pciio_work_flush(struct pciio_func *func);
void pciio_work_cancel(struct pciio_func *func);
void pciio_driver_withdraw(struct pciio_func *func);
void pciio_driver_found(struct pciio_func *func);
void pciio_driver_probing(struct pciio_func *func);
void pciio_driver_bound(struct pciio_func *func);
void pciio_driver_left(struct pciio_func *func);
void pciio_driver_settle(struct pciio_func *func);
extern struct pci_driver pciio_driver;

/* pciio_claim.c */
bool pciio_range_busy(resource_size_t start, resource_size_t end);
bool pciio_page_has_others(struct pciio_bar *bar);
int pciio_bar_arbitrate(struct pciio_bar *bar, u32 flags);
int pciio_bar_claim(struct pciio_bar *bar);

/* Whether the pages of the BAR hold another resource. */
static inline bool pciio_page_shared(struct pciio_bar *bar)
{
	return !bar->whole_pages && pciio_page_has_others(bar);
}

/* pciio_handle.c */
int pciio_handle_create(struct pciio_func *func, int index, u32 flags,
			enum pciio_attr attr, struct pciio_handle **handlep);
void pciio_handle_release(struct pciio_handle *handle);
bool pciio_handle_has_msix(const struct pciio_handle *handle, u64 first, u64 end);
void pciio_handles_show(struct seq_file *m);

/* pciio_map.c */
struct file *pciio_map_file(struct pciio_handle *handle);

/* pciio_intr_file.c */
struct file *pciio_intr_file(struct pciio_vector *vector);
void pciio_intr_show(struct seq_file *m);

/* pciio_write.c: call these inside the fence, with the function awake. */
int pciio_func_write(struct pciio_func *func, const struct pci_io *io);
int pciio_func_modify(struct pciio_func *func, const struct pci_io *io, u32 mask, u32 *old);
int pciio_func_reset(struct pciio_func *func, bool share_driver);

/* The requests; each gets its structure by call->arg. */
long pciio_read(const struct pciio_call *call);		/* pciio_conf.c */
long pciio_write(const struct pciio_call *call);
long pciio_modify(const struct pciio_call *call);
long pciio_reset(const struct pciio_call *call);
long pciio_attached(const struct pciio_call *call);
long pciio_getbar(const struct pciio_call *call);
long pciio_bario(const struct pciio_call *call);	/* pciio_bario.c */
long pciio_getconf_short(const struct pciio_call *call); /* pciio_list.c */
long pciio_getconf_long(const struct pciio_call *call);
long pciio_listvpd(const struct pciio_call *call);	/* pciio_vpd.c */
long pciio_barmmap(const struct pciio_call *call);	/* pciio_barmmap.c */
long pciio_baropen(const struct pciio_call *call);
long pciio_intropen(const struct pciio_call *call);	/* pciio_intropen.c */

/*
 * Reads a structure that begins with its size, a u32, from a caller that may be
 * older or newer. A smaller one is filled up with zeros: the caller of this checks
 * the size that the structure has then.
 */
static inline int pciio_copy_sized(void *to, size_t size, const void __user *arg)
{
	u32 from;
	int ret;

	if (get_user(from, (const u32 __user *)arg))
		return -EFAULT;
	if (from > PAGE_SIZE)
		return -E2BIG;

	ret = copy_struct_from_user(to, size, arg, from);
	/* Another thread may have changed it in the meantime. */
	*(u32 *)to = from;
	return ret;
}

/* A pointer of a 32-bit caller; kernels that have none lack compat_ptr(). */
static inline void __user *pciio_compat_ptr(u32 addr)
{
#ifdef CONFIG_COMPAT
	return compat_ptr(addr);
#else
	return NULL;
#endif
}

/* Sizes of the structures that differ for 32-bit callers. */
#define PCIIO_GETCONF_COMPAT_SIZE	36
#define PCIIO_LISTVPD_COMPAT_SIZE	16
#define PCIIO_BARMMAP_COMPAT_SIZE	40

/* pciio_notify.c */
int pciio_notify_register(void);
void pciio_notify_unregister(void);

/* pciio_ioctl.c */
int pciio_ioctl_register(void);
void pciio_ioctl_unregister(void);

#endif
