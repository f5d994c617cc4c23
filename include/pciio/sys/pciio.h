/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The pciio(4) interface: requests of /dev/pci.
 *
 * The first part is FreeBSD's, with the same names, layouts and request
 * numbers. The second part, from PCIOCBAROPEN on, is an extension of Linux.
 * The module, the library and programs written for FreeBSD share this file.
 *
 * sys/ioctl.h is included on purpose: FreeBSD's header brings ioctl() along,
 * and programs rely on it.
 */
#ifndef _SYS_PCIIO_H_
#define _SYS_PCIIO_H_

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#endif

#define PCI_MAXNAMELEN	16

/**
 * enum pci_getconf_status - how far PCIOCGETCONF came
 * @PCI_GETCONF_LAST_DEVICE: there is nothing more
 * @PCI_GETCONF_LIST_CHANGED: functions came or went since the first call
 * @PCI_GETCONF_MORE_DEVS: the buffer is full; call again
 * @PCI_GETCONF_ERROR: never seen, because a failed request copies nothing out
 */
typedef enum {
	PCI_GETCONF_LAST_DEVICE,
	PCI_GETCONF_LIST_CHANGED,
	PCI_GETCONF_MORE_DEVS,
	PCI_GETCONF_ERROR
} pci_getconf_status;

/** enum pci_getconf_flags - which members of struct pci_match_conf count */
typedef enum {
	PCI_GETCONF_NO_MATCH		= 0x0000,
	PCI_GETCONF_MATCH_DOMAIN	= 0x0001,
	PCI_GETCONF_MATCH_BUS		= 0x0002,
	PCI_GETCONF_MATCH_DEV		= 0x0004,
	PCI_GETCONF_MATCH_FUNC		= 0x0008,
	PCI_GETCONF_MATCH_NAME		= 0x0010,
	PCI_GETCONF_MATCH_UNIT		= 0x0020,
	PCI_GETCONF_MATCH_VENDOR	= 0x0040,
	PCI_GETCONF_MATCH_DEVICE	= 0x0080,
	PCI_GETCONF_MATCH_CLASS		= 0x0100
} pci_getconf_flags;

/** struct pcisel - one function */
struct pcisel {
	u_int32_t	pc_domain;
	u_int8_t	pc_bus;
	u_int8_t	pc_dev;
	u_int8_t	pc_func;
};

/**
 * struct pci_conf - one function, as PCIOCGETCONF reports it
 * @pc_sel: its address
 * @pc_hdr: header type
 * @pc_subvendor: subsystem vendor ID
 * @pc_subdevice: subsystem ID
 * @pc_vendor: vendor ID
 * @pc_device: device ID
 * @pc_class: base class
 * @pc_subclass: subclass
 * @pc_progif: programming interface
 * @pc_revid: revision
 * @pd_name: name of the bound driver, cut to PCI_MAXNAMELEN, or ""
 * @pd_unit: number among the functions of that driver, in list order: it
 *           changes when functions come and go
 * @pd_numa_domain: NUMA node, or -1
 * @pc_reported_len: bytes the kernel has filled in
 * @pc_secbus: secondary bus of a bridge
 * @pc_subbus: subordinate bus of a bridge
 * @pc_spare: zero
 *
 * The long form is FreeBSD 15's. A program gets it, and the request number
 * that goes with it, by a __FreeBSD_version (<osreldate.h>) of 1500064 or more.
 */
struct pci_conf {
	struct pcisel	pc_sel;
	u_int8_t	pc_hdr;
	u_int16_t	pc_subvendor;
	u_int16_t	pc_subdevice;
	u_int16_t	pc_vendor;
	u_int16_t	pc_device;
	u_int8_t	pc_class;
	u_int8_t	pc_subclass;
	u_int8_t	pc_progif;
	u_int8_t	pc_revid;
	char		pd_name[PCI_MAXNAMELEN + 1];
	unsigned long	pd_unit;	/* FreeBSD's u_long, which ISO C hides */
#if defined(__FreeBSD_version) && __FreeBSD_version >= 1500064
	int		pd_numa_domain;
	size_t		pc_reported_len;
	u_int8_t	pc_secbus;
	u_int8_t	pc_subbus;
	char		pc_spare[62];
#endif
};

/**
 * struct pci_match_conf - a pattern for PCIOCGETCONF
 * @pc_sel: address
 * @pd_name: driver
 * @pd_unit: unit
 * @pc_vendor: vendor ID
 * @pc_device: device ID
 * @pc_class: base class
 * @flags: which of these must match; none: the pattern matches nothing
 */
