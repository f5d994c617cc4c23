/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the command line. */
#ifndef TOOLS_COMMON_OPTIONS_H
#define TOOLS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* One bit per row of the option table; a verb names those it takes. */
enum option_bit {
	OPT_SHARE_DRIVER	= 1u << 0,
	OPT_SHARE_PAGE		= 1u << 1,
	OPT_EXCLUSIVE		= 1u << 2,
	OPT_ACTIVATE		= 1u << 3,
	OPT_BACKEND		= 1u << 4,
	OPT_SYSFS		= 1u << 5,
	OPT_VERBOSE		= 1u << 6,
	OPT_COLOR		= 1u << 7,
	OPT_JSON		= 1u << 8,
	OPT_HELP		= 1u << 9,
	OPT_VERSION		= 1u << 10,
	OPT_WIDTH		= 1u << 11,
	OPT_WIDTH_ANY		= 1u << 12,
	OPT_WIDTH_CONFIG	= 1u << 13,
	OPT_COUNT		= 1u << 14,
	OPT_FIXED		= 1u << 15,
	OPT_VERIFY		= 1u << 16,
	OPT_DRY_RUN		= 1u << 17,
	OPT_FORMAT		= 1u << 18,
	OPT_OUTPUT		= 1u << 19,
	OPT_OFFSET		= 1u << 20,
	OPT_WRITE		= 1u << 21,
	OPT_WC			= 1u << 22,
	OPT_INTERVAL		= 1u << 23,
	OPT_UNTIL		= 1u << 24,
	OPT_TIMEOUT		= 1u << 25,
	OPT_IO			= 1u << 26,
	OPT_MEM			= 1u << 27,
	OPT_BUS_MASTER		= 1u << 28,
};

/* Options of every verb that opens a function */
#define OPTS_DEVICE	(OPT_BACKEND | OPT_SYSFS | OPT_VERBOSE | OPT_HELP)
/* What every verb that maps a BAR takes */
#define OPTS_MAP	(OPTS_DEVICE | OPT_SHARE_DRIVER | OPT_SHARE_PAGE | OPT_EXCLUSIVE | \
			 OPT_ACTIVATE)
/* Accepted before a verb */
#define OPTS_GLOBAL	(OPTS_MAP | OPT_COLOR | OPT_JSON | OPT_VERSION)
/* Options that suit an alias: accepted before any verb */
#define OPTS_HABIT	(OPTS_DEVICE | OPT_COLOR)

enum color_mode {
	COLOR_AUTO = 0,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

enum dump_format {
	FORMAT_HEX = 0,
	FORMAT_RAW,
	FORMAT_JSON,
};

struct options {
	uint32_t given;		/* enum option_bit of those on this command line */
	bool share_driver;
	bool share_page;
	bool exclusive;
	bool activate;
	bool json;
	bool help;
	bool version;
	bool fixed;
	bool verify;
	bool dry_run;
	bool write;
	bool wc;
	bool io;
	bool mem;
	bool bus_master;
	unsigned int verbose;
	enum color_mode color;
	enum dump_format format;
	unsigned int width;	/* bytes, or WIDTH_ANY */
	uint32_t backend;	/* enum pcibar_backend */
	const char *sysfs;
	const char *output;
	const char *until;	/* text: its check needs the width */
	uint64_t count;
	uint64_t offset;
	uint64_t interval_ns;
	uint64_t timeout_ns;	/* 0: none */
};

#define OPTIONS_ERROR_MAX	256

void options_init(struct options *opt);

/*
 * Reads the options among @argv[1] and later that are in @allowed. Operands
 * may be between them, unless @in_front: then the first operand ends the
 * options. *@rest is the index of the first operand; argv is permuted. Returns
 * 0, or -1 with a clause in @error.
 */
int options_parse(struct options *opt, uint32_t allowed, bool in_front, int argc, char **argv,
		  int *rest, char error[OPTIONS_ERROR_MAX]);

/* Sets the option of one bit to @arg; returns NULL, or a clause that says what is wrong. */
const char *options_set(struct options *opt, enum option_bit bit, const char *arg);

/* "--name" of the lowest bit of @bits */
const char *options_name(uint32_t bits);

/* One line per option in @allowed */
void options_help(FILE *out, uint32_t allowed);

#endif
