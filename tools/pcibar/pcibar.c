// SPDX-License-Identifier: BSD-2-Clause
/* pcibar: its verbs, their help, and the main function. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pcibar/selector.h>
#include <pcibar/version.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"
#include "common/text.h"

#include "cmd.h"
#include "complete.h"
#include "config-names.h"

#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define VERB_MAX	16	/* characters of a verb, and of a word that may be meant for one */
#define MAX_GROUPS	8	/* arrays of options of one verb */

static const struct program program = { .name = "pcibar", .help = "pcibar help" };

static const struct cmd *const cmds[] = { CMD_VERBS(CMD_POINTER) };

#define N_CMDS	(sizeof(cmds) / sizeof(cmds[0]))

/* Accepted before a verb: what an alias may have for every verb, and what a verb must know */
static const struct option_def *const habits[] = {
	options_access, options_verbose, options_color, options_help, NULL
};
static const struct option_def *const particular[] = { options_map, options_json, NULL };

static void print_options(const struct option_def *const *arrays)
{
	for (; *arrays; arrays++)
		options_print_help(stdout, *arrays);
}

static void help_options(void)
{
	fputs("options, before a verb or after it, if it accepts them:\n", stdout);
	print_options(particular);
	print_options(habits);
	options_print_help(stdout, options_version);
}

static void help_selectors(void)
{
	fputs("A selector names functions, in hexadecimal:\n"
	      "  0000:00:04.0, 0:4.0   an address, as lspci prints it\n"
	      "  4.0                   device and function, on any bus\n"
	      "  1234:11e8, 10ee:      vendor and device, all of a vendor\n"
	      "  ::0108, 8086::02xx    a class, one of a vendor\n"
	      "  /sys/bus/pci/devices/0000:00:04.0\n"
	      "  pci0:0:4:0            an address in decimal, as pciconf prints it\n"
	      "#N after one that is not an address selects the N-th match, from 0.\n\n"
	      "A BAR is 0 to 5, or rom. Numbers are decimal or 0x..., with K, M or G for powers\n"
	      "of 1024. A range is START or START+LENGTH in bytes.\n", stdout);
}

static void help_status(void)
{
	fputs("exit status:\n"
	      "  0  ok\n"
	      "  1  failed or refused\n"
	      "  2  wrong usage\n"
	      "  3  no such device, or several\n"
	      "  4  the device was lost, or does not respond\n"
	      "  5  comparison failed, or timed out\n", stdout);
}

static void help_registers(void)
{
	config_name_list(stdout);
}

#define TOPIC(name)	{ #name, help_##name },

/* What several verbs have in common */
static const struct topic {
	const char *name;
	void (*print)(void);
} topics[] = { CMD_TOPICS(TOPIC) };

#define N_TOPICS	(sizeof(topics) / sizeof(topics[0]))

/* Fits a terminal of 24 lines. */
static void help_all(void)
{
	fputs("usage: pcibar [options] <verb> [options] <selector> [operands]; verbs:\n", stdout);
	for (size_t i = 0; i < N_CMDS; i++)
		if (!(cmds[i]->flags & CMD_SCRIPT_ONLY) && cmds[i] != &cmd_help)
			printf("  %-13s %s\n", cmds[i]->name, cmds[i]->summary);
	fputs("\n'pcibar help WORD' describes a verb, or ", stdout);
	for (size_t i = 0; i < N_TOPICS; i++)
		printf("%s%s", i ? ", " : "", topics[i].name);
	putchar('\n');
}

static void help_one(const struct cmd *cmd)
{
	printf("usage: %s%s [options]%s%s%s\n",
	       cmd->flags & CMD_SCRIPT_ONLY ? "" : "pcibar ", cmd->name,
	       cmd->flags & CMD_SELECTOR ? " <selector>" : "", *cmd->operands ? " " : "",
	       cmd->operands);
	if (cmd->unselected)
		printf("       pcibar %s [options] %s\n", cmd->name, cmd->unselected);
	printf("\n%s\n", cmd->summary);
	if (cmd->notes)
		printf("\n%s", cmd->notes);
	fputs("\noptions:\n", stdout);
	if (cmd->own)
		options_print_help(stdout, cmd->own);
	print_options(cmd->common);
}

/* Whether @argv starts with the verb of @cmd, which has one word or two */
static bool is_verb(const struct cmd *cmd, int argc, char **argv, int *words)
{
	const char *second = strchr(cmd->name, ' ');
	size_t len = second ? (size_t)(second - cmd->name) : strlen(cmd->name);

	*words = second ? 2 : 1;
	return argc >= *words && strlen(argv[0]) == len && !strncmp(argv[0], cmd->name, len) &&
	       (!second || !strcmp(argv[1], second + 1));
}

static const struct cmd *find_cmd(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < N_CMDS; i++)
		if (is_verb(cmds[i], argc, argv, words))
			return cmds[i];
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * How many characters of @a to insert, remove, replace or swap with the next to
 * get the first @len of @b, which are at most VERB_MAX
 */
