/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the library share. */
#ifndef PCIBAR_LIB_INTERNAL_H
#define PCIBAR_LIB_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <dev/pci/pcireg.h>

#include <pcibar/bar.h>
#include <pcibar/config.h>
#include <pcibar/device.h>
#include <pcibar/explain.h>

#include "backend.h"

#define PCIBAR_API	__attribute__((visibility("default")))
#define PCIBAR_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

struct pcibar_text;

struct pcibar_log {
	pcibar_log_fn fn;
	void *data;
};

struct pcibar_device {
	const struct pcibar_backend_ops *ops;
	const struct pcibar_query_ops *query;
	void *be;			/* first argument of @ops */
	void *query_data;		/* first argument of @query */
	struct pcibar_address addr;
	uint32_t flags;			/* PCIBAR_OPEN_* */
	bool named;			/* the caller chose the back end */
	struct pcibar_log log;
	atomic_uint refs;		/* the handle and its maps */
	atomic_bool gone;		/* found by an event or a checked call */
	atomic_uint cap_pointer;	/* register where the list of capabilities begins, or 0 */
	atomic_bool taken;		/* pcibar_device_take() has had its effect */
	atomic_uint fixed;		/* BARs that @resource has, as bits 1 << BAR */
	char driver[PCIBAR_NAME_LEN];	/* handed out by device_get_info */
	char holder[PCIBAR_NAME_LEN];	/* handed out by bar_get_info */

	/* Covers what follows and every read-modify-write of the command register. */
	pthread_mutex_t lock;
	uint32_t restore_mask;		/* bits set_enable() changed with RESTORE */
	uint32_t restore_value;		/* what they were */
	uint32_t enabled;		/* decoding on with RESTORE: in use until the close */
	unsigned int mem_users;		/* maps with ACTIVATE on memory or ROM */
	unsigned int io_users;		/* and on I/O */
	uint32_t activated;		/* command bits to turn off after the last use */
	uint32_t held;			/* command bits that other processes know to be in use */
	char served[PCIBAR_NAME_LEN];	/* the driver when ACTIVATE's first map began */
	bool closed;			/* what is left to restore, the last vector does */
	struct pcibar_irq *irqs;	/* vectors that are open */
	struct pcibar_resource resource[PCIBAR_BAR_COUNT];	/* constant once in @fixed */
	char root[];			/* of sysfs, for remedies */
};

struct pcibar_irq {
	struct pcibar_device *dev;
	struct pcibar_irq *next;	/* of the device's; its lock covers it */
	struct pcibar_vector vector;
	uint32_t flags;			/* PCIBAR_IRQ_* of struct pcibar_irq_info */
	bool master;			/* it was opened with PCIBAR_IRQ_BUS_MASTER */
	pthread_mutex_t lock;		/* covers what follows, and the calls that mask */
	bool masked;			/* by the program, not by an event */
};

struct pcibar_guard_slot;

struct pcibar_map {
	struct pcibar_device *dev;
	unsigned int bar;
	uint32_t flags;			/* PCIBAR_MAP_* */
	uint32_t attr;
	uint32_t decode_bit;		/* that ACTIVATE holds on, or 0 */
	uint64_t offset;
	uint64_t length;
	/*
	 * What accesses are aligned to: the address for the CPU at @offset, or with
	 * INDIRECT @offset. The same for all but Enhanced Allocation and old IDE.
	 */
	uint64_t place;
	volatile char PCIBAR_IOMEM *addr;	/* NULL: INDIRECT */
	void *pages;			/* what munmap() takes */
	size_t pages_len;
	struct pcibar_guard_slot *slot;
	void *token;			/* of the back end, for its unmapped() */
	void *channel;
	atomic_bool lost;		/* found by a checked call; the guard marks the slot */
};

/*
 * For locks that are held across cancellation points: pthread_cancel() takes
 * effect after them. pcibar_unlock() takes what pcibar_lock() returned.
 */
static inline int pcibar_lock(pthread_mutex_t *lock)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(lock);
	return state;
}

static inline void pcibar_unlock(pthread_mutex_t *lock, int state)
{
	pthread_mutex_unlock(lock);
	pthread_setcancelstate(state, NULL);
}

