// SPDX-License-Identifier: BSD-2-Clause
/*
 * A line that is typed on a terminal, with editing, history and completion: libedit's. It is
 * loaded when a prompt needs it, because linking against it and its four libraries would cost
 * every command more system calls than a read.
 */
#include <dlfcn.h>
#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "line-editor.h"
#include "terminal.h"

#define HISTORY_LINES	1000
#define WORD_MAX	64	/* of what is inserted at once */

/* Debian's, that of other distributions, FreeBSD's; all have the functions of <histedit.h>. */
static const char *const libraries[] = { "libedit.so.2", "libedit.so.0", "libedit.so.8" };

#define FUNCTIONS(f) \
	f(el_init) f(el_end) f(el_gets) f(el_set) f(el_line) f(el_insertstr) \
	f(history_init) f(history_end) f(history)

#define MEMBER(name)	__typeof__(&name) name;

static struct {
	FUNCTIONS(MEMBER)
} edit;

struct line_editor {
	EditLine *el;
	History *history;
	line_complete_fn complete;
	void *context;
};

/* libedit passes no data to the functions that it calls. There is one prompt. */
static struct line_editor the_editor;
static const char *the_prompt;

static bool load(void)
{
	void *library = NULL;

	for (size_t i = 0; !library && i < sizeof(libraries) / sizeof(libraries[0]); i++)
		library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;

#define FIND(name)	*(void **)&edit.name = dlsym(library, #name);
#define IS_THERE(name)	&& edit.name
	FUNCTIONS(FIND)
	return true FUNCTIONS(IS_THERE);
}

/* What the words that are offered have in common */
struct offered {
	size_t count;
	char common[WORD_MAX];
};

static void count_word(void *data, const char *word, const char *about)
{
	struct offered *offered = data;
	size_t length = 0;

	(void)about;
	if (!offered->count++) {
		snprintf(offered->common, sizeof(offered->common), "%s", word);
		return;
	}
	while (word[length] && word[length] == offered->common[length])
		length++;
	offered->common[length] = '\0';
}

static void print_word(void *data, const char *word, const char *about)
{
	(void)data;
	(void)about;
	fprintf(stderr, "%s  ", word);
}

/* Tab: inserts what all words have in common, or else lists them. */
static unsigned char on_tab(EditLine *el, int key)
{
	const LineInfo *line = edit.el_line(el);
	const struct line_editor *editor = &the_editor;
	struct offered offered = { 0 };
	const char *word, *rest;
	char *text;

	(void)key;
	text = strndup(line->buffer, (size_t)(line->cursor - line->buffer));
	if (!text)
		return CC_ERROR;

	editor->complete(editor->context, text, count_word, &offered);
	word = strrchr(text, ' ');
	word = word ? word + 1 : text;
	rest = offered.common + (offered.count ? strlen(word) : 0);
	if (offered.count > 1 && !*rest) {
		fputc('\n', stderr);
		editor->complete(editor->context, text, print_word, NULL);
		fputc('\n', stderr);
	}
	free(text);
	if (!offered.count)
		return CC_ERROR;
	if (offered.count > 1 && !*rest)
		return CC_REDISPLAY;
	if ((*rest && edit.el_insertstr(el, rest)) ||
	    (offered.count == 1 && edit.el_insertstr(el, " ")))
		return CC_ERROR;
	return CC_REFRESH;
}

static char *prompt_text(EditLine *el)
{
	(void)el;
	return (char *)the_prompt;
}

static bool set_up(struct line_editor *editor)
{
	HistEvent event;

	/* With the terminal as it was while a signal is handled, and after it. */
	return !edit.history(editor->history, &event, H_SETSIZE, HISTORY_LINES) &&
	       !edit.history(editor->history, &event, H_SETUNIQUE, 1) &&
	       !edit.el_set(editor->el, EL_SIGNAL, 1) &&
	       !edit.el_set(editor->el, EL_EDITOR, "emacs") &&
	       !edit.el_set(editor->el, EL_PROMPT, prompt_text) &&
	       !edit.el_set(editor->el, EL_HIST, edit.history, editor->history) &&
	       !edit.el_set(editor->el, EL_ADDFN, "pcibar-complete", "complete a word", on_tab) &&
	       !edit.el_set(editor->el, EL_BIND, "^I", "pcibar-complete", NULL) &&
	       !edit.el_set(editor->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

struct line_editor *line_editor_open(const char *prompt, line_complete_fn complete, void *context)
{
	struct line_editor *editor = &the_editor;

	if (!isatty(STDIN_FILENO) || !terminal_redraws(STDERR_FILENO) || !load())
		return NULL;

	the_prompt = prompt;
	*editor = (struct line_editor){ .complete = complete, .context = context };
	editor->history = edit.history_init();
	editor->el = edit.el_init("pcibar", stdin, stderr, stderr);
	if (editor->history && editor->el && set_up(editor))
		return editor;

	line_editor_close(editor);
	return NULL;
}

const char *line_editor_get(struct line_editor *editor)
{
	const char *line;
	HistEvent event;
	int length = 0;

	/* Otherwise libedit does so after the prompt: a Ctrl-D in between would be lost. */
	edit.el_set(editor->el, EL_PREP_TERM, 1);
	line = edit.el_gets(editor->el, &length);
	if (!line || length <= 0)
		return NULL;
	if (line[strspn(line, " \t\r\n")])
		edit.history(editor->history, &event, H_ENTER, line);
	return line;
}

void line_editor_close(struct line_editor *editor)
{
	if (editor->el)
		edit.el_end(editor->el);
	if (editor->history)
		edit.history_end(editor->history);
}
