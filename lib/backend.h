/* SPDX-License-Identifier: BSD-2-Clause */
/* What a back end is: the operations that the rest of the library calls. */
#ifndef PCIBAR_LIB_BACKEND_H
#define PCIBAR_LIB_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/bar.h>
#include <pcibar/device.h>
#include <pcibar/irq.h>
#include <pcibar/vpd.h>

struct pcibar_bind_opts;
struct pcibar_log;
struct pcibar_refuse_ctx;

/*
 * Holds on decoding, bits of the command register: a handle has decoding in use
 * with PCIBAR_MAP_ACTIVATE or PCIBAR_ENABLE_F_RESTORE, and it was on, or off, before
 * that and those whose time overlaps with its own.
 */
struct pcibar_holds {
	uint32_t was_on;
	uint32_t was_off;
};

/* A full address; compared member by member, domain first. */
struct pcibar_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;
	uint8_t func;
};

/* Identification registers; the numeric values carry no meaning. */
enum pcibar_id {
	PCIBAR_ID_VENDOR,
	PCIBAR_ID_DEVICE,
	PCIBAR_ID_SUBVENDOR,
	PCIBAR_ID_SUBDEVICE,
	PCIBAR_ID_CLASS,
	PCIBAR_ID_REVISION,
};

/* One BAR as the operating system has it. */
struct pcibar_resource {
	uint64_t start;			/* CPU address or port */
	uint64_t length;		/* bytes; 0 when there is no BAR */
	uint32_t kind;			/* enum pcibar_bar_kind */
	uint32_t flags;			/* PCIBAR_BAR_F_*, those known without config space */
	bool fixed;			/* no register has the address */
	bool rom_copy;			/* the ROM is a copy in RAM, which needs no decoder */
};

/* Pages to map: offset and length are multiples of the page size. */
struct pcibar_pages {
	uint64_t offset;		/* in the BAR's pages: 0 is the page of its first byte */
	uint64_t cpu_addr;		/* of the first of them */
	uint64_t length;
	uint32_t attr;			/* enum pcibar_memattr */
	uint32_t flags;			/* PCIBAR_MAP_* */
	bool wc_exists;			/* another user may hold the BAR write-combining */
	const char *driver;		/* that is bound, "" if none is; NULL: not checked */
};

/* Room for the name of a driver, or of what holds a page. */
#define PCIBAR_NAME_LEN	64

/* What pcibar_device_bind() was asked for, once it is checked. */
struct pcibar_bind_request {
	const struct pcibar_address *addr;
	const struct pcibar_bind_opts *opts;
	const struct pcibar_log *log;
};

typedef int (*pcibar_visit_fn)(void *data, const struct pcibar_address *addr);

/*
 * What can be asked about a function. Back ends that work on the same functions
 * share these: those on Linux have sysfs's. The rules of struct
 * pcibar_backend_ops apply.
 */
struct pcibar_query_ops {
	/* None of these accesses the device, except config_read(). */
	int (*get_id)(void *query, enum pcibar_id id, uint32_t *val);
	int (*get_driver)(void *query, char name[PCIBAR_NAME_LEN]);	/* "": none */
	int (*get_asleep)(void *query, bool *asleep);
	/* The layout of the configuration header, and the bus behind a bridge or 0. */
	int (*get_header)(void *query, uint8_t *header, uint8_t *secondary);
	int (*get_resource)(void *query, unsigned int bar, struct pcibar_resource *res);
	/*
	 * Who else has something in the CPU pages [first, last], which @bar of
	 * this function touches: its name, or "" without one.
	 */
	int (*get_neighbour)(void *query, unsigned int bar, uint64_t first, uint64_t last,
			     char name[PCIBAR_NAME_LEN]);

	/*
	 * Whether the function is a virtual one (SR-IOV), which has no memory
	 * decoder of its own to turn on, and whether its physical function
	 * has those of the virtual ones on. NULL: no function is virtual.
	 */
	int (*get_virtual)(void *query, bool *is_virtual, bool *decodes);
	/* The address of the physical function of a virtual one. May be NULL. */
	int (*get_physical)(void *query, char name[PCIBAR_NAME_LEN]);

	/* The NUMA node and the IOMMU group, -1: unknown. NULL: always unknown. */
	int (*get_place)(void *query, int32_t *numa_node, int32_t *iommu_group);
	/*
	 * Calls @visit for each function of its IOMMU group, in any order, until it returns
	 * another value than 0. NULL: it has none.
	 */
	int (*list_group)(void *query, pcibar_visit_fn visit, void *data);

	/*
	 * One access of this width. -ERANGE: beyond the configuration space of
	 * this function. -EACCES: beyond what this user may see.
	 */
	int (*config_read)(void *query, unsigned int off, unsigned int width, uint32_t *val);
	/* Registers of four bytes, in one system call. NULL: config_read() is called for each. */
	int (*config_read_words)(void *query, unsigned int off, uint32_t *words,
				 unsigned int count);

