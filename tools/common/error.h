/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages about errors, and the exit status of each. */
#ifndef TOOLS_COMMON_ERROR_H
#define TOOLS_COMMON_ERROR_H

#include <stdint.h>

#include <pcibar/explain.h>

#include "context.h"

/* What was being done when a library call failed */
enum phase {
	PHASE_OPEN,	/* looking for the device */
	PHASE_MAP,	/* asking for something of an open device */
	PHASE_ACCESS,	/* reading or writing a BAR */
	PHASE_CONFIG,	/* reading or writing configuration space */
	PHASE_VPD,	/* reading vital product data */
	PHASE_IRQ,	/* opening interrupt vectors, or using them */
};

/* What an error means that the library does not explain itself */
struct sentence {
	enum phase phase;
	int err;
	int status;
	const char *text;
};

/* What helps against a reason of the library's, in the program's own options */
struct remedy {
	uint32_t reason;		/* enum pcibar_reason_code */
	const char *text;
};

/* How a program speaks; the library's remedies are meant for pcibar. */
struct program {
	const char *name;
	const char *help;	/* the command that shows its usage; a verb may follow */
	const char *const *bars;	/* the names of all; NULL: as bar_name() has them */
	/* Those that are not NULL end with one without text. */
	const struct sentence *sentences;	/* go before those for all programs */
	const struct remedy *remedies;
};

/* As @bar: the message concerns no BAR */
#define NO_BAR	PCIBAR_INTENT_DEVICE

/* Starts a line on stderr with "<program> <verb>: <where>", after all output to stdout so far. */
void report_prefix(const struct context *ctx);

/* Prints a line on stderr that refers to the help; returns STATUS_USAGE. */
int usage_error(const struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints a line on stderr, "<program> <verb>: ..."; returns @status. */
int fail(const struct context *ctx, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, about the function of the session and, unless NO_BAR, a BAR */
int fail_device(const struct context *ctx, int status, unsigned int bar, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Reports why a library call returned @err: the first reason in @why, or
 * without reasons a sentence for the error. Returns the exit status.
 */
int refused(const struct context *ctx, enum phase phase, unsigned int bar, int err,
	    const struct pcibar_refusal *why);

/* The same, for all reasons in @why: each is of another function. */
int refused_each(const struct context *ctx, int err, const struct pcibar_refusal *why);

/* "0" to "5", "rom" */
const char *bar_name(unsigned int bar);

#endif
