// SPDX-License-Identifier: BSD-2-Clause
/* A line of a script, and its words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "script-line.h"

static const char blanks[] = " \t\r\n";

/* Splits @text in place; @words has room for all. Returns how many, or -1. */
static int split(char *text, char **words)
{
	int count = 0;
	char *out;

	for (;;) {
		text += strspn(text, blanks);
		if (!*text || *text == '#')
			break;
		words[count++] = out = text;
		while (*text && !strchr(blanks, *text)) {
			if (*text != '"') {
				*out++ = *text++;
				continue;
			}
			for (text++; *text && *text != '"'; )
				*out++ = *text++;
			if (!*text++)
				return -1;
		}
		if (*text)
			text++;
		*out = '\0';
	}

	words[count] = NULL;
	return count;
}

/* One block holds the words, the text that they are in, and the text as it was. */
int script_line_parse(const char *text, struct script_line *line)
{
	size_t length, room;
	char *copy;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length && strchr(blanks, text[length - 1]))
		length--;

	room = length / 2 + 2;
	line->words = malloc(room * sizeof(*line->words) + 2 * (length + 1));
	if (!line->words)
		return -ENOMEM;

	line->text = (char *)(line->words + room);
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	copy = line->text + length + 1;
	memcpy(copy, line->text, length + 1);
	line->count = split(copy, line->words);
	return 0;
}

void script_line_free(struct script_line *line)
{
	free(line->words);
	*line = (struct script_line){ 0 };
}
