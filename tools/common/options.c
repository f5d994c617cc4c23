// SPDX-License-Identifier: BSD-2-Clause
/* Options of the command line. */
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include <pcibar/device.h>
#include <pcibar/explain.h>

#include "options.h"
#include "parse.h"

#define MAX_BACKENDS	32
#define FIRST_LONG	256	/* what getopt_long() returns for row 0, above all letters */

struct option_row {
	const char *name;
	char letter;			/* 0: none */
	const char *arg;		/* NULL: takes none */
	const char *help;
	size_t flag;			/* the bool to set, when there is no @set */
	const char *(*set)(struct options *opt, const char *arg);
};

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

static const char *set_backend(struct options *opt, const char *arg)
{
	const char *name;

	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++) {
		name = pcibar_backend_name(backend);
		if (name && !strcmp(name, arg)) {
			opt->backend = backend;
			return NULL;
		}
	}

	opt->backend = PCIBAR_BACKEND_AUTO;
	return strcmp(arg, "auto") ? with_backends("no such back end, use one of these") : NULL;
}

static const char *set_sysfs(struct options *opt, const char *arg)
{
	opt->sysfs = arg;
	return *arg ? NULL : "a directory is missing";
}

static const char *set_verbose(struct options *opt, const char *arg)
{
	(void)arg;
	opt->verbose++;
	return NULL;
}

/* The index of @arg in @words, a list that ends with NULL; -1: not in it */
static int find_word(const char *const *words, const char *arg)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], arg))
			return i;
	return -1;
}

static const char *set_color(struct options *opt, const char *arg)
{
	static const char *const words[] = { "auto", "always", "never", NULL };
	int found = find_word(words, arg);

	if (found < 0)
		return "use auto, always or never";
	opt->color = (enum color_mode)found;
	return NULL;
}

static const char *set_format(struct options *opt, const char *arg)
{
	static const char *const words[] = { "hex", "raw", "json", NULL };
	int found = find_word(words, arg);

	if (found < 0)
		return "use hex, raw or json";
	opt->format = (enum dump_format)found;
	return NULL;
}

static const char *set_width(struct options *opt, const char *arg)
{
	return parse_width(arg, &opt->width);
}

static const char *set_width_any(struct options *opt, const char *arg)
{
	if (!strcmp(arg, "any")) {
		opt->width = WIDTH_ANY;
		return NULL;
	}
	return parse_width(arg, &opt->width) ? "not a width: use 1, 2, 4, 8 or any" : NULL;
}

static const char *set_width_config(struct options *opt, const char *arg)
{
	return parse_width(arg, &opt->width) || opt->width > 4 ?
		"not a width of configuration space: use 1, 2 or 4" : NULL;
}

static const char *set_count(struct options *opt, const char *arg)
{
	const char *wrong = parse_u64(arg, UINT64_MAX, &opt->count);

	return wrong || opt->count ? wrong : "the count is zero";
}

static const char *set_output(struct options *opt, const char *arg)
{
	opt->output = arg;
	return *arg ? NULL : "a file name is missing";
}

static const char *set_offset(struct options *opt, const char *arg)
{
	return parse_u64(arg, UINT64_MAX, &opt->offset);
}

static const char *set_interval(struct options *opt, const char *arg)
{
	return parse_duration(arg, &opt->interval_ns);
}

static const char *set_timeout(struct options *opt, const char *arg)
{
	return parse_duration(arg, &opt->timeout_ns);
}

static const char *set_until(struct options *opt, const char *arg)
{
	opt->until = arg;
	return NULL;
}

/* options_help() appends the names. */
#define BACKEND_HELP	"back end to use"

#define FLAG(member)	.flag = offsetof(struct options, member)

