// SPDX-License-Identifier: BSD-2-Clause
/* What a shell offers to complete a command line with. */
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/pciids.h"
#include "common/session.h"

#include "cmd.h"
#include "complete.h"
#include "config-names.h"
#include "describe.h"

#define MAX_BACKENDS	32

static const struct cmd *const cmds[] = { CMD_VERBS(CMD_POINTER) };

#define N_CMDS	(sizeof(cmds) / sizeof(cmds[0]))

#define TOPIC_NAME(name)	#name,

static const char *const topics[] = { CMD_TOPICS(TOPIC_NAME) NULL };

/* Accepted before a verb */
static const struct option_def *const in_front[] = {
	options_map, options_json, options_access, options_verbose, options_color, options_help,
	options_version, NULL
};

/* What the words before the last one are */
struct line {
	struct context *ctx;
	const char *half;		/* the first word of a verb that has two */
	const struct cmd *cmd;
	const struct option_def *pending;	/* the option whose argument comes next */
	bool only_operands;		/* after -- */
	unsigned int operands;
	const char *selector;
	struct pciids *ids;
	const char *cur;		/* what candidates begin with */
	const char *prefix;		/* what is before @cur in the word: "--format=" */
	int prefix_len;
};

static bool wanted(const struct line *line, const char *candidate)
{
	return !strncmp(candidate, line->cur, strlen(line->cur));
}

/* Prints @candidate if it is wanted, for the caller to end the line. */
static bool begin(const struct line *line, const char *candidate)
{
	if (!wanted(line, candidate))
		return false;
	printf("%.*s%s", line->prefix_len, line->prefix, candidate);
	return true;
}

/* @about: a constant; NULL: no description */
static void offer(const struct line *line, const char *candidate, const char *about)
{
	if (begin(line, candidate))
		printf("%s%s\n", about ? "\t" : "", about ? about : "");
}

/* The words of @list between @separator */
static void offer_words(const struct line *line, const char *list, char separator)
{
	char word[32];

	while (*list) {
		size_t len = strcspn(list, (char[]){ separator, '\0' });

		if (len < sizeof(word)) {
			memcpy(word, list, len);
			word[len] = '\0';
			offer(line, word, NULL);
		}
		list += len + (list[len] == separator);
	}
}

static void offer_verbs(const struct line *line)
{
	char first[32], last[32] = "";

	for (size_t i = 0; i < N_CMDS; i++) {
		const char *second = strchr(cmds[i]->name, ' ');

		if (cmds[i]->flags & CMD_SCRIPT_ONLY && !line->cmd)
			continue;
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(cmds[i]->name, " "),
			 cmds[i]->name);
		if (line->half && second && !strcmp(first, line->half))
			offer(line, second + 1, cmds[i]->summary);
		else if (!line->half && strcmp(first, last) != 0)
			offer(line, first, second ? NULL : cmds[i]->summary);
		strcpy(last, first);
	}
}

static void offer_backends(const struct line *line)
{
	offer(line, "auto", NULL);
	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++)
		if (pcibar_backend_name(backend))
			offer(line, pcibar_backend_name(backend), NULL);
}

static void offer_options(const struct line *line, const struct option_def *defs)
{
	char name[40];

	for (; defs && defs->name; defs++) {
		snprintf(name, sizeof(name), "--%s", defs->name);
		offer(line, name, defs->help);
	}
}

static void offer_all_options(const struct line *line)
{
	const struct option_def *const *arrays = line->cmd ? line->cmd->common : in_front;

	if (line->cmd)
		offer_options(line, line->cmd->own);
	for (; *arrays; arrays++)
		offer_options(line, *arrays);
}

/* The first spelling that continues what was typed: full, without domain or zeros, IDs */
static int offer_function(void *data, const struct pcibar_device_info *info)
{
	char spellings[4][PCIBAR_SELECTOR_STRLEN] = { "" };
	struct pcibar_selector sel = info_selector(info);
	const struct line *line = data;
	size_t i = 0;

	pcibar_selector_format(&sel, spellings[0], sizeof(spellings[0]));
	if (!info->domain) {
		snprintf(spellings[1], sizeof(spellings[1]), "%02x:%02x.%x", info->bus, info->slot,
			 info->func);
		snprintf(spellings[2], sizeof(spellings[2]), "%x:%x.%x", info->bus, info->slot,
			 info->func);
	}
	snprintf(spellings[3], sizeof(spellings[3]), "%04x:%04x", info->vendor, info->device);

	while (i < 4 && (!*spellings[i] || !begin(line, spellings[i])))
		i++;
	if (i == 4)
		return 0;

	putchar('\t');
	describe_class(line->ids, info->class_code, stdout);
	fputs(": ", stdout);
	describe_names(line->ids, info, stdout);
	putchar('\n');
	return 0;
}

/* Only names that no shell does anything with: a tree may hold any. */
static int offer_driver(void *data, const struct pcibar_device_info *info)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-.";

	if (*info->driver && !info->driver[strspn(info->driver, plain)])
		offer(data, info->driver, NULL);
	return 0;
}

static void scan(struct line *line, pcibar_scan_fn fn)
{
	struct pcibar_open_opts opts = session_open_opts(line->ctx);

	opts.log = NULL;
	line->ids = pciids_open(NULL);
	pcibar_scan(NULL, &opts, fn, line);
	pciids_close(line->ids);
}