/* log.c */
void pcibar_log(const struct pcibar_log *log, int level, const char *fmt, ...) PCIBAR_PRINTF(3, 4);

/*
 * refusal.c: a context collects the reasons for a refusal. The errno of the first
 * one is what the call returns. With @all the checks continue after it.
 */
struct pcibar_refuse_ctx {
	struct pcibar_refusal *why;	/* NULL: only the errno is wanted */
	uint32_t backend;
	bool all;
	int error;
};

int pcibar_refuse_init(struct pcibar_refuse_ctx *ctx, struct pcibar_refusal *why);
/*
 * Returns @error, so that a caller can 'return pcibar_refuse(...)'. Here and in all functions
 * that refuse, @error is a negative errno.
 */
int pcibar_refuse(struct pcibar_refuse_ctx *ctx, enum pcibar_reason_code code, int error,
		  const char *remedy, const char *fmt, ...) PCIBAR_PRINTF(5, 6);
/* With the sentence and the remedy of this system, which both exist */
int pcibar_refuse_text(struct pcibar_refuse_ctx *ctx, enum pcibar_reason_code code, int error,
		       const struct pcibar_text *text);
/* What several back ends refuse for */
int pcibar_refuse_nomem(struct pcibar_refuse_ctx *ctx);
int pcibar_refuse_gone(struct pcibar_refuse_ctx *ctx);
int pcibar_refuse_lockdown(struct pcibar_refuse_ctx *ctx);
/* The device was opened without PCIBAR_OPEN_WRITE. */
int pcibar_refuse_unwritable(struct pcibar_refuse_ctx *ctx);
int pcibar_refuse_read_only(struct pcibar_refuse_ctx *ctx, const char *root);
/* pcibar_activate() has returned @error. */
int pcibar_refuse_activation(struct pcibar_refuse_ctx *ctx, const struct pcibar_device *dev,
			     int error);
/* A size-first struct of a caller, which may be older or newer. */
int pcibar_check_size(const void *arg, size_t min, size_t known);

/* driver.c */
bool pcibar_driver_owns_bars(const char *driver);
/* Whether @driver uses the BARs of @dev itself */
bool pcibar_device_has_owner(const struct pcibar_device *dev, const char *driver);

/* take.c: takes the function, where the back end needs that. @ctx may be NULL. */
int pcibar_device_take(struct pcibar_device *dev, struct pcibar_refuse_ctx *ctx);

/* selector.c: room for "DDDDDDDD:BB:DD.F" */
#define PCIBAR_ADDRESS_STRLEN	20
void pcibar_address_format(const struct pcibar_address *addr, char buf[PCIBAR_ADDRESS_STRLEN]);
int pcibar_address_compare(const struct pcibar_address *a, const struct pcibar_address *b);
/* Takes the canonical form only: the name of a directory in sysfs. */
int pcibar_address_parse(const char *str, struct pcibar_address *addr);
int pcibar_selector_check(const struct pcibar_selector *sel);
/* False when it selects by IDs. */
bool pcibar_selector_address(const struct pcibar_selector *sel, struct pcibar_address *addr);

/* backend.c */
bool pcibar_backend_exists(uint32_t id);
bool pcibar_backend_allowed(const struct pcibar_backend_ops *ops,
			    const struct pcibar_open_opts *opts);
const char *pcibar_sysfs_root(const struct pcibar_open_opts *opts);
/*
 * No back end that may be used exists here, or serves @addr (NULL: any function); @ops is
 * the last one that was tried.
 */
int pcibar_refuse_absent(struct pcibar_refuse_ctx *ctx, const struct pcibar_backend_ops *ops,
			 const char *root, const struct pcibar_address *addr);

/* device.c */

/* Replaces NULL by the defaults. */
int pcibar_open_check(const struct pcibar_open_opts **optsp);
/* Tries @ops, or with NULL all back ends that @opts allows in the order of AUTO. */
int pcibar_open_address(const struct pcibar_address *addr, const struct pcibar_open_opts *opts,
			const struct pcibar_backend_ops *ops, struct pcibar_refuse_ctx *ctx,
			struct pcibar_device **devp);
/* Opening @text through @ops failed with @error. */
int pcibar_refuse_open(struct pcibar_refuse_ctx *ctx, const struct pcibar_backend_ops *ops,
		       const char *text, int error);
