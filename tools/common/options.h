/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the command line. */
#ifndef TOOLS_COMMON_OPTIONS_H
#define TOOLS_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One option. Arrays of them end with OPTION_END. */
struct option_def {
	const char *name;
	char letter;			/* 0: none */
	const char *arg;		/* what the help calls its argument; NULL: takes none */
	const char *help;
	size_t offset;			/* of its value, in the structure of its group */
	/*
	 * Sets the value to @arg; returns NULL, or a clause that says what is wrong.
	 * NULL for an option that turns a bool on.
	 */
	const char *(*set)(void *value, const char *arg);
};

#define OPTION_END	{ 0 }

/* An option that turns the bool @member of @type on */
#define OPTION_FLAG(type, member, name_, letter_, help_) \
	{ .name = name_, .letter = letter_, .help = help_, .offset = offsetof(type, member) }

/* An option whose argument @set_ stores in @member of @type */
#define OPTION_VALUE(type, member, name_, letter_, arg_, help_, set_) \
	{ .name = name_, .letter = letter_, .arg = arg_, .help = help_, \
	  .offset = offsetof(type, member), .set = set_ }

/* Options of a command line with the structure that holds their values */
struct option_group {
	const struct option_def *defs;	/* NULL: end of an array of groups */
	void *values;
};

enum color_mode {
	COLOR_AUTO = 0,
	COLOR_ALWAYS,
	COLOR_NEVER,
};

/* What the options mean that several verbs, or both commands, have */
struct options {
	bool share_driver;
	bool share_page;
	bool exclusive;
	bool activate;
	bool json;
	bool help;
	bool version;
	unsigned int verbose;
	enum color_mode color;
	uint32_t backend;	/* enum pcibar_backend */
	const char *sysfs;
};

/* Groups of these options; their values are in struct options. */
extern const struct option_def options_access[];	/* --backend, --sysfs: in this order */
extern const struct option_def options_map[];		/* of what maps a BAR */
extern const struct option_def options_share_driver[];	/* the first of options_map */
extern const struct option_def options_verbose[];
extern const struct option_def options_color[];
extern const struct option_def options_json[];
extern const struct option_def options_help[];
extern const struct option_def options_version[];	/* with the letters -h and -V */

#define OPTION_HELP(letter_) \
	OPTION_FLAG(struct options, help, "help", letter_, "show this help and exit")
#define OPTION_VERSION(letter_) \
	OPTION_FLAG(struct options, version, "version", letter_, "show the version and exit")

#define OPTIONS_ERROR_MAX	256

/*
 * Reads the options of @groups among @argv[1] and later. Operands may be
 * between them, unless @in_front: then the first operand ends the options.
 * *@rest is the index of the first operand; argv is permuted. Returns 0, or -1
 * with a clause in @error.
 */
int options_parse(const struct option_group *groups, bool in_front, int argc, char **argv,
		  int *rest, char error[OPTIONS_ERROR_MAX]);

/* Sets one option in @values; returns NULL, or a clause that says what is wrong. */
const char *option_set(const struct option_def *def, void *values, const char *arg);

/* Whether an option that turns a bool on is on in @values */
bool option_is_on(const struct option_def *def, const void *values);

/* Finds @name in an array of options; NULL if it is not there. */
const struct option_def *options_find(const struct option_def *defs, const char *name);

/* One line for each option of an array */
void options_print_help(FILE *out, const struct option_def *defs);

/* The index of @arg in @words, a list that ends with NULL; -1: not in it */
int option_find_word(const char *const *words, const char *arg);

#endif
