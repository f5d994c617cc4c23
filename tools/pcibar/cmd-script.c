// SPDX-License-Identifier: BSD-2-Clause
/* pcibar script: run many commands on one function */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"

#include "cmd.h"
static const char blanks[] = " \t\r\n";

struct script {
	const char *name;
	FILE *in;
	bool prompt;		/* a person types: errors do not end it */
	unsigned long line;
	char where[128];
};

/*
 * Splits @line in place into words, with "..." around blanks and '#'; returns
 * how many, or -1 for a quote without its end. @words has room for all.
 */
static int split(char *line, char **words)
{
	int count = 0;
	char *out;

	for (;;) {
		line += strspn(line, blanks);
		if (!*line || *line == '#')
			break;
		words[count++] = out = line;
		while (*line && !strchr(blanks, *line)) {
			if (*line != '"') {
				*out++ = *line++;
				continue;
			}
			for (line++; *line && *line != '"'; )
				*out++ = *line++;
			if (!*line++)
				return -1;
		}
		if (*line)
			line++;
		*out = '\0';
	}

	words[count] = NULL;
	return count;
}

static int run_words(struct context *ctx, struct script *script, int count, char **words)
{
	struct context child = *ctx;
	int status;

	child.own = NULL;
	child.where = script->where;
	child.verb = NULL;
	status = cmd_dispatch(&child, true, count, words);
	if (!status || status == STATUS_NO)
		status = output_flush(&child, stdout) ? STATUS_FAILED : status;
	return status;
}

static int run_line(struct context *ctx, struct script *script, char *line, bool *quit)
{
	char **words = calloc(strlen(line) / 2 + 2, sizeof(*words));
	int status = STATUS_OK;
	int count;

	if (!words)
		return fail(ctx, STATUS_FAILED, "out of memory");
	if (!script->prompt)
		snprintf(script->where, sizeof(script->where), "%s:%lu: ", script->name,
			 script->line);

	count = split(line, words);
	if (count < 0)
		status = usage_error(&(struct context){ .program = ctx->program, .verb = ctx->verb,
							.where = script->where },
				     "a quote is not closed");
	else if (count && !strcmp(words[0], "quit"))
		*quit = true;
	else if (count)
		status = run_words(ctx, script, count, words);
	free(words);
	return status;
}

static int run_script(struct context *ctx, struct script *script)
{
	int status = STATUS_OK;
	bool quit = false;
	size_t room = 0;
	char *line = NULL;

	while (!quit && (!status || script->prompt) && !interrupt_signal()) {
		if (script->prompt)
			fputs("pcibar> ", stderr);
		errno = 0;
		if (getline(&line, &room, script->in) < 0)
			break;
		script->line++;
		status = run_line(ctx, script, line, &quit);
		/* At the prompt Ctrl-C ends what runs. */
		if (script->prompt && interrupt_signal() == SIGINT)
			interrupt_clear();
	}
	free(line);
	if (ferror(script->in) && !interrupt_signal())
		return fail(ctx, STATUS_FAILED, "%s: %s", script->name,
			    errno ? strerror(errno) : "read error");
	if (script->prompt && !quit)
		fputc('\n', stderr);

	return script->prompt ? STATUS_OK : status;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct script script = { .name = "stdin", .in = stdin };
	int status;

	if (argc && strcmp(argv[0], "-") != 0) {
		script.name = argv[0];
		script.in = fopen(argv[0], "re");
		if (!script.in)
			return fail(ctx, STATUS_FAILED, "%s: %s", argv[0], strerror(errno));
	}
	script.prompt = script.in == stdin && isatty(STDIN_FILENO);
	ctx->session->keep = true;
	status = session_open(ctx, true);
	if (!status)
		status = run_script(ctx, &script);
	if (script.in != stdin)
		fclose(script.in);

	return status;
}

const struct cmd cmd_script = {
	.name = "script",
	.summary = "run many commands on one function",
	.operands = "[file|-]",
	.notes = "Each line is a verb without its selector, as in: read -w 2 0 0x10\n"
		 "'#' begins a comment, \"...\" keeps blanks together. Stops at the first failure "
		 "with its\nexit status. On a terminal it prompts: 'help' and 'quit' work there.\n",
	.flags = CMD_SELECTOR,
	CMD_COMMON(CMD_MAP, options_color, options_json),
	.max = 1,
	.run = run,
};
