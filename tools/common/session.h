/* SPDX-License-Identifier: BSD-2-Clause */
/* The function that a command works with, and its maps. */
#ifndef TOOLS_COMMON_SESSION_H
#define TOOLS_COMMON_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/bar.h>
#include <pcibar/device.h>
#include <pcibar/irq.h>

#include "context.h"

/*
 * The one function that a command line or a script works with: opened once,
 * each BAR mapped once per right.
 */
struct session {
	const char *selector;		/* as the user wrote it */
	const char *label;		/* for messages: @selector, then the address */
	char address[PCIBAR_SELECTOR_STRLEN];
	struct pcibar_device *dev;	/* NULL until session_open() */
	bool keep;			/* a script: map more than one command needs */
	bool guarded;
	bool bar_known[PCIBAR_BAR_COUNT];
	struct pcibar_bar_info bars[PCIBAR_BAR_COUNT];
	struct session_map *maps;
	struct session_irq *irqs;	/* open until session_close() */
};

/* What a verb wants to reach */
struct window {
	unsigned int bar;
	bool write;
	bool wc;
	uint64_t offset;
	uint64_t length;		/* 0: to the end of the BAR */
};

/* What it got: @length bytes from @start on in @map */
struct view {
	struct pcibar_map *map;
	uint64_t start;
	uint64_t length;
};

/* Interrupt vectors that a verb wants */
struct vectors {
	uint32_t type;			/* enum pcibar_irq_type; BEST is replaced */
	uint32_t first;
	uint32_t count;
	bool bus_master;		/* on for as long as they are open */
	bool level;			/* found out: each event masks, until pcibar_irq_done() */
};

/* The selector that names just this function */
struct pcibar_selector info_selector(const struct pcibar_device_info *info);

/* How to open, by @ctx->opt: back end, sysfs, log */
struct pcibar_open_opts session_open_opts(const struct context *ctx);

/*
 * All return an enum status, and have reported the error if it is not STATUS_OK.
 * session_open() returns STATUS_CHECKED with ctx->check_only: all operands are
 * parsed before it is called.
 */
int session_open(struct context *ctx, bool write);
int session_bar(struct context *ctx, unsigned int bar, const struct pcibar_bar_info **infop);
int session_map(struct context *ctx, const struct window *window, struct view *view);

/* Opens the vectors, or finds those that an earlier line of a script has opened. */
int session_irqs(struct context *ctx, struct vectors *v, struct pcibar_irq **irqs);

/* The PCIBAR_MAP_* flags with which a verb would map such a window */
uint32_t session_map_flags(const struct options *opt, const struct window *window,
			   const struct pcibar_bar_info *info);

/* Drops all maps: decoding or a BAR may have changed, and mapping checks that again. */
void session_forget(struct session *s);

/* session_close() calls it. */
void session_irqs_close(struct session *s);

void session_close(struct session *s);

#endif