	/* Binds the function to another driver; a refusal is recorded in @ctx. May be NULL. */
	int (*bind)(void *query, const struct pcibar_bind_request *request,
		    struct pcibar_refuse_ctx *ctx);
};

/* Vectors to open: of the type that PCIBAR_IRQ_BEST means, and the function has them. */
struct pcibar_irq_request {
	uint32_t type;
	uint32_t first;
	uint32_t count;
	uint32_t reserve;
	uint32_t flags;			/* of struct pcibar_irq_opts */
	const int *eventfds;		/* NULL without PCIBAR_IRQ_EVENTFD */
};

/* One that is open */
struct pcibar_vector {
	uint32_t type;
	uint32_t index;
	int fd;				/* the back end's; polls as pcibar_irq_fd() promises */
};

/*
 * How a back end delivers interrupts. The rules of struct pcibar_backend_ops apply, but
 * -ENODEV of what takes a vector means that the vector has ended.
 */
struct pcibar_irq_ops {
	const char *driver;		/* that must be bound; NULL: open() knows */

	/*
	 * @flags of @info, and @open: as many as the system knows, or 0. @type is set. Has no
	 * effect on the function, and fails only if that is gone.
	 */
	int (*get_info)(void *be, struct pcibar_irq_info *info);

	/* Whether taking the function would turn bus mastering off. NULL: it would not. */
	bool (*ends_master)(void *be);

	/* Records what would have open() fail, as far as that is known without an effect. */
	void (*check)(void *be, const struct pcibar_irq_request *req,
		      struct pcibar_refuse_ctx *ctx);

	/*
	 * Fills in a descriptor for each vector, or records the refusal in @ctx and returns
	 * its errno.
	 */
	int (*open)(void *be, const struct pcibar_irq_request *req, struct pcibar_refuse_ctx *ctx,
		    int *fds);
	void (*close)(void *be, const struct pcibar_vector *vector);

	/*
	 * Without waiting; all of @event but its size. -EAGAIN: nothing has come.
	 * -ECONNRESET: once after a reset.
	 */
	int (*read)(void *be, const struct pcibar_vector *vector, struct pcibar_irq_event *event);
	/* Also lets an interrupt with PCIBAR_IRQ_LEVEL come again. */
	int (*mask)(void *be, const struct pcibar_vector *vector, bool masked);
	/* NULL: it cannot. */
	int (*trigger)(void *be, const struct pcibar_vector *vector);
	/* The system's number, or -EOPNOTSUPP */
	int (*number)(void *be, const struct pcibar_vector *vector);
};

/*
 * A back end. Arguments were checked before: BAR indices are below
 * PCIBAR_BAR_COUNT, the BAR exists, windows are inside it, configuration
 * offsets are aligned to their width. Every member returns 0 or -errno and
 * must be callable from several threads at once. Those that may be NULL say
 * so; without the two for events the caller returns -EOPNOTSUPP.
 *
 * -ENODEV always means: the function was there and is gone.
 */
struct pcibar_backend_ops {
	uint32_t id;			/* enum pcibar_backend */
	const char *name;		/* "sysfs" */
	uint32_t caps;			/* PCIBAR_CAP_* */
	const char *absent;		/* message when it does not exist; NULL: for any root */
	const char *absent_remedy;	/* what to do about that */
	/* map() does PCIBAR_MAP_ACTIVATE, if the system can; or else the caller does. */
	bool activates;
	bool maps_rom;			/* the expansion ROM can be mapped */
	bool wc_everywhere;		/* also for BARs that are not prefetchable */
	bool by_name_only;		/* not for AUTO */
	bool some_functions;		/* serves some functions: AUTO lists them by another one */
	bool handed_over;		/* only those that their driver leaves to user space */
	bool own_pages;			/* does not map a BAR whose page holds another one */
	bool channels_all;		/* memory BARs have channels, too */

	/*
	 * Call @visit for each function, in any order, until it returns another
	 * value than 0. -ENOENT: this back end does not exist here, try the next.
	 */
	int (*scan)(const char *sysfs_root, pcibar_visit_fn visit, void *data);

	/*
	 * Open one function without an effect on it. -ENOENT: this back end
	 * does not exist here or does not serve this function, try the next.
	 * -ENODEV: there is no such function. Any other error ends the search.
	 */
	int (*open)(const char *sysfs_root, const struct pcibar_address *addr, void **bep);
	void (*close)(void *be);
	/*
	 * Records why open() returns -ENOENT for this function. @addr NULL: no function in
	 * particular. 0: @absent says it all, as where this is NULL.
	 */
	int (*refuse_absent)(const char *sysfs_root, const struct pcibar_address *addr,
			     struct pcibar_refuse_ctx *ctx);

	const struct pcibar_query_ops *query;
	/* What the queries take; NULL: the same as the other members. */
	void *(*query_data)(void *be);

