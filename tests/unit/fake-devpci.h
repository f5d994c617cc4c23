/* SPDX-License-Identifier: BSD-2-Clause */
/* A fake /dev/pci: a module made of memory. Prefix node_. */
#ifndef FAKE_DEVPCI_H
#define FAKE_DEVPCI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/pciio.h>
#include <sys/stat.h>

#include <pcibar/bar.h>

#include "fake-sysfs.h"

/*
 * A /dev/pci with a module behind it that is made of memory. The linker's --wrap
 * leads the library's calls here: while node.present is set, /dev/pci is this one
 * and /sys is the tree. What a test writes into the node, the next request finds;
 * what a request has asked for is there afterwards.
 */
enum node_request {
	NODE_GETCONF,
	NODE_READ,
	NODE_WRITE,
	NODE_GETBAR,
	NODE_BARMMAP,
	NODE_BARIO,
	NODE_BAROPEN,
	NODE_FUNCOPEN,
	NODE_MODIFY,
	NODE_INTROPEN,
	NODE_REQUESTS,
};

#define NODE_FUNCTIONS	200
#define NODE_CONFIG	256	/* bytes of configuration space */
#define NODE_MEMORY	0x20000	/* bytes that a BAR may have at most */

struct node_function {
	struct pci_conf conf;
	struct { uint64_t base, length; } bar[PCIBAR_BAR_COUNT];	/* 0 bytes: none */
};

struct node {
	bool present;
	int open_error[2];		/* errno of opening it for reading, for writing too */
	int error[NODE_REQUESTS];	/* errno that a request returns; 0: it works */
	unsigned int calls[NODE_REQUESTS];
	unsigned int swap_after;	/* so many requests on, another device is there; 0: never */
	bool ignores_activate;		/* as FreeBSD: it maps what decodes already */
	unsigned int changes;		/* so many calls that continue a list find it changed */
	struct node_function function[NODE_FUNCTIONS];
	unsigned int count;
	/* Of all functions. */
	unsigned char config[NODE_CONFIG];
	unsigned char port[NODE_CONFIG];
	/* The last request of its kind. */
	struct pci_bar_open open;
	struct pci_bar_mmap map;
	struct pci_io write;
	struct pci_bar_ioreq io;
	struct pci_func_open function_open;
	struct pci_intr_open intr_open;
	/* What the next request for vectors finds. */
	uint32_t intr_caps;
	uint32_t intr_busy, intr_busy_type;
};

extern struct node node;

/* Removes it; every descriptor of a BAR that the library still has is left open. */
void node_reset(void);
/* Puts it there, with @tree as /sys. */
void node_create(const struct tree *tree);
/* A function 1234:11e8 without BARs. */
struct node_function *node_add(uint32_t domain, uint8_t bus, uint8_t slot, uint8_t func);
/*
 * All at once: a machine with one function that decodes, in sysfs and behind the node. BARs: 0
 * memory, 1 smaller than a page, 2 64-bit and prefetchable, 4 I/O, and a ROM.
 */
#define NODE_FUNCTION	"0000:03:00.0"
void node_populate(struct tree *tree);
/* The memory behind a BAR, the same for all functions. */
void node_peek(unsigned int bar, uint64_t off, void *buf, size_t len);
void node_poke(unsigned int bar, uint64_t off, const void *buf, size_t len);

/* BAR descriptors, by number from 0 in the order in which they were opened. */
int node_descriptor(unsigned int nth);
/* Its mappings are revoked, and come back. */
void node_suspend(unsigned int nth);
void node_resume(unsigned int nth);
/* It ends, as when its BAR is moved. */
void node_kill(unsigned int nth);
/*
 * The module's end of an interrupt descriptor, by number from 0: what is written to it, the
 * library reads, and the other way round. Left open by node_end_vector(), it ends then.
 */
int node_vector(unsigned int nth);
void node_end_vector(unsigned int nth);
/*
 * All functions are removed, and others are found at their addresses: descriptors
 * end, and what is at the node goes to the new ones.
 */
void node_replace(void);

/* What inject.c lets through. */
int node_openat(int dir, const char *path, int flags, mode_t mode);
int node_backing(int fd, off_t *off);
/* What a path below /sys is, in @buf when it is another one */
const char *node_path(const char *path, char buf[PATH_MAX]);

#endif