struct pci_match_conf {
	struct pcisel		pc_sel;
	char			pd_name[PCI_MAXNAMELEN + 1];
	unsigned long		pd_unit;
	u_int16_t		pc_vendor;
	u_int16_t		pc_device;
	u_int8_t		pc_class;
	pci_getconf_flags	flags;
};

/**
 * struct pci_conf_io - PCIOCGETCONF
 * @pat_buf_len: bytes at @patterns: num_patterns times the size of a pattern
 * @num_patterns: patterns; a function is listed when one of them matches
 * @patterns: patterns, or NULL for all functions
 * @match_buf_len: bytes at @matches
 * @num_matches: functions written
 * @matches: where they go
 * @offset: list index to continue from; 0 starts
 * @generation: of the list; given back in later calls
 * @status: pci_getconf_status
 */
struct pci_conf_io {
	u_int32_t		pat_buf_len;
	u_int32_t		num_patterns;
	struct pci_match_conf	*patterns;
	u_int32_t		match_buf_len;
	u_int32_t		num_matches;
	struct pci_conf		*matches;
	u_int32_t		offset;
	u_int32_t		generation;
	pci_getconf_status	status;
};

/**
 * struct pci_io - PCIOCREAD, PCIOCWRITE and PCIOCATTACHED
 * @pi_sel: function
 * @pi_reg: configuration offset, a multiple of the width
 * @pi_width: 1, 2 or 4 bytes
 * @pi_data: value; with PCIOCATTACHED whether a driver is bound
 */
struct pci_io {
	struct pcisel	pi_sel;
	int		pi_reg;
	int		pi_width;
	u_int32_t	pi_data;
};

/**
 * struct pci_bar_io - PCIOCGETBAR
 * @pbi_sel: function
 * @pbi_reg: configuration offset of the BAR: 0x10 is BAR 0
 * @pbi_enabled: whether the function responds to it
 * @pbi_base: the register, its type bits included
 * @pbi_length: bytes
 */
struct pci_bar_io {
	struct pcisel	pbi_sel;
	int		pbi_reg;
	int		pbi_enabled;
	u_int64_t	pbi_base;
	u_int64_t	pbi_length;
};

/** struct pci_vpd_element - one keyword of the vital product data */
struct pci_vpd_element {
	char		pve_keyword[2];
	u_int8_t	pve_flags;
	u_int8_t	pve_datalen;
	u_int8_t	pve_data[];
};

#define PVE_FLAG_IDENT	0x01	/* the identifier string; no keyword */
#define PVE_FLAG_RW	0x02	/* of the read-write part */
#define PVE_NEXT(pve)							\
	((struct pci_vpd_element *)((char *)(pve) +			\
	 sizeof(struct pci_vpd_element) + (pve)->pve_datalen))

/**
 * struct pci_list_vpd_io - PCIOCLISTVPD
 * @plvi_sel: function
 * @plvi_len: bytes at @plvi_data; 0 asks how many are needed
 * @plvi_data: elements
 */
struct pci_list_vpd_io {
	struct pcisel		plvi_sel;
	size_t			plvi_len;
	struct pci_vpd_element	*plvi_data;
};

#define PCIIO_BAR_MMAP_FIXED	0x01	/* at pbm_map_base, replacing what is there */
#define PCIIO_BAR_MMAP_EXCL	0x02	/* with FIXED: fail if something is there */
#define PCIIO_BAR_MMAP_RW	0x04	/* writable too */
#define PCIIO_BAR_MMAP_ACTIVATE	0x08	/* decoding on while it is mapped */

/**
 * struct pci_bar_mmap - PCIOCBARMMAP
 * @pbm_map_base: address of the first page; in with FIXED, else out
 * @pbm_map_length: out: bytes mapped, whole pages
 * @pbm_bar_length: out: bytes of the BAR
 * @pbm_bar_off: out: where the BAR begins in the first page
 * @pbm_sel: function
 * @pbm_reg: configuration offset of the BAR: 0x10 is BAR 0
 * @pbm_flags: PCIIO_BAR_MMAP_*
 * @pbm_memattr: VM_MEMATTR_*
 */
struct pci_bar_mmap {
	void		*pbm_map_base;
	size_t		pbm_map_length;
	u_int64_t	pbm_bar_length;
	int		pbm_bar_off;
	struct pcisel	pbm_sel;
	int		pbm_reg;
	int		pbm_flags;
	int		pbm_memattr;
};

#define PCIBARIO_READ	1
#define PCIBARIO_WRITE	2

/**
 * struct pci_bar_ioreq - PCIOCBARIO: one access to a BAR
 * @pbi_sel: function
 * @pbi_op: PCIBARIO_READ or PCIBARIO_WRITE
 * @pbi_bar: index of the BAR, 0 to 5: not its offset
 * @pbi_offset: bytes into it, a multiple of the width
 * @pbi_width: 1, 2, 4 or 8
 * @pbi_value: value
 */