	/*
	 * Takes the function for this handle, which has an effect on it: it is reset, awake
	 * and decodes afterwards. Called before map(), channel_open() and the calls that
	 * access configuration space. 1: it was not taken before. Refusals are recorded in
	 * @ctx and their errno is returned; while explaining nothing is taken. NULL: the
	 * other members need no such step.
	 */
	int (*take)(void *be, struct pcibar_refuse_ctx *ctx);
	/* Whether a function that was taken cannot sleep. NULL: it is asked each time. */
	bool (*keeps_awake)(void *be);

	/*
	 * Map pages of a memory BAR. Refusals are recorded in @ctx and their
	 * errno is returned. @tokenp, if it is set, is what the back end
	 * keeps for the mapping: the caller hands it to unmapped() after
	 * munmap(). While explaining (ctx->all) nothing may change in the
	 * device: a map that would is refused with -EAGAIN. unmapped() may be
	 * NULL.
	 */
	int (*map)(void *be, unsigned int bar, const struct pcibar_pages *pages,
		   struct pcibar_refuse_ctx *ctx, void **base, void **tokenp);
	void (*unmapped)(void *be, void *token);

	/*
	 * A channel reaches a BAR without mapping it, one access of the device
	 * per call where the hardware is I/O. @length comes in as the length
	 * of the BAR and may be lowered (a ROM's image). An I/O channel does
	 * widths 1, 2 and 4; others return -EOPNOTSUPP. Values are numbers.
	 * @flags: PCIBAR_MAP_*
	 */
	int (*channel_open)(void *be, unsigned int bar, uint32_t flags,
			    struct pcibar_refuse_ctx *ctx, uint64_t *length, void **chanp);
	int (*channel_read)(void *chan, uint64_t off, unsigned int width, uint64_t *val);
	int (*channel_write)(void *chan, uint64_t off, unsigned int width, uint64_t val);
	void (*channel_close)(void *chan);

	/*
	 * Whether configuration space could be written, without a write. For explain, and
	 * only where the caller does PCIBAR_MAP_ACTIVATE. NULL: it is not known before.
	 */
	int (*config_try)(void *be);
	/* As config_read() of the queries. */
	int (*config_write)(void *be, unsigned int off, unsigned int width, uint32_t val);
	/*
	 * Another way for reads that the query refuses with -EACCES. It has no effect on the
	 * function: -EACCES unless that was taken. NULL: no such way exists.
	 */
	int (*config_read)(void *be, unsigned int off, unsigned int width, uint32_t *val);

	/*
	 * Set @mask to @value in one register, as one step for all who use this
	 * back end. @old: the register as it was. Nothing is written when the
	 * bits are so already, or when it reads all-ones, as where no function
	 * responds. 1: done, but others could not be kept out. NULL: the caller
	 * reads and writes.
	 */
	int (*config_modify)(void *be, unsigned int off, unsigned int width, uint32_t mask,
			     uint32_t value, uint32_t *old);

	/*
	 * Holds on @bits of the command register, across processes. hold_lock()
	 * says what others hold of them and lets none of them begin or end
	 * until hold_unlock(), with which this handle has just @mine of them.
	 * An error means that this is not so; hold_unlock() is due all the
	 * same. The caller's lock lets no other thread in between. A hold ends
	 * with the handle, and with the process. NULL: processes know nothing
	 * of each other.
	 */
	int (*hold_lock)(void *be, uint32_t bits, struct pcibar_holds *others);
	int (*hold_unlock)(void *be, uint32_t bits, const struct pcibar_holds *mine);

	/*
	 * -ENOENT: the function has none. -ENOMSG: what was read has no name
	 * in it; the caller checks that the function is still there. Calls @fn
	 * when all is read, and returns what @fn does when that is not 0.
	 */
	int (*vpd_list)(void *be, pcibar_vpd_fn fn, void *data);

	/* With PCIBAR_CAP_IRQ. NULL: it does not deliver interrupts. */
	const struct pcibar_irq_ops *irq;

	/* A descriptor that becomes readable with an event; the back end's own. May be NULL. */
	int (*event_fd)(void *be);
	/* -EAGAIN: no event is pending. */
	int (*event_next)(void *be, uint32_t *type);
};

/*
 * header.c: offsets in a header of @type, the register of that name; its bit for
 * several functions is ignored. 0: a header of this type has no such register.
 */
unsigned int pcibar_header_bar(uint32_t type, unsigned int bar);
unsigned int pcibar_header_capabilities(uint32_t type);

/* In the order of AUTO, ended by NULL. The unit tests link a table of their own. */
extern const struct pcibar_backend_ops *const pcibar_backends[];
extern const struct pcibar_backend_ops pcibar_backend_sysfs;
extern const struct pcibar_backend_ops pcibar_backend_pciio;
extern const struct pcibar_backend_ops pcibar_backend_vfio;
extern const struct pcibar_backend_ops pcibar_backend_freebsd;

#endif
