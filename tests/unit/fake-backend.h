/* SPDX-License-Identifier: BSD-2-Clause */
/* A fake back end: functions made of memory. Prefix fake_. */
#ifndef FAKE_BACKEND_H
#define FAKE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "backend.h"

/*
 * A back end whose functions are made of memory. Each test builds its own with
 * fake_add() and changes any member at any time; the library sees it at its
 * next call. Everything it asks for is recorded in order.
 */
#define FAKE_BACKEND	31

enum fake_op {
	FAKE_OPEN,
	FAKE_GET_ID,
	FAKE_GET_DRIVER,
	FAKE_GET_ASLEEP,
	FAKE_GET_HEADER,
	FAKE_GET_RESOURCE,
	FAKE_GET_NEIGHBOUR,
	FAKE_GET_VIRTUAL,
	FAKE_GET_PLACE,
	FAKE_MAP,
	FAKE_CHANNEL_OPEN,
	FAKE_CHANNEL_READ,
	FAKE_CHANNEL_WRITE,
	FAKE_CHANNEL_CLOSE,
	FAKE_CONFIG_READ,
	FAKE_CONFIG_WRITE,
	FAKE_VPD_LIST,
	FAKE_OPS,
};

struct fake_event {
	enum fake_op op;
	unsigned int bar;
	uint64_t off;		/* of neighbours: the first byte */
	uint64_t len;		/* of accesses: the width; of neighbours: the last byte */
	uint64_t val;		/* of maps: enum pcibar_memattr */
};

#define FAKE_EVENTS	4096	/* later ones are not recorded */
#define FAKE_CONFIG_LEN	4096

struct fake_bar {
	struct pcibar_resource res;
	int fd;			/* the pages, with the BAR at its in-page offset; -1: none */
	uint64_t image;		/* bytes that a channel finds there */
};

struct fake {
	struct fake *next;
	struct pcibar_address addr;
	uint32_t id[PCIBAR_ID_REVISION + 1];
	char driver[PCIBAR_NAME_LEN];
	char neighbour[PCIBAR_NAME_LEN];
	uint8_t header;
	uint8_t secondary;
	bool asleep;
	int32_t numa_node;
	int32_t iommu_group;
	bool is_virtual;
	bool vf_mse;		/* of the physical function of a virtual one */
	bool sealed;		/* a touch of a mapping ends the test */
	bool fenced;		/* so does one of the pages before and behind it */
	unsigned int config_len;
	unsigned char config[FAKE_CONFIG_LEN];
	unsigned char config_fixed[FAKE_CONFIG_LEN];	/* bits that ignore writes */
	struct fake_bar bar[PCIBAR_BAR_COUNT];
	int error[FAKE_OPS];	/* -errno that an operation returns; 0: it works */
	unsigned int open;	/* handles the library holds */
	unsigned int channels;
	char *fences[16];
	unsigned int fence_count;
	struct fake_event events[FAKE_EVENTS];
	unsigned int count;
	void (*watch)(const struct fake_event *event);	/* sees each as it happens */
};

/* What the library takes for its system; Linux, unless a test program sets another one. */
extern const struct pcibar_system *fake_system;

extern int fake_scan_error;	/* -errno that the scan returns; -ENOENT: no such back end */
/* All members are there and all caps but REVOKE and ATTR_PROOF; a test may take some away. */
extern struct pcibar_backend_ops fake_ops;

/*
 * Needed before all else: puts fake_ops back and removes all functions. Returns how many handles
 * and channels the library still holds; their functions are not freed.
 */
unsigned int fake_reset(void);

/*
 * A function 1234:11e8 with memory and I/O decoding on, 256 bytes of
 * configuration space, no BAR and no driver. The address is in canonical form.
 */
struct fake *fake_add(const char *address);
/* BAR of @kind at @start; memory BARs are mappable, ROMs are not. */
void fake_add_bar(struct fake *fake, unsigned int bar, uint32_t kind, uint64_t start,
		  uint64_t length);

void fake_peek(const struct fake *fake, unsigned int bar, uint64_t off, void *buf, size_t len);
void fake_poke(const struct fake *fake, unsigned int bar, uint64_t off, const void *buf,
	       size_t len);

uint32_t fake_get_config(const struct fake *fake, unsigned int off, unsigned int width);
void fake_set_config(struct fake *fake, unsigned int off, unsigned int width, uint32_t val);

void fake_forget(struct fake *fake);
unsigned int fake_count(const struct fake *fake, enum fake_op op);
/* Number @nth of them, from 0. */
const struct fake_event *fake_find(const struct fake *fake, enum fake_op op, unsigned int nth);

#endif
