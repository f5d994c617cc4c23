/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of a script, and its words. */
#ifndef TOOLS_PCIBAR_SCRIPT_LINE_H
#define TOOLS_PCIBAR_SCRIPT_LINE_H

struct script_line {
	char *text;	/* without the blanks around it */
	int count;	/* of the words; -1: a quote is not closed */
	char **words;	/* the last is NULL */
};

/*
 * Splits @text at blanks; double quotes keep blanks and '#' in a word, and '#' at
 * the beginning of a word starts a comment. Returns 0 or -ENOMEM.
 */
int script_line_parse(const char *text, struct script_line *line);

void script_line_free(struct script_line *line);

#endif
