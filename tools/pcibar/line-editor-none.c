// SPDX-License-Identifier: BSD-2-Clause
/* Where libedit's headers were not there to build with: prompts have no editing. */
#include <stddef.h>

#include "line-editor.h"

struct line_editor *line_editor_open(const char *prompt, line_complete_fn complete, void *context)
{
	(void)prompt;
	(void)complete;
	(void)context;
	return NULL;
}

const char *line_editor_get(struct line_editor *editor)
{
	(void)editor;
	return NULL;
}

void line_editor_close(struct line_editor *editor)
{
	(void)editor;
}