/* All of @info but its size, which the caller has checked */
int pcibar_device_fill_info(struct pcibar_device *dev, struct pcibar_device_info *info);
/* get_resource() with what the back end adds to it */
int pcibar_device_get_resource(struct pcibar_device *dev, unsigned int bar,
			       struct pcibar_resource *res);
void pcibar_device_get(struct pcibar_device *dev);
void pcibar_device_put(struct pcibar_device *dev);

/* Returns @ret of a back end: its -ENODEV means that the function is gone. */
static inline int pcibar_device_result(struct pcibar_device *dev, int ret)
{
	if (ret == -ENODEV)
		atomic_store(&dev->gone, true);
	return ret;
}

/* select.c */

/* Opens the one function that has the IDs; for selectors without an address. */
int pcibar_open_match(const struct pcibar_selector *sel, const struct pcibar_open_opts *opts,
		      struct pcibar_refuse_ctx *ctx, struct pcibar_device **devp);
/* 1 when @dev has the IDs that @sel asks for, else 0; reads no more than is needed. */
int pcibar_ids_match(const struct pcibar_device *dev, const struct pcibar_selector *sel);

/* map-check.c */
#define PCIBAR_MAP_FLAGS_ALL	(PCIBAR_MAP_WRITE | PCIBAR_MAP_EXCLUSIVE | \
				 PCIBAR_MAP_ACTIVATE | PCIBAR_MAP_SHARE_DRIVER | \
				 PCIBAR_MAP_SHARE_PAGE | PCIBAR_MAP_INDIRECT)

struct pcibar_map_request {
	struct pcibar_device *dev;
	unsigned int bar;
	uint32_t flags;
	uint32_t attr;
	uint64_t offset;
	uint64_t length;		/* in: 0 is the rest of the BAR; resolved by the check */
	struct pcibar_resource res;	/* filled in by the check */
	bool driver_known;
	char driver[PCIBAR_NAME_LEN];	/* when that is set */
};

int pcibar_map_check(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx);
bool pcibar_map_request_is_inside(const struct pcibar_map_request *req);
/* The pages that hold the window, once the request was checked. */
void pcibar_map_request_pages(const struct pcibar_map_request *req, struct pcibar_pages *pages);

/* state.c */
const char *pcibar_bar_name(unsigned int bar);
/* All states of the BAR that prevent a map, and what does not respond at all. */
int pcibar_check_states(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx);
/* Whether the function is awake and responds; of @req only the device is used, here and below. */
int pcibar_check_awake(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx);
/* Whether it responds, unless it sleeps. */
int pcibar_check_response(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx);
/* Of a BAR that the system does not know: 0 if there is no better reason for that. */
int pcibar_check_missing(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx);
/* A BAR whose register holds another address than the system assigned */
struct pcibar_moved {
	unsigned int bar;
	struct pcibar_resource res;
	uint64_t held;
};

/* The first memory BAR that has moved. */
bool pcibar_find_moved(struct pcibar_device *dev, struct pcibar_moved *moved);
/* Whether this one has; @held: that address. One system call. */
bool pcibar_bar_moved(struct pcibar_device *dev, unsigned int bar,
		      const struct pcibar_resource *res, uint64_t *held);
/*
 * Whether the register is one of a 64-bit BAR that got no address, of which the kernel
 * forgets everything. A 32-bit one cannot be distinguished from none.
 */
bool pcibar_bar_hidden(struct pcibar_device *dev, unsigned int bar);

/* config.c */
int pcibar_config_read(struct pcibar_device *dev, unsigned int off, unsigned int width,
		       uint32_t *val);
int pcibar_config_write(struct pcibar_device *dev, unsigned int off, unsigned int width,
			uint32_t val);
/*
 * A virtual function, and whether its memory is decoded. Worth asking only when
 * the command register has memory decoding off, or a bit of it does not stay:
 * others pay nothing for it.
 */
bool pcibar_is_virtual(struct pcibar_device *dev, bool *decodes);
/* One or two reads of configuration space; when it is absent, the device is gone. */
bool pcibar_function_is_present(struct pcibar_device *dev);

/*
 * capability.c: call @fn for each capability, and end where the list is damaged, as
 * <pcibar/config.h> describes. @read returns -ERANGE past the end of the space.
 */