static size_t distance(const char *a, const char *b, size_t len)
{
	size_t rows[3][VERB_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= len; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *free_row = before;

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			row[j] = last[j - 1] + (lower(a[i - 1]) != b[j - 1]);
			row[j] = MIN(row[j], MIN(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == b[j - 2] &&
			    lower(a[i - 2]) == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = free_row;
	}
	return last[len];
}

/* The verb that @word probably means, or NULL; @len: of its first word */
static const char *similar_verb(const char *word, size_t *len)
{
	/* What other tools call it */
	static const char *const synonyms[][2] = {
		{ "ls", "list" }, { "show", "info" }, { "peek", "read" }, { "poke", "write" },
		{ "cmp", "compare" }, { "diff", "compare" }, { "wait", "watch" },
	};
	const char *found = NULL;
	size_t best = 3;	/* more changes make another word */

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		*len = strlen(synonyms[i][1]);
		if (!strcasecmp(word, synonyms[i][0]))
			return synonyms[i][1];
	}
	if (strlen(word) < 2 || strlen(word) > VERB_MAX)
		return NULL;

	for (size_t i = 0; i < N_CMDS; i++) {
		size_t first = strcspn(cmds[i]->name, " ");
		size_t d = distance(word, cmds[i]->name, first);

		if (d < best && d < strlen(word)) {
			best = d;
			found = cmds[i]->name;
			*len = first;
		}
	}
	return found;
}

/* Lists the verbs that begin with @word, "'config read', 'config write'", in @list. */
static bool longer_verbs(const char *word, char *list, size_t room)
{
	size_t len = strlen(word), used = 0;

	for (size_t i = 0; i < N_CMDS; i++)
		if (len && !strncmp(cmds[i]->name, word, len) && cmds[i]->name[len] == ' ' &&
		    used < room)
			used += (size_t)snprintf(list + used, room - used, "%s'%s'",
						 used ? ", " : "", cmds[i]->name);
	return used;
}

/* "config" alone, or with another second word, is half a verb. */
static int unknown_verb(const struct context *ctx, const char *word)
{
	size_t similar_len;
	const char *similar = similar_verb(word, &similar_len);
	char longer[128];

	if (longer_verbs(word, longer, sizeof(longer)))
		return usage_error(ctx, "'%s' needs a second word: %s", word, longer);
	if (similar)
		return usage_error(ctx, "unknown verb '%s' (did you mean '%.*s'?)", word,
				   (int)similar_len, similar);
	return usage_error(ctx, "unknown verb '%s'", word);
}

static int run_help(struct context *ctx, int argc, char **argv)
{
	const struct cmd *exact;
	bool found = false;
	int words;

	if (ctx->check_only)
		return STATUS_CHECKED;
	if (!argc) {
		help_all();
		return STATUS_OK;
	}
	for (size_t i = 0; i < N_TOPICS; i++) {
		if (strcmp(argv[0], topics[i].name))
			continue;
		topics[i].print();
		return STATUS_OK;
	}
	exact = find_cmd(argc, argv, &words);
	for (size_t i = 0; i < N_CMDS; i++) {
		size_t len = strlen(argv[0]);

		/* "help config" is about all of its verbs. */
		if (cmds[i] != exact &&
		    !(argc == 1 && !strncmp(cmds[i]->name, argv[0], len) &&
		      cmds[i]->name[len] == ' '))
			continue;
		if (found)
			putchar('\n');
		help_one(cmds[i]);
		found = true;
	}
	if (found)
		return STATUS_OK;

	ctx->verb = NULL;
	return unknown_verb(ctx, argv[0]);
}

const struct cmd cmd_help = {
	.name = "help",
	.summary = "show help for a verb",
	.operands = "[verb|topic]",
	.notes = "Without a verb: all verbs and topics.\n",
	.flags = CMD_SCRIPT,
	CMD_COMMON(options_help),
	.max = 2,
	.run = run_help,
};

static bool has_option(const struct cmd *cmd, const char *name)
{
	for (const struct option_def *const *defs = cmd->common; *defs; defs++)
		if (options_find(*defs, name))
			return true;
	return false;
}

/* An option before a verb that does not accept it is refused, not ignored. */
static int check_front(const struct context *ctx, const struct cmd *cmd)
{
	for (const struct option_def *const *defs = particular; *defs; defs++)
		for (const struct option_def *def = *defs; def->name; def++)
			if (option_is_on(def, &ctx->opt) && !has_option(cmd, def->name))
				return usage_error(ctx, "option --%s does not apply to this verb",
						   def->name);
	return STATUS_OK;
}

/* The options after the verb; values of its own ones are in @ctx->own, for the caller to free. */
static int parse_options(struct context *ctx, const struct cmd *cmd, int argc, char **argv,
			 int *rest)
{
	struct option_group groups[MAX_GROUPS + 1] = { 0 };
	char error[OPTIONS_ERROR_MAX];
	size_t count = 0;

	if (cmd->own) {
		ctx->own = malloc(cmd->own_size);
		if (!ctx->own)
			return fail(ctx, STATUS_FAILED, "out of memory");
		memcpy(ctx->own, cmd->defaults, cmd->own_size);
		groups[count++] = (struct option_group){ cmd->own, ctx->own };
	}
	for (const struct option_def *const *defs = cmd->common; *defs; defs++) {
		if (count == MAX_GROUPS)
			abort();
		groups[count++] = (struct option_group){ *defs, &ctx->opt };
	}

	if (options_parse(groups, false, argc, argv, rest, error))
		return usage_error(ctx, "%s", error);
	return STATUS_OK;
}

static int check_operands(struct context *ctx, const struct cmd *cmd, int argc)
{
	int selector = cmd->flags & CMD_SELECTOR && !ctx->session->selector;

	if (argc < cmd->min + selector)
		return usage_error(ctx, "operands are missing: %s%s%s",
				   selector ? "<selector>" : "",
				   selector && *cmd->operands ? " " : "", cmd->operands);
	if (argc - selector > cmd->max)
		return usage_error(ctx, "too many operands");
	return STATUS_OK;
}

/* Whether the operands are of the form without a selector: what can be one is one. */
static bool is_unselected(const struct cmd *cmd, int argc, char **argv)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };

	return cmd->unselected && argc == cmd->unselected_count &&
	       pcibar_selector_parse(argv[0], &sel, NULL);
}