/* Row n is bit n of enum option_bit. */
static const struct option_row rows[] = {
	{ "share-driver", 0, NULL, "proceed even if a kernel driver owns the function",
	  FLAG(share_driver) },
	{ "share-page", 0, NULL, "proceed even if the BAR's page holds other resources",
	  FLAG(share_page) },
	{ "exclusive", 0, NULL, "fail if the BAR has another user, and keep others out",
	  FLAG(exclusive) },
	{ "activate", 0, NULL, "enable decoding for the duration of the command", FLAG(activate) },
	{ "backend", 0, "NAME", BACKEND_HELP, .set = set_backend },
	{ "sysfs", 0, "DIR", "where sysfs is mounted (default /sys)", .set = set_sysfs },
	{ "verbose", 'v', NULL, "be verbose; twice to trace the library", .set = set_verbose },
	{ "color", 0, "WHEN", "auto, always or never", .set = set_color },
	{ "json", 0, NULL, "print JSON", FLAG(json) },
	{ "help", 0, NULL, "show this help and exit", FLAG(help) },
	{ "version", 0, NULL, "show the version and exit", FLAG(version) },
	{ "width", 'w', "1|2|4|8", "bytes of every access (default 4)", .set = set_width },
	{ "width", 'w', "1|2|4|8|any", "bytes of every access (default 4)",
	  .set = set_width_any },
	{ "width", 'w', "1|2|4", "bytes of every access (default: the register's, else 4)",
	  .set = set_width_config },
	{ "count", 'c', "COUNT", "how many units", .set = set_count },
	{ "fixed", 0, NULL, "every access at the same offset (a FIFO)", FLAG(fixed) },
	{ "verify", 0, NULL, "read back and compare; exit 5 on a difference",
	  FLAG(verify) },
	{ "dry-run", 'n', NULL, "show what would be written, and write nothing", FLAG(dry_run) },
	{ "format", 'f', "hex|raw|json", "form of the output (default hex)", .set = set_format },
	{ "output", 'o', "FILE", "write to FILE instead of standard output",
	  .set = set_output },
	{ "offset", 0, "N", "offset in the BAR to start at (default 0)", .set = set_offset },
	{ "write", 0, NULL, "ask about write access, too", FLAG(write) },
	{ "wc", 0, NULL, "write-combining instead of uncached", FLAG(wc) },
	{ "interval", 'i', "TIME", "time between two reads (default 100ms)",
	  .set = set_interval },
	{ "until", 0, "VALUE[:MASK]", "exit when the masked bits have this value",
	  .set = set_until },
	{ "timeout", 0, "TIME", "exit with status 5 after this time",
	  .set = set_timeout },
	{ "io", 0, NULL, "I/O decoding", FLAG(io) },
	{ "mem", 0, NULL, "memory decoding", FLAG(mem) },
	{ "bus-master", 0, NULL, "bus mastering: the device may do DMA", FLAG(bus_master) },
};

#define N_ROWS	(sizeof(rows) / sizeof(rows[0]))

_Static_assert(N_ROWS == 29, "one row per bit of enum option_bit");

void options_init(struct options *opt)
{
	*opt = (struct options){ .width = 4, .interval_ns = UINT64_C(100000000) };
}

struct getopt_tables {
	char letters[2 * N_ROWS + 3];
	struct option longs[N_ROWS + 1];
};

static void build_tables(struct getopt_tables *t, uint32_t allowed, bool in_front)
{
	struct option *l = t->longs;
	char *s = t->letters;

	/* '+': stop at the first operand; ':': report a missing argument as ':' */
	if (in_front)
		*s++ = '+';

	*s++ = ':';
	for (unsigned int i = 0; i < N_ROWS; i++) {
		if (!(allowed & 1u << i))
			continue;
		if (rows[i].letter) {
			*s++ = rows[i].letter;
			if (rows[i].arg)
				*s++ = ':';
		}
		*l++ = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].arg ? required_argument : no_argument,
			.val = FIRST_LONG + (int)i,
		};
	}
	*s = '\0';
	*l = (struct option){ 0 };
}

static unsigned int find_row(uint32_t allowed, int letter)
{
	for (unsigned int i = 0; i < N_ROWS; i++)
		if (allowed & 1u << i && rows[i].letter && rows[i].letter == letter)
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

const char *options_set(struct options *opt, enum option_bit bit, const char *arg)
{
	const struct option_row *row = &rows[__builtin_ctz(bit)];

	opt->given |= bit;
	if (row->set)
		return row->set(opt, arg);
	*(bool *)((char *)opt + row->flag) = true;
	return NULL;
}

static int apply(struct options *opt, unsigned int row, const char *arg,
		 char error[OPTIONS_ERROR_MAX])
{
	const char *wrong = options_set(opt, 1u << row, arg);

	if (!wrong)
		return 0;
	snprintf(error, OPTIONS_ERROR_MAX, "--%s '%s': %s", rows[row].name, arg, wrong);
	return -1;
}

int options_parse(struct options *opt, uint32_t allowed, bool in_front, int argc, char **argv,
		  int *rest, char error[OPTIONS_ERROR_MAX])
{
	struct getopt_tables t;
	int letter;

	build_tables(&t, allowed, in_front);
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
		if (apply(opt, find_row(allowed, letter), optarg, error))
			return -1;
	}

	*rest = optind;
	return 0;
}

const char *options_name(uint32_t bits)
{
	return rows[__builtin_ctz(bits)].name;
}

void options_help(FILE *out, uint32_t allowed)
{
	char left[40];

	for (unsigned int i = 0; i < N_ROWS; i++) {
		if (!(allowed & 1u << i))
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ",
			 rows[i].name, rows[i].arg ? " " : "", rows[i].arg ? rows[i].arg : "");
		fprintf(out, "  %-28s %s\n", left, rows[i].set == set_backend ?
			with_backends(rows[i].help) : rows[i].help);
	}
}
