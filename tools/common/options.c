// SPDX-License-Identifier: BSD-2-Clause
/* Options of the command line. */
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/device.h>

#include "options.h"

#define MAX_BACKENDS	32
#define MAX_OPTIONS	40	/* of one command line */
#define FIRST_LONG	256	/* what getopt_long() returns for option 0, above all letters */

/* @text, then "auto" and the back ends of the library, as a list */
static const char *with_backends(const char *text)
{
	static char list[128];
	size_t len = (size_t)snprintf(list, sizeof(list), "%s: auto", text);

	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++) {
		const char *name = pcibar_backend_name(backend);

		if (name && len < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, ", %s", name);
	}
	return list;
}

static const char *set_backend(void *value, const char *arg)
{
	uint32_t *wanted = value;
	const char *name;

	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++) {
		name = pcibar_backend_name(backend);
		if (name && !strcmp(name, arg)) {
			*wanted = backend;
			return NULL;
		}
	}

	*wanted = PCIBAR_BACKEND_AUTO;
	return strcmp(arg, "auto") ? with_backends("no such back end, use one of these") : NULL;
}

static const char *set_sysfs(void *value, const char *arg)
{
	const char **directory = value;

	*directory = arg;
	return *arg ? NULL : "a directory is missing";
}

static const char *count_up(void *value, const char *arg)
{
	unsigned int *count = value;

	(void)arg;
	++*count;
	return NULL;
}

int option_find_word(const char *const *words, const char *arg)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], arg))
			return i;
	return -1;
}

static const char *set_color(void *value, const char *arg)
{
	static const char *const words[] = { "auto", "always", "never", NULL };
	enum color_mode *color = value;
	int found = option_find_word(words, arg);

	if (found < 0)
		return "use auto, always or never";
	*color = (enum color_mode)found;
	return NULL;
}

#define FLAG(member, name, help)	OPTION_FLAG(struct options, member, name, 0, help)

#define SHARE_DRIVER	FLAG(share_driver, "share-driver", \
			     "proceed even if a kernel driver owns the function")

const struct option_def options_share_driver[] = { SHARE_DRIVER, OPTION_END };

const struct option_def options_map[] = {
	SHARE_DRIVER,
	FLAG(share_page, "share-page", "proceed even if the BAR shares its page"),
	FLAG(exclusive, "exclusive", "keep all others out while the BAR is mapped"),
	FLAG(activate, "activate", "enable decoding for the duration of the command"),
	OPTION_END
};

const struct option_def options_access[] = {
	/* options_print_help() appends the names. */
	OPTION_VALUE(struct options, backend, "backend", 0, "NAME", "back end",
		     set_backend),
	OPTION_VALUE(struct options, sysfs, "sysfs", 0, "DIR",
		     "where sysfs is mounted (default /sys)", set_sysfs),
	OPTION_END
};

const struct option_def options_verbose[] = {
	{ .name = "verbose", .letter = 'v', .help = "be verbose; twice to trace the library",
	  .offset = offsetof(struct options, verbose), .set = count_up },
	OPTION_END
};

const struct option_def options_color[] = {
	OPTION_VALUE(struct options, color, "color", 0, "WHEN", "auto, always or never",
		     set_color),
	OPTION_END
};

const struct option_def options_json[] = { FLAG(json, "json", "print JSON"), OPTION_END };

const struct option_def options_help[] = {
	OPTION_HELP('h'), OPTION_END
};

const struct option_def options_version[] = {
	OPTION_VERSION('V'), OPTION_END
};

/* What getopt_long() needs for the options of all groups together */
struct getopt_tables {
	unsigned int count;
	struct {
		const struct option_def *def;
		void *values;
	} found[MAX_OPTIONS];
	char letters[2 * MAX_OPTIONS + 3];
	struct option longs[MAX_OPTIONS + 1];
};