struct pci_bar_ioreq {
	struct pcisel	pbi_sel;
	int		pbi_op;
	u_int32_t	pbi_bar;
	u_int32_t	pbi_offset;
	u_int32_t	pbi_width;
	u_int32_t	pbi_value;
};

#define PCIOCREAD	_IOWR('p', 2, struct pci_io)
#define PCIOCWRITE	_IOWR('p', 3, struct pci_io)
#define PCIOCATTACHED	_IOWR('p', 4, struct pci_io)
#if defined(__FreeBSD_version) && __FreeBSD_version >= 1500064
#define PCIOCGETCONF	_IOWR('p', 10, struct pci_conf_io)
#else
#define PCIOCGETCONF	_IOWR('p', 5, struct pci_conf_io)
#endif
#define PCIOCGETBAR	_IOWR('p', 6, struct pci_bar_io)
#define PCIOCLISTVPD	_IOWR('p', 7, struct pci_list_vpd_io)
#define PCIOCBARMMAP	_IOWR('p', 8, struct pci_bar_mmap)
#define PCIOCBARIO	_IOWR('p', 9, struct pci_bar_ioreq)

/* From here on: an extension that FreeBSD does not have. */

#define PCIIO_BAR_OPEN_RW		0x01	/* writable too */
#define PCIIO_BAR_OPEN_EXCLUSIVE	0x02	/* no other user, nor a driver */
#define PCIIO_BAR_OPEN_ACTIVATE		0x04	/* decoding on while it is open */
#define PCIIO_BAR_OPEN_SHARE_DRIVER	0x08	/* also beside a driver */
#define PCIIO_BAR_OPEN_SHARE_PAGE	0x10	/* also when its page holds something else */
#define PCIIO_BAR_OPEN_SMALL_PAGES	0x20	/* no 2 MiB pages (PMD mappings) */
#define PCIIO_BAR_OPEN_NO_MSIX		0x40	/* refuse windows with the MSI-X table */

/**
 * struct pci_bar_open - PCIOCBAROPEN: a descriptor for one BAR
 * @pbo_size: sizeof(struct pci_bar_open)
 * @pbo_sel: function
 * @pbo_reg: configuration offset of the BAR: 0x10 is BAR 0
 * @pbo_flags: PCIIO_BAR_OPEN_*
 * @pbo_memattr: VM_MEMATTR_*
 * @pbo_fd: out: the descriptor, close-on-exec
 * @pbo_bar_off: out: where the BAR begins in its first page
 * @pbo_bar_length: out: bytes of the BAR
 * @pbo_map_length: out: bytes that can be mapped, whole pages from offset 0
 * @pbo_reserved: zero
 */
struct pci_bar_open {
	u_int32_t	pbo_size;
	struct pcisel	pbo_sel;
	int		pbo_reg;
	u_int32_t	pbo_flags;
	u_int32_t	pbo_memattr;
	int		pbo_fd;
	u_int32_t	pbo_bar_off;
	u_int64_t	pbo_bar_length;
	u_int64_t	pbo_map_length;
	u_int64_t	pbo_reserved[2];
};

#define PCIOCBAROPEN	_IOWR('p', 0xc0, struct pci_bar_open)

#define PCIIO_FUNC_OPEN_RW		0x01	/* for requests that change something, too */

/**
 * struct pci_func_open - PCIOCFUNCOPEN: a descriptor for one function
 * @pfo_size: sizeof(struct pci_func_open)
 * @pfo_sel: function
 * @pfo_flags: PCIIO_FUNC_OPEN_*
 * @pfo_fd: out: the descriptor, close-on-exec
 * @pfo_reserved: zero
 *
 * The descriptor serves the requests of /dev/pci that name a function, and
 * PCIOCRESET and PCIOCMODIFY. It reaches the function that was there when it was
 * made, and no other that takes its place.
 */
struct pci_func_open {
	u_int32_t	pfo_size;
	struct pcisel	pfo_sel;
	u_int32_t	pfo_flags;
	int		pfo_fd;
	u_int32_t	pfo_reserved[3];
};

#define PCIIO_RESET_SHARE_DRIVER	0x01	/* also beside a driver */

/**
 * struct pci_reset - PCIOCRESET: reset a function, on its descriptor
 * @prs_size: sizeof(struct pci_reset)
 * @prs_sel: function
 * @prs_flags: PCIIO_RESET_*
 */
struct pci_reset {
	u_int32_t	prs_size;
	struct pcisel	prs_sel;
	u_int32_t	prs_flags;
};