static void offer_bars(const struct line *line)
{
	struct pcibar_open_opts opts = session_open_opts(line->ctx);
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	struct pcibar_device *dev;
	char size[SIZE_TEXT];

	opts.log = NULL;
	if (!line->selector || pcibar_device_open(line->selector, &opts, &dev))
		return;

	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++) {
		if (pcibar_bar_get_info(dev, i, 0, &bar) || bar.kind == PCIBAR_BAR_KIND_NONE)
			continue;
		if (begin(line, bar_name(i)))
			printf("\t%s, %s\n", describe_kind(bar.kind),
			       describe_size(bar.length, size));
	}
	pcibar_device_close(dev);
}

/* In lower case when the word was begun so: config takes both. */
static void offer_registers(const struct line *line)
{
	bool lower = *line->cur >= 'a' && *line->cur <= 'z';
	char name[CONFIG_NAME_MAX];

	for (size_t i = 0; config_name_at(i, lower, name); i++)
		offer(line, name, NULL);
}

/* @what: as the help has it: the argument of an option, or an operand */
static void offer_values(struct line *line, const char *what)
{
	if (!strcmp(what, "FILE") || strstr(what, "file")) {
		puts("<file>");
	} else if (!strcmp(what, "DIR")) {
		puts("<directory>");
	} else if (!strcmp(what, "WHEN")) {
		offer_words(line, "auto always never", ' ');
	} else if (!strcmp(what, "NAME")) {
		offer_backends(line);
	} else if (!strcmp(what, "DRIVER")) {
		offer(line, "none", NULL);
		scan(line, offer_driver);
	} else if (strstr(what, "selector")) {
		scan(line, offer_function);
	} else if (strstr(what, "bar")) {
		offer_bars(line);
	} else if (strstr(what, "register")) {
		offer_registers(line);
	} else if (strstr(what, "verb")) {
		offer_verbs(line);
		for (size_t i = 0; !line->half && topics[i]; i++)
			offer(line, topics[i], NULL);
	} else if (*what != '<' && *what != '[' && strchr(what, '|')) {
		offer_words(line, what, '|');
	}
}

/* The operand that comes next, as the help of the verb has it; the last may be repeated. */
static void offer_operand(struct line *line)
{
	unsigned int selector = line->cmd->flags & CMD_SELECTOR ? 1 : 0;
	const char *s = line->cmd->operands, *next;
	char what[64];

	if (line->operands < selector) {
		scan(line, offer_function);
		return;
	}
	if (line->operands >= selector + (unsigned int)line->cmd->max)
		return;

	for (unsigned int i = selector; i < line->operands; i++) {
		next = strchr(s, ' ');
		s = next ? next + 1 : s;
	}
	snprintf(what, sizeof(what), "%.*s", (int)strcspn(s, " "), s);
	offer_values(line, what);
}

static const struct option_def *find_option(const struct line *line, const char *word)
{
	const struct option_def *const *arrays = line->cmd ? line->cmd->common : in_front;
	const struct option_def *groups[16] = { line->cmd ? line->cmd->own : NULL };
	size_t count = 1, len = strcspn(word, "=");

	for (; *arrays && count < sizeof(groups) / sizeof(groups[0]); arrays++)
		groups[count++] = *arrays;
	for (size_t i = 0; i < count; i++)
		for (const struct option_def *def = groups[i]; def && def->name; def++)
			if (word[1] == '-' ? strlen(def->name) == len - 2 &&
					     !strncmp(word + 2, def->name, len - 2) :
					     def->letter && word[1] == def->letter && !word[2])
				return def;
	return NULL;
}

static void take_option(struct line *line, const char *word)
{
	const struct option_def *def = find_option(line, word);
	const char *value = strchr(word, '=');

	if (!strcmp(word, "--"))
		line->only_operands = true;
	else if (def && def->arg && !value)
		line->pending = def;
	else if (def && def->arg && !strcmp(def->name, "sysfs"))
		line->ctx->opt.sysfs = value + 1;
}

static void take_verb(struct line *line, const char *word)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%s%s", line->half ? line->half : "", line->half ? " " : "",
		 word);
	for (size_t i = 0; !line->cmd && i < N_CMDS; i++)
		if (!strcmp(cmds[i]->name, name))
			line->cmd = cmds[i];
	if (!line->cmd && !line->half)
		line->half = word;
}

static void take_word(struct line *line, const char *word)
{
	if (line->pending) {
		if (!strcmp(line->pending->name, "sysfs"))
			line->ctx->opt.sysfs = word;
		line->pending = NULL;
	} else if (*word == '-' && word[1] && !line->only_operands) {
		take_option(line, word);
	} else if (!line->cmd) {
		take_verb(line, word);
	} else {
		if (!line->operands++)
			line->selector = word;
		/* "help config": the second word of a verb */
		line->half = word;
	}
}

void complete(struct context *ctx, int count, char **words)
{
	struct line line = { .ctx = ctx, .cur = "", .prefix = "" };
	const char *value;

	for (int i = 0; i + 1 < count; i++)
		take_word(&line, words[i]);
	if (count)
		line.cur = words[count - 1];
	if (!line.operands)
		line.half = line.cmd ? NULL : line.half;

	value = strchr(line.cur, '=');
	if (!line.pending && !line.only_operands && !strncmp(line.cur, "--", 2) && value) {
		line.pending = find_option(&line, line.cur);
		line.prefix = line.cur;
		line.prefix_len = (int)(value + 1 - line.cur);
		line.cur = value + 1;
	}

	if (line.pending)
		offer_values(&line, line.pending->arg ? line.pending->arg : "");
	else if (*line.cur == '-' && !line.only_operands)
		offer_all_options(&line);
	else if (!line.cmd)
		offer_verbs(&line);
	else
		offer_operand(&line);
}