static int run_verb(struct context *ctx, const struct cmd *cmd, bool in_script, int argc,
		    char **argv)
{
	int status;

	if (ctx->opt.help) {
		if (ctx->check_only)
			return STATUS_CHECKED;
		help_one(cmd);
		return STATUS_OK;
	}
	/* In a script, the options of the script itself are those of its lines. */
	status = in_script ? STATUS_OK : check_front(ctx, cmd);
	if (status)
		return status;

	if (!in_script && is_unselected(cmd, argc, argv))
		return cmd->run(ctx, argc, argv);

	status = check_operands(ctx, cmd, argc);
	if (status)
		return status;
	if (cmd->flags & CMD_SELECTOR && !in_script) {
		ctx->session->selector = ctx->session->label = *argv++;
		argc--;
	}
	return cmd->run(ctx, argc, argv);
}

int cmd_dispatch(struct context *ctx, bool in_script, int argc, char **argv)
{
	const struct cmd *cmd;
	int words = 1;
	int status;
	int rest;

	cmd = find_cmd(argc, argv, &words);
	if (!cmd)
		return unknown_verb(ctx, argv[0]);

	ctx->verb = cmd->name;
	if (in_script && !(cmd->flags & CMD_SCRIPT))
		return usage_error(ctx, "not allowed in a script");
	if (!in_script && cmd->flags & CMD_SCRIPT_ONLY)
		return usage_error(ctx, "only allowed in a script");

	argc -= words - 1;
	argv += words - 1;
	status = parse_options(ctx, cmd, argc, argv, &rest);
	if (!status)
		status = run_verb(ctx, cmd, in_script, argc - rest, argv + rest);

	free(ctx->own);
	ctx->own = NULL;
	return status;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct option_group groups[] = {
		{ options_map, &ctx->opt }, { options_json, &ctx->opt },
		{ options_access, &ctx->opt }, { options_verbose, &ctx->opt },
		{ options_color, &ctx->opt }, { options_help, &ctx->opt },
		{ options_version, &ctx->opt }, { 0 }
	};
	char error[OPTIONS_ERROR_MAX];
	int rest;

	/* Not a verb: only for what is in packaging/completion */
	if (argc > 1 && !strcmp(argv[1], "__complete")) {
		complete(ctx, argc - 2, argv + 2);
		return STATUS_OK;
	}
	if (options_parse(groups, true, argc, argv, &rest, error))
		return usage_error(ctx, "%s", error);
	if (ctx->opt.version) {
		printf("pcibar %s\n", pcibar_version());
		return STATUS_OK;
	}
	if (ctx->opt.help) {
		help_all();
		return STATUS_OK;
	}
	if (rest == argc)
		return usage_error(ctx, "a verb is missing");

	return cmd_dispatch(ctx, false, argc - rest, argv + rest);
}

int main(int argc, char **argv)
{
	struct session session = { .label = "" };
	struct context ctx = { .program = &program, .session = &session, .where = "" };
	int status;

	if (output_init())
		return STATUS_FAILED;

	text_init();
	/* A closed pipe is an error of write(2) then; output.c ends the command for it. */
	signal(SIGPIPE, SIG_IGN);
	status = run(&ctx, argc, argv);
	session_close(&session);
	interrupt_obey();
	return output_close(&ctx, stdout, status);
}
