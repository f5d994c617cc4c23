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
#include "common/text.h"

#include "cmd.h"
#include "complete.h"
#include "give-back.h"
#include "line-editor.h"
#include "script-line.h"
#include "verb-options.h"

/* What is kept of a script; no one writes more, but a device file may never end. */
#define SCRIPT_MAX	(UINT64_C(64) << 20)
#define PROMPT		"pcibar> "
/* What is no script at all, such as an image, has a mistake in every line. */
#define MISTAKES_MAX	20u

struct script_options {
	bool dry_run;
	bool label;
	bool stream;
};

struct script {
	const struct script_options *opt;
	const char *name;
	FILE *in;
	bool prompt;			/* a person types: errors do not end it */
	struct line_editor *editor;	/* of the prompt; NULL: the terminal's own */
	unsigned long number;		/* of the line that is checked or run */
	char where[128];
	struct script_line *lines;	/* all of it, but of a prompt or a stream */
	size_t count;
};

/* Runs a line, or checks its words only. A verb may rename the session, as 'list' does. */
static int run_words(struct context *ctx, struct script *script, const struct script_line *line,
		     bool check_only)
{
	const char *label = ctx->session->label;
	struct context child = *ctx;
	int status;

	child.own = NULL;
	child.where = script->where;
	child.verb = NULL;
	child.check_only = check_only;
	status = cmd_dispatch(&child, true, line->count, line->words);
	ctx->session->label = label;
	if (status == STATUS_CHECKED)
		return STATUS_OK;
	if (!status || status == STATUS_NO)
		status = output_flush(&child, stdout) ? STATUS_FAILED : status;
	return status;
}

/* Returns STATUS_QUIT of a line that ends the script. */
static int run_line(struct context *ctx, struct script *script, const struct script_line *line,
		    bool check_only)
{
	if (!script->prompt)
		snprintf(script->where, sizeof(script->where), "%s:%lu: ", script->name,
			 script->number);
	if (line->count < 0)
		return usage_error(&(struct context){ .program = ctx->program, .verb = ctx->verb,
						      .where = script->where },
				   "a quote is not closed");
	if (!line->count)
		return STATUS_OK;

	if (script->opt->label && !check_only) {
		fputs("# ", stdout);
		text_put(stdout, line->text);
		putchar('\n');
	}
	return run_words(ctx, script, line, check_only);
}

static int read_failed(struct context *ctx, const struct script *script)
{
	return fail(ctx, STATUS_FAILED, "%s: %s", script->name,
		    errno ? strerror(errno) : "read error");
}

/*
 * The next line of a prompt or a stream: *@text is of @room bytes, to be freed. Returns NULL
 * at the end, after an error or a signal.
 */
static const char *next_line(struct script *script, char **text, size_t *room)
{
	if (script->editor)
		return line_editor_get(script->editor);
	if (script->prompt)
		fputs(PROMPT, stderr);
	errno = 0;
	return getline(text, room, script->in) < 0 ? NULL : *text;
}

/* Ctrl-C ends what runs at a prompt, or the line that is typed, and not the prompt. */
static bool forgive(const struct script *script)
{
	if (!script->prompt || interrupt_signal() != SIGINT)
		return false;
	interrupt_clear();
	return true;
}

/* Each line as it comes, which may wait for what came of the one before. */
static int run_stream(struct context *ctx, struct script *script)
{
	struct script_line line = { 0 };
	int status = STATUS_OK;
	char *buffer = NULL;
	const char *text;
	size_t room = 0;

	while ((!status || (script->prompt && status != STATUS_QUIT)) && !interrupt_signal()) {
		text = next_line(script, &buffer, &room);
		if (!text && script->editor && forgive(script)) {
			fputc('\n', stderr);
			continue;
		}
		if (!text)
			break;
		script->number++;
		if (script_line_parse(text, &line)) {
			status = fail(ctx, STATUS_FAILED, "out of memory");
			break;
		}
		status = run_line(ctx, script, &line, false);
		script_line_free(&line);
		forgive(script);
	}
	free(buffer);
	if (ferror(script->in) && !interrupt_signal())
		return read_failed(ctx, script);
	if (script->prompt && status != STATUS_QUIT)
		fputc('\n', stderr);

	return script->prompt || status == STATUS_QUIT ? STATUS_OK : status;
}

static int run_prompt(struct context *ctx, struct script *script)
{
	int status;

	script->editor = line_editor_open(PROMPT, complete_script, ctx);
	if (script->editor)
		interrupt_catch(true);
	status = run_stream(ctx, script);
	if (script->editor)
		line_editor_close(script->editor);
	return status;
}

static int add_line(struct script *script, const char *text)
{
	size_t room = script->count & (script->count - 1) ? 0 : 2 * script->count + 1;
	struct script_line *lines;

	if (room) {
		lines = realloc(script->lines, room * sizeof(*lines));
		if (!lines)
			return -ENOMEM;
		script->lines = lines;
	}
	return script_line_parse(text, &script->lines[script->count++]);
}

