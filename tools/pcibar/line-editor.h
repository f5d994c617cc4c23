/* SPDX-License-Identifier: BSD-2-Clause */
/* A line that is typed on a terminal, with editing, history and completion. */
#ifndef TOOLS_PCIBAR_LINE_EDITOR_H
#define TOOLS_PCIBAR_LINE_EDITOR_H

/* Takes one word that continues what was typed; @about: what it is, or NULL. */
typedef void (*line_offer_fn)(void *data, const char *word, const char *about);

/* Offers all words that may follow @text, which ends where the cursor is, or complete its last. */
typedef void (*line_complete_fn)(void *context, const char *text, line_offer_fn offer, void *data);

struct line_editor;

/*
 * @prompt is a string constant, as @context it is used until the editor is closed. NULL:
 * libedit is not installed, or stdin and stderr are no terminal that it can draw on.
 */
struct line_editor *line_editor_open(const char *prompt, line_complete_fn complete, void *context);

/* The next line, until the next call; NULL: the end of the input, or a signal. */
const char *line_editor_get(struct line_editor *editor);

void line_editor_close(struct line_editor *editor);

#endif
