// SPDX-License-Identifier: BSD-2-Clause
/* What may follow the words of a line of a script. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <pcibar/bar.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"
#include "config-names.h"
#include "prompt-words.h"
#include "script-line.h"

static const struct cmd *const cmds[] = { CMD_VERBS(CMD_POINTER) };

#define N_CMDS	(sizeof(cmds) / sizeof(cmds[0]))

/* One word to complete, and where what continues it goes */
struct completion {
	const char *typed;
	line_offer_fn offer;
	void *data;
};

static void offer(const struct completion *c, const char *word)
{
	if (!strncmp(word, c->typed, strlen(c->typed)))
		c->offer(c->data, word);
}

/* The verbs that have @count words before the typed one, which are @words */
static void offer_verbs(const struct completion *c, int count, char **words)
{
	static const char *const others[] = { "quit", "exit" };
	char first[32];

	for (size_t i = 0; i < N_CMDS; i++) {
		const char *second = strchr(cmds[i]->name, ' ');
		size_t length = strcspn(cmds[i]->name, " ");

		if (!(cmds[i]->flags & CMD_SCRIPT))
			continue;
		snprintf(first, sizeof(first), "%.*s", (int)length, cmds[i]->name);
		if (count && second && !strcmp(words[0], first))
			offer(c, second + 1);
		/* Verbs with the same first word are neighbours. */
		if (!count && (!i || strncmp(cmds[i - 1]->name, cmds[i]->name, length + 1) != 0))
			offer(c, first);
	}
	for (size_t i = 0; !count && i < sizeof(others) / sizeof(others[0]); i++)
		offer(c, others[i]);
}

/* The verb that a line begins with; *@used: of how many of its words */
static const struct cmd *find_verb(int count, char **words, int *used)
{
	for (size_t i = 0; i < N_CMDS; i++) {
		const char *second = strchr(cmds[i]->name, ' ');
		size_t length = strcspn(cmds[i]->name, " ");

		*used = second ? 2 : 1;
		if (count >= *used && strlen(words[0]) == length &&
		    !strncmp(words[0], cmds[i]->name, length) &&
		    (!second || !strcmp(words[1], second + 1)))
			return cmds[i];
	}
	return NULL;
}

static void offer_options(const struct completion *c, const struct option_def *defs)
{
	char word[40];

	for (; defs && defs->name; defs++) {
		snprintf(word, sizeof(word), "--%s", defs->name);
		offer(c, word);
	}
}

/* In the letters that were begun with */
static void offer_registers(const struct completion *c)
{
	bool lower = islower((unsigned char)*c->typed);
	char name[CONFIG_NAME_MAX];

	for (size_t i = 0; config_name_at(i, lower, name); i++)
		offer(c, name);
}

static void offer_bars(const struct completion *c, const struct session *session)
{
	for (unsigned int bar = 0; bar < PCIBAR_BAR_COUNT; bar++) {
		struct pcibar_bar_info info = { .size = sizeof(info) };

		if (!pcibar_bar_get_info(session->dev, bar, 0, &info) &&
		    info.kind != PCIBAR_BAR_KIND_NONE)
			offer(c, bar_name(bar));
	}
}

static void offer_words(const struct context *ctx, const struct completion *c, int count,
			char **words)
{
	const struct cmd *cmd;
	int used, operands = 0;

	cmd = find_verb(count, words, &used);
	if (!cmd || (cmd == &cmd_help && *c->typed != '-')) {
		offer_verbs(c, cmd ? count - 1 : count, cmd ? words + 1 : words);
		return;
	}
	if (*c->typed == '-') {
		offer_options(c, cmd->own);
		for (const struct option_def *const *defs = cmd->common; *defs; defs++)
			offer_options(c, *defs);
		return;
	}

	for (int i = used; i < count; i++)
		operands += *words[i] != '-';
	if (!operands && strstr(cmd->operands, "register") == cmd->operands + 8)
		offer_registers(c);
	else if (!operands && (strstr(cmd->operands, "bar") == cmd->operands + 1))
		offer_bars(c, ctx->session);
}

void prompt_words(void *context, const char *text, line_offer_fn take, void *data)
{
	size_t length = strlen(text);
	bool fresh = !length || text[length - 1] == ' ';
	struct completion c = { .typed = "", .offer = take, .data = data };
	struct script_line line;

	if (script_line_parse(text, &line))
		return;
	if (line.count > 0 && !fresh)
		c.typed = line.words[--line.count];
	if (line.count >= 0)
		offer_words(context, &c, line.count, line.words);
	script_line_free(&line);
}
