// SPDX-License-Identifier: BSD-2-Clause
/* What a command line, or a line of a script, may be completed with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/pciids.h"
#include "common/session.h"

#include "cmd.h"
#include "complete.h"
#include "config-names.h"
#include "describe.h"
#include "script-line.h"

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
	line_offer_fn take;
	void *data;
	bool in_script;			/* the function is open, and its selector omitted */
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

static void offer(const struct line *line, const char *candidate, const char *about)
{
	char word[80];

	if (!wanted(line, candidate))
		return;
	snprintf(word, sizeof(word), "%.*s%s", line->prefix_len, line->prefix, candidate);
	line->take(line->data, word, about);
}

/* A name that a shell finds better */
static void offer_path(const struct line *line, const char *kind)
{
	if (!line->in_script)
		line->take(line->data, kind, NULL);
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

/* Those of scripts have help outside of them. */
static bool is_verb(const struct line *line, const struct cmd *cmd)
{
	return line->in_script ? cmd->flags & CMD_SCRIPT :
				 line->cmd || !(cmd->flags & CMD_SCRIPT_ONLY);
}

static void offer_verbs(const struct line *line)
{
	char first[32], last[32] = "";

	for (size_t i = 0; i < N_CMDS; i++) {
		const char *second = strchr(cmds[i]->name, ' ');

		if (!is_verb(line, cmds[i]))
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
	char *about = NULL;
	size_t i = 0, size;
	FILE *out;

	pcibar_selector_format(&sel, spellings[0], sizeof(spellings[0]));
	if (!info->domain) {
		snprintf(spellings[1], sizeof(spellings[1]), "%02x:%02x.%x", info->bus, info->slot,
			 info->func);
		snprintf(spellings[2], sizeof(spellings[2]), "%x:%x.%x", info->bus, info->slot,
			 info->func);
	}
	snprintf(spellings[3], sizeof(spellings[3]), "%04x:%04x", info->vendor, info->device);

	while (i < 4 && !(*spellings[i] && wanted(line, spellings[i])))
		i++;
	if (i == 4)
		return 0;

	out = open_memstream(&about, &size);
	if (!out)
		return -ENOMEM;
	describe_class(line->ids, info->class_code, out);
	fputs(": ", out);
	describe_names(line->ids, info, out);
	if (!fclose(out))
		offer(line, spellings[i], about);
	free(about);
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

static void offer_bars_of(const struct line *line, struct pcibar_device *dev)
{
	struct pcibar_bar_info bar = { .size = sizeof(bar) };
	char size[SIZE_TEXT], about[SIZE_TEXT + 32];

	for (unsigned int i = 0; i < PCIBAR_BAR_COUNT; i++) {
		if (pcibar_bar_get_info(dev, i, 0, &bar) || bar.kind == PCIBAR_BAR_KIND_NONE)
			continue;
		snprintf(about, sizeof(about), "%s, %s", describe_kind(bar.kind),
			 describe_size(bar.length, size));
		offer(line, bar_name(i), about);
	}
}

static void offer_bars(const struct line *line)
{
	struct pcibar_open_opts opts = session_open_opts(line->ctx);
	struct pcibar_device *dev;

	if (line->in_script) {
		offer_bars_of(line, line->ctx->session->dev);
		return;
	}
	opts.log = NULL;
	if (!line->selector || pcibar_device_open(line->selector, &opts, &dev))
		return;

	offer_bars_of(line, dev);
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
		offer_path(line, "<file>");
	} else if (!strcmp(what, "DIR")) {
		offer_path(line, "<directory>");
	} else if (!strcmp(what, "WHEN")) {
		offer_words(line, "auto always never", ' ');
	} else if (!strcmp(what, "NAME")) {
		offer_backends(line);
	} else if (!strcmp(what, "DRIVER")) {
		offer(line, "none", NULL);
		scan(line, offer_driver);
	} else if (!strcmp(what, "<driver>")) {
		offer_words(line, "vfio-pci pciio none", ' ');
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

/* Operand @index of the form @operands, as the help of the verb has it */
static void offer_form(struct line *line, const char *operands, unsigned int index)
{
	const char *next;
	char what[64];

	for (; index; index--) {
		next = strchr(operands, ' ');
		operands = next ? next + 1 : operands;
	}
	snprintf(what, sizeof(what), "%.*s", (int)strcspn(operands, " "), operands);
	offer_values(line, what);
}

/* What makes a longer verb of the one that is there */
static void offer_second(const struct line *line)
{
	size_t length = strlen(line->cmd->name);

	for (size_t i = 0; i < N_CMDS; i++)
		if (!strncmp(cmds[i]->name, line->cmd->name, length) &&
		    cmds[i]->name[length] == ' ')
			offer(line, cmds[i]->name + length + 1, cmds[i]->summary);
}

/* The operand that comes next; the last may be repeated. */
static void offer_operand(struct line *line)
{
	unsigned int selector = line->cmd->flags & CMD_SELECTOR && !line->in_script ? 1 : 0;

	if (!line->operands)
		offer_second(line);
	if (!line->in_script && line->operands < (unsigned int)line->cmd->unselected_count)
		offer_form(line, line->cmd->unselected, line->operands);
	if (line->operands < selector)
		scan(line, offer_function);
	else if (line->operands < selector + (unsigned int)line->cmd->max)
		offer_form(line, line->cmd->operands, line->operands - selector);
}

/* The option whose name is the first @len characters of @name, or whose letter is @letter */
static const struct option_def *find_option(const struct line *line, const char *name, size_t len,
					    char letter)
{
	const struct option_def *const *arrays = line->cmd ? line->cmd->common : in_front;
	const struct option_def *groups[16] = { line->cmd ? line->cmd->own : NULL };
	size_t count = 1;

	for (; *arrays && count < sizeof(groups) / sizeof(groups[0]); arrays++)
		groups[count++] = *arrays;
	for (size_t i = 0; i < count; i++)
		for (const struct option_def *def = groups[i]; def && def->name; def++)
			if (letter ? def->letter == letter :
				     strlen(def->name) == len && !strncmp(name, def->name, len))
				return def;
	return NULL;
}

static const struct option_def *find_long(const struct line *line, const char *word)
{
	return find_option(line, word + 2, strcspn(word + 2, "="), 0);
}

/* The one of several letters whose argument is the next word: that of "-w2" is there already. */
static const struct option_def *find_letter(const struct line *line, const char *word)
{
	const struct option_def *def = NULL;

	for (word++; *word; word++) {
		def = find_option(line, NULL, 0, *word);
		if (def && def->arg)
			return word[1] ? NULL : def;
	}
	return def;
}

static void take_option(struct line *line, const char *word)
{
	const struct option_def *def = word[1] == '-' ? find_long(line, word) :
							find_letter(line, word);
	const char *value = word[1] == '-' ? strchr(word, '=') : NULL;

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

/* A verb of one word may be the first of others: "irq", "irq wait". */
static bool take_second(struct line *line, const char *word)
{
	size_t length = strlen(line->cmd->name);

	for (size_t i = 0; !line->operands && i < N_CMDS; i++)
		if (!strncmp(cmds[i]->name, line->cmd->name, length) &&
		    cmds[i]->name[length] == ' ' && !strcmp(cmds[i]->name + length + 1, word)) {
			line->cmd = cmds[i];
			return true;
		}
	return false;
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
	} else if (!take_second(line, word)) {
		if (!line->operands++)
			line->selector = word;
		/* "help config": the second word of a verb */
		line->half = word;
	}
}

/* All that may stand for the last of @words */
static void complete_words(struct line *line, int count, char **words)
{
	const char *value;

	for (int i = 0; i + 1 < count; i++)
		take_word(line, words[i]);
	if (count)
		line->cur = words[count - 1];
	if (!line->operands)
		line->half = line->cmd ? NULL : line->half;

	value = strchr(line->cur, '=');
	if (!line->pending && !line->only_operands && !strncmp(line->cur, "--", 2) && value) {
		line->pending = find_long(line, line->cur);
		line->prefix = line->cur;
		line->prefix_len = (int)(value + 1 - line->cur);
		line->cur = value + 1;
	}

	if (line->pending)
		offer_values(line, line->pending->arg ? line->pending->arg : "");
	else if (*line->cur == '-' && !line->only_operands)
		offer_all_options(line);
	else if (!line->cmd)
		offer_verbs(line);
	else
		offer_operand(line);
}

static void print(void *data, const char *word, const char *about)
{
	(void)data;
	printf("%s%s%s\n", word, about ? "\t" : "", about ? about : "");
}

void complete(struct context *ctx, int count, char **words)
{
	struct line line = { .ctx = ctx, .take = print, .cur = "", .prefix = "" };

	complete_words(&line, count, words);
}

void complete_script(void *context, const char *text, line_offer_fn take, void *data)
{
	struct line line = {
		.ctx = context, .take = take, .data = data, .in_script = true,
		.cur = "", .prefix = "",
	};
	size_t length = strlen(text);
	struct script_line typed;

	if (script_line_parse(text, &typed))
		return;
	if (typed.count >= 0) {
		/* Behind a blank the word to complete is empty; it takes the place of the NULL. */
		if (!length || text[length - 1] == ' ')
			typed.words[typed.count++] = (char *)"";
		complete_words(&line, typed.count, typed.words);
	}
	script_line_free(&typed);
}