static void build_tables(struct getopt_tables *t, const struct option_group *groups, bool in_front)
{
	char *s = t->letters;

	/* '+': stop at the first operand; ':': report a missing argument as ':' */
	if (in_front)
		*s++ = '+';

	*s++ = ':';
	t->count = 0;
	for (; groups->defs; groups++) {
		for (const struct option_def *def = groups->defs; def->name; def++) {
			if (t->count == MAX_OPTIONS)
				abort();
			t->found[t->count].def = def;
			t->found[t->count].values = groups->values;
			t->longs[t->count] = (struct option){
				.name = def->name,
				.has_arg = def->arg ? required_argument : no_argument,
				.val = FIRST_LONG + (int)t->count,
			};
			t->count++;
			if (!def->letter)
				continue;
			*s++ = def->letter;
			if (def->arg)
				*s++ = ':';
		}
	}
	*s = '\0';
	t->longs[t->count] = (struct option){ 0 };
}

/* The index of the option for which getopt_long() returned @letter */
static unsigned int find_letter(const struct getopt_tables *t, int letter)
{
	for (unsigned int i = 0; i < t->count; i++)
		if (t->found[i].def->letter && t->found[i].def->letter == letter)
			return i;
	return (unsigned int)(letter - FIRST_LONG);
}

static void describe_unknown(char *const *argv, char error[OPTIONS_ERROR_MAX])
{
	const char *word = argv[optind - 1];

	/* getopt_long() stays at a word of several letters until the last one. */
	if (optopt > 0 && optopt < FIRST_LONG && argv[optind] && argv[optind][0] == '-' &&
	    argv[optind][1] == optopt)
		word = argv[optind];
	if (optopt >= '0' && optopt <= '9')
		snprintf(error, OPTIONS_ERROR_MAX, "'%s': a number cannot be negative", word);
	else if (optopt > 0 && optopt < FIRST_LONG)
		snprintf(error, OPTIONS_ERROR_MAX, "unknown option '-%c'", optopt);
	else if (optopt)
		snprintf(error, OPTIONS_ERROR_MAX, "'%s': the option takes no argument", word);
	else
		snprintf(error, OPTIONS_ERROR_MAX, "unknown option '%s'", word);
}

const char *option_set(const struct option_def *def, void *values, const char *arg)
{
	void *value = (char *)values + def->offset;

	if (def->set)
		return def->set(value, arg);
	*(bool *)value = true;
	return NULL;
}

bool option_is_on(const struct option_def *def, const void *values)
{
	return *(const bool *)((const char *)values + def->offset);
}

static int apply(const struct getopt_tables *t, unsigned int i, const char *arg,
		 char error[OPTIONS_ERROR_MAX])
{
	const char *wrong = option_set(t->found[i].def, t->found[i].values, arg);

	if (!wrong)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX, "--%s '%s': %s", t->found[i].def->name, arg, wrong);
	return -1;
}

int options_parse(const struct option_group *groups, bool in_front, int argc, char **argv,
		  int *rest, char error[OPTIONS_ERROR_MAX])
{
	struct getopt_tables t;
	int letter;

	build_tables(&t, groups, in_front);
	opterr = 0;
	optind = 0;	/* glibc and musl: start again, also with another argv */
	for (;;) {
		letter = getopt_long(argc, argv, t.letters, t.longs, NULL);
		if (letter == -1)
			break;
		if (letter == ':') {
			snprintf(error, OPTIONS_ERROR_MAX, "%s needs an argument",
				 argv[optind - 1]);
			return -1;
		}
		if (letter == '?') {
			describe_unknown(argv, error);
			return -1;
		}
		if (apply(&t, find_letter(&t, letter), optarg, error))
			return -1;
	}

	*rest = optind;
	return 0;
}

const struct option_def *options_find(const struct option_def *defs, const char *name)
{
	for (; defs->name; defs++)
		if (!strcmp(defs->name, name))
			return defs;
	return NULL;
}

void options_print_help(FILE *out, const struct option_def *defs)
{
	char left[40];

	for (; defs->name; defs++) {
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", defs->letter ? '-' : ' ',
			 defs->letter ? defs->letter : ' ', defs->letter ? ", " : "  ",
			 defs->name, defs->arg ? " " : "", defs->arg ? defs->arg : "");
		fprintf(out, "  %-28s %s\n", left, defs->set == set_backend ?
			with_backends(defs->help) : defs->help);
	}
}