/**
 * struct pci_modify - PCIOCMODIFY: change bits of configuration space, on a function descriptor
 * @pmo_size: sizeof(struct pci_modify)
 * @pmo_sel: function
 * @pmo_reg: configuration offset, a multiple of the width
 * @pmo_width: 1, 2 or 4 bytes
 * @pmo_mask: the bits to change
 * @pmo_value: what they become; other bits are zero
 * @pmo_old: out: the register before that
 */
struct pci_modify {
	u_int32_t	pmo_size;
	struct pcisel	pmo_sel;
	int		pmo_reg;
	int		pmo_width;
	u_int32_t	pmo_mask;
	u_int32_t	pmo_value;
	u_int32_t	pmo_old;
};

/* Types of interrupts. */
#define PCIIO_INTR_INTX		1
#define PCIIO_INTR_MSI		2
#define PCIIO_INTR_MSIX		3

#define PCIIO_INTR_OPEN_MASKED		0x01	/* begin masked */
#define PCIIO_INTR_OPEN_MASTER		0x02	/* bus mastering on while one is open */
#define PCIIO_INTR_OPEN_EVENTFD		0x04	/* count into eventfds of the caller */

#define PCIIO_INTR_CAP_LEVEL		0x01	/* each event masks, until PCIIO_INTR_UNMASK */
#define PCIIO_INTR_CAP_GROW		0x02	/* vectors can be added while others are open */
#define PCIIO_INTR_CAP_SHARED		0x04	/* others may interrupt on the same line */

/**
 * struct pci_intr_open - PCIOCINTROPEN: a descriptor for each of some interrupt vectors
 * @pin_size: sizeof(struct pci_intr_open)
 * @pin_sel: function; the driver pciio must be bound to it
 * @pin_type: PCIIO_INTR_INTX, PCIIO_INTR_MSI or PCIIO_INTR_MSIX
 * @pin_first: number of the first vector
 * @pin_count: vectors, all or none of them; 0 opens none and asks for the members
 *             that go out: that is served on a read-only descriptor, too
 * @pin_reserve: vectors to have ready for later requests where they cannot be added
 *               one by one; 0: no more than this request needs
 * @pin_flags: PCIIO_INTR_OPEN_*
 * @pin_fds: address of int[@pin_count], where the descriptors go, close-on-exec
 * @pin_eventfds: with PCIIO_INTR_OPEN_EVENTFD, address of int[@pin_count]; else zero
 * @pin_vectors: out: vectors of the type that the function has
 * @pin_caps: out: PCIIO_INTR_CAP_*
 * @pin_open: out: vectors that were open before
 * @pin_open_type: out: the type of those; 0: none
 * @pin_reserved: zero
 */
struct pci_intr_open {
	u_int32_t	pin_size;
	struct pcisel	pin_sel;
	u_int32_t	pin_type;
	u_int32_t	pin_first;
	u_int32_t	pin_count;
	u_int32_t	pin_reserve;
	u_int32_t	pin_flags;
	u_int64_t	pin_fds;
	u_int64_t	pin_eventfds;
	u_int32_t	pin_vectors;
	u_int32_t	pin_caps;
	u_int32_t	pin_open;
	u_int32_t	pin_open_type;
	u_int32_t	pin_reserved[4];
};

/**
 * struct pci_intr_event - what read(2) of an interrupt descriptor gives for 24 bytes or more
 * @pie_count: interrupts since the last read(2): at least one, and a lower bound
 * @pie_time: of the last one, CLOCK_MONOTONIC in nanoseconds
 * @pie_total: interrupts since the descriptor was made
 *
 * A read(2) of 4 bytes gives the lower half of @pie_total. Each of them waits until
 * there is an event, or fails with EAGAIN, ENODEV (the function is gone or was taken
 * away) or, once, ECONNRESET (the function was reset or the system slept: the
 * device may have forgotten that it was to interrupt).
 */
struct pci_intr_event {
	u_int64_t	pie_count;
	u_int64_t	pie_time;
	u_int64_t	pie_total;
};

/* What write(2) to an interrupt descriptor takes, as 4 bytes. */
#define PCIIO_INTR_MASK		0	/* what comes from now on is kept, as one event */
#define PCIIO_INTR_UNMASK	1
#define PCIIO_INTR_TRIGGER	2	/* an event without the device */

#define PCIOCINTROPEN	_IOWR('p', 0xc1, struct pci_intr_open)
#define PCIOCFUNCOPEN	_IOWR('p', 0xc2, struct pci_func_open)
#define PCIOCRESET	_IOWR('p', 0xc3, struct pci_reset)
#define PCIOCMODIFY	_IOWR('p', 0xc4, struct pci_modify)

#endif /* !_SYS_PCIIO_H_ */