typedef int (*pcibar_read_fn)(void *from, unsigned int off, unsigned int width, uint32_t *val);

/* @pointer: the register where the list begins */
int pcibar_walk_capabilities(pcibar_read_fn read, void *from, unsigned int pointer,
			     pcibar_capability_fn fn, void *data);
int pcibar_walk_extended(pcibar_read_fn read, void *from, pcibar_capability_fn fn, void *data);

/* enable.c */
/* @driver: that is bound; NULL: not known */
int pcibar_activate(struct pcibar_device *dev, uint32_t bit, const char *driver);
void pcibar_deactivate(struct pcibar_device *dev, uint32_t bit);
/* The handle is closed. Vectors that need bus mastering keep it on; the last restores it. */
void pcibar_enable_restore(struct pcibar_device *dev);
void pcibar_enable_vector_closed(struct pcibar_device *dev);

/* irq-check.c */

/* How many vectors of *@typep there are; BEST is replaced. Reads configuration space. */
int pcibar_irq_count(struct pcibar_device *dev, uint32_t *typep, uint32_t *count);
/* Everything that is checked before the system decides; resolves BEST in @req. */
int pcibar_irq_check(struct pcibar_device *dev, struct pcibar_irq_request *req,
		     struct pcibar_refuse_ctx *ctx);
/* The arguments alone. */
int pcibar_irq_opts_check(const struct pcibar_irq_opts *opts);
struct pcibar_irq_request pcibar_irq_request(const struct pcibar_irq_opts *opts);

/* access.c */
/* After all-ones were read: 0 if they are a value, -ENODEV if the device is lost. */
int pcibar_access_ones(struct pcibar_map *map);
/* Returns @ret of a channel, whose -ENODEV means that map and device are lost. */
int pcibar_access_result(struct pcibar_map *map, int ret);

/* guard.c */
enum pcibar_guard_state {
	PCIBAR_GUARD_FREE,
	PCIBAR_GUARD_LIVE,
	PCIBAR_GUARD_PARTIAL,	/* lost, but only a part was replaced; a fault does the rest */
	PCIBAR_GUARD_REPLACING,	/* by one thread; others that fault simply try again */
	PCIBAR_GUARD_LOST,
};

/*
 * One mapped window. Slots are never freed, so that the handler can walk the
 * list at any time; a free one is used again. @base, @len and @writable belong
 * together: @sequence is odd while they are changed.
 */
struct pcibar_guard_slot {
	struct pcibar_guard_slot *next;		/* constant once in the list */
	atomic_int state;
	atomic_uint sequence;
	_Atomic(char *) base;
	atomic_size_t len;
	atomic_bool writable;
};

struct pcibar_guard_slot *pcibar_guard_add(void *base, size_t len, bool write);
void pcibar_guard_drop(struct pcibar_guard_slot *slot);
/* For a child of the library's own, which accesses nothing: a map keeps its function in use. */
void pcibar_guard_unmap_all(void);

/*
 * The checks before and after each access are inline: calls would take longer than a
 * copy of 64 bytes of memory.
 */
static inline bool pcibar_map_lost(const struct pcibar_map *map)
{
	int state = PCIBAR_GUARD_LIVE;

	if (map->slot)
		state = atomic_load_explicit(&map->slot->state, memory_order_relaxed);
	return state >= PCIBAR_GUARD_PARTIAL ||
	       atomic_load_explicit(&map->lost, memory_order_relaxed);
}

/* 0 when [off, off + len) may be accessed with this width (0: any). */
static inline int pcibar_access_check(const struct pcibar_map *map, uint64_t off, uint64_t len,
				      unsigned int width, bool write)
{
	if (width > 8 || (width & (width - 1)))
		return -EINVAL;
	/* A power of two: a division would take longer than the rest of this function. */
	if (width && ((map->place + off) | len) & (width - 1))
		return -EINVAL;
	if (off > map->length || len > map->length - off)
		return -ERANGE;
	if (write && !(map->flags & PCIBAR_MAP_WRITE))
		return -EACCES;
#ifndef PCIBAR_HAVE_64
	if (width == 8)
		return -EOPNOTSUPP;
#endif
	return pcibar_map_lost(map) ? -ENODEV : 0;
}

#endif
