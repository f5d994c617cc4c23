// SPDX-License-Identifier: BSD-2-Clause
/* pcibar: its verbs, their help, and the main function. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <pcibar/version.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"
#include "common/text.h"

#include "cmd.h"
#include "config-names.h"

static const struct program program = { .name = "pcibar", .help = "pcibar help" };

static int cmd_help(struct context *ctx, int argc, char **argv);

static const struct cmd cmd_help_verb = {
	.name = "help",
	.summary = "show help for a verb",
	.operands = "[verb|registers]",
	.notes = "registers: the names that 'config read' and 'config write' know.\n",
	.flags = CMD_SCRIPT,
	.options = OPT_HELP,
	.max = 2,
	.run = cmd_help,
};

static const struct cmd *const cmds[] = {
	&cmd_list, &cmd_info, &cmd_explain, &cmd_read, &cmd_write, &cmd_dump, &cmd_load,
	&cmd_compare, &cmd_watch, &cmd_config_read, &cmd_config_write, &cmd_enable, &cmd_disable,
	&cmd_script, &cmd_help_verb,
};

#define N_CMDS	(sizeof(cmds) / sizeof(cmds[0]))

static void help_all(void)
{
	fputs("usage: pcibar [options] <verb> [options] <selector> [operands]\n\nverbs:\n", stdout);
	for (size_t i = 0; i < N_CMDS; i++)
		printf("  %-13s %s\n", cmds[i]->name, cmds[i]->summary);
	fputs("\noptions, before or after a verb:\n", stdout);
	options_help(stdout, OPTS_GLOBAL);
	fputs("\nA selector is an address (00:04.0), or vendor:device (1234:11e8) with #N for the "
	      "N-th.\nNumbers are decimal or 0x..., with K, M or G for powers of 1024. A range is "
	      "START or\nSTART+LENGTH in bytes.\n\n"
	      "exit status: 0 ok; 1 failed or refused; 2 wrong usage; 3 no such device, or several;"
	      "\n4 the device was lost; 5 comparison failed, or timed out\n", stdout);
}

static void help_one(const struct cmd *cmd)
{
	printf("usage: pcibar %s [options]%s%s%s\n\n%s\n", cmd->name,
	       cmd->flags & CMD_SELECTOR ? " <selector>" : "", *cmd->operands ? " " : "",
	       cmd->operands, cmd->summary);
	if (cmd->notes)
		printf("\n%s", cmd->notes);
	fputs("\noptions:\n", stdout);
	options_help(stdout, cmd->options);
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

/* "config" alone, or with another second word, is half a verb. */
static int unknown_verb(const struct context *ctx, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i < N_CMDS; i++)
		if (len && !strncmp(cmds[i]->name, word, len) && cmds[i]->name[len] == ' ')
			return usage_error(ctx, "'%s' needs a second word: '%s' or '%s'", word,
					   cmds[i]->name, cmds[i + 1]->name);
	return usage_error(ctx, "unknown verb '%s'", word);
}

static int cmd_help(struct context *ctx, int argc, char **argv)
{
	bool found = false;
	int words;

	if (!argc) {
		help_all();
		return STATUS_OK;
	}
	if (!strcmp(argv[0], "registers")) {
		config_name_list(stdout);
		return STATUS_OK;
	}
	for (size_t i = 0; i < N_CMDS; i++) {
		size_t len = strlen(argv[0]);

		/* "help config" is about both of its verbs. */
		if (!is_verb(cmds[i], argc, argv, &words) &&
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

/* An option before a verb that does not accept it is refused, not ignored. */
static int check_front(const struct context *ctx, const struct cmd *cmd, uint32_t given)
{
	uint32_t useless = given & ~(cmd->options | OPTS_HABIT);

	if (!useless)
		return STATUS_OK;
	return usage_error(ctx, "option --%s does not apply to this verb", options_name(useless));
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

int cmd_dispatch(struct context *ctx, bool in_script, int argc, char **argv)
{
	uint32_t front = ctx->opt.given;
	const struct cmd *cmd;
	char error[OPTIONS_ERROR_MAX];
	int words = 1;
	int status;
	int rest;

	cmd = find_cmd(argc, argv, &words);
	if (!cmd)
		return unknown_verb(ctx, argv[0]);

	ctx->verb = cmd->name;
	if (in_script && !(cmd->flags & CMD_SCRIPT))
		return usage_error(ctx, "not allowed in a script");

	argc -= words - 1;
	argv += words - 1;
	ctx->opt.given = 0;
	if (options_parse(&ctx->opt, cmd->options, false, argc, argv, &rest, error))
		return usage_error(ctx, "%s", error);
	if (ctx->opt.help) {
		help_one(cmd);
		return STATUS_OK;
	}
	argc -= rest;
	argv += rest;
	status = check_front(ctx, cmd, front);
	if (status)
		return status;

	status = check_operands(ctx, cmd, argc);
	if (status)
		return status;
	if (cmd->flags & CMD_SELECTOR && !in_script) {
		ctx->session->selector = ctx->session->label = *argv++;
		argc--;
	}
	return cmd->run(ctx, argc, argv);
}

static int run(struct context *ctx, int argc, char **argv)
{
	char error[OPTIONS_ERROR_MAX];
	int rest;

	if (options_parse(&ctx->opt, OPTS_GLOBAL, true, argc, argv, &rest, error))
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
	/* A closed pipe is an error of write(2) then, and is reported. */
	signal(SIGPIPE, SIG_IGN);
	options_init(&ctx.opt);
	status = run(&ctx, argc, argv);
	session_close(&session);
	interrupt_obey();
	return output_close(&ctx, stdout, status);
}