static int read_lines(struct context *ctx, struct script *script)
{
	uint64_t size = 0;
	char *text = NULL;
	size_t room = 0;
	ssize_t length;
	int ret = 0;

	for (;;) {
		errno = 0;
		length = getline(&text, &room, script->in);
		if (length < 0)
			break;
		size += (uint64_t)length;
		ret = size > SCRIPT_MAX ? -EFBIG : add_line(script, text);
		if (ret)
			break;
	}
	free(text);
	if (ret == -EFBIG)
		return fail(ctx, STATUS_FAILED, "%s: a script has at most 64 MiB; --stream runs "
			    "line by line", script->name);
	if (ret)
		return fail(ctx, STATUS_FAILED, "out of memory");

	return ferror(script->in) ? read_failed(ctx, script) : STATUS_OK;
}

/* Checks or runs all lines up to 'quit'. Returns the status of the first that failed. */
static int run_lines(struct context *ctx, struct script *script, bool check_only)
{
	unsigned int mistakes_left = check_only ? MISTAKES_MAX : 1;
	int first = STATUS_OK;
	int status;

	for (size_t i = 0; i < script->count; i++) {
		if (interrupt_signal())
			return STATUS_FAILED;
		script->number = i + 1;
		status = run_line(ctx, script, &script->lines[i], check_only);
		if (status == STATUS_QUIT)
			break;
		if (!status)
			continue;
		first = first ? first : status;
		if (!--mistakes_left)
			break;
	}

	if (check_only && !mistakes_left)
		fail(ctx, first, "%s: the rest is not checked", script->name);
	return first;
}

static int run_all(struct context *ctx, struct script *script)
{
	int status;

	if (script->prompt)
		return run_prompt(ctx, script);
	if (script->opt->stream)
		return run_stream(ctx, script);

	status = read_lines(ctx, script);
	if (!status)
		status = run_lines(ctx, script, true);
	return status || script->opt->dry_run ? status : run_lines(ctx, script, false);
}

static int run_script(struct context *ctx, struct script *script)
{
	int status, ret;

	ctx->session->keep = true;
	if (script->opt->dry_run)
		return run_all(ctx, script);
	status = session_open(ctx, true);
	if (status)
		return status;
	ret = give_back_begin(ctx->session->dev);
	if (ret)
		return refused(ctx, PHASE_MAP, NO_BAR, ret, NULL);

	status = run_all(ctx, script);
	if (!give_back_end() || status == STATUS_LOST)
		return status;
	return fail_device(ctx, STATUS_LOST, NO_BAR, GIVE_BACK);
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct script script = { .opt = ctx->own, .name = "stdin", .in = stdin };
	int status;

	if (script.opt->stream && script.opt->dry_run)
		return usage_error(ctx, "--stream cannot be combined with --dry-run");
	if (script.opt->label && ctx->opt.json)
		return usage_error(ctx, "--label cannot be combined with --json, which says what "
				   "was read");
	if (argc && strcmp(argv[0], "-") != 0) {
		script.name = argv[0];
		script.in = fopen(argv[0], "re");
		if (!script.in)
			return fail(ctx, STATUS_FAILED, "%s: %s", argv[0], strerror(errno));
	}
	script.prompt = script.in == stdin && isatty(STDIN_FILENO) && !script.opt->dry_run;

	status = run_script(ctx, &script);
	for (size_t i = 0; i < script.count; i++)
		script_line_free(&script.lines[i]);
	free(script.lines);
	if (script.in != stdin)
		fclose(script.in);

	return status;
}

static const struct option_def own[] = {
	OPTION_FLAG(struct script_options, dry_run, "dry-run", 'n',
		    "check the script, and run nothing"),
	OPTION_FLAG(struct script_options, label, "label", 'l',
		    "print '# ' and each line before what it prints"),
	OPTION_FLAG(struct script_options, stream, "stream", 0,
		    "run each line as it comes, not after all were checked"),
	OPTION_END
};

static const struct script_options defaults;

const struct cmd cmd_script = {
	.name = "script",
	.summary = "run many commands on one function",
	.operands = "[file|-]",
	.notes = "Each line is a verb without its selector, as in: read -w 2 0 0x10\n"
		 "'#' begins a comment, \"...\" keeps blanks together. All lines are checked "
		 "before the\nfirst is run; it stops at the first failure with its exit status. "
		 "There are also:\n"
		 "  echo [-n] [word]...  print the words\n"
		 "  sleep <time>         wait: 100us, 10ms, 0.5s\n"
		 "  quit, exit           end the script\n"
		 "Not allowed are bind, unbind and script. "
		 "On a terminal it prompts, and runs each line\nat once; the arrow keys edit and "
		 "recall lines, Ctrl-R searches them, and Tab completes\na word.\n",
	.flags = CMD_SELECTOR,
	CMD_COMMON(CMD_MAP, options_color, options_json),
	CMD_OWN(own, defaults),
	.max = 1,
	.run = run,
};
