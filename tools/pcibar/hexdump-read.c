// SPDX-License-Identifier: BSD-2-Clause
/* Reads lines of a hexadecimal dump back. */
#include <string.h>

#include "hexdump-read.h"
#include "units.h"

#define MIN(a, b)	((a) < (b) ? (a) : (b))

static const char malformed[] = "not a line of a hex dump";

/* One line, or what it says */
struct dump_line {
	uint64_t offset;
	unsigned int width;
	size_t len;			/* 0: the line of the end */
	uint8_t data[HEXDUMP_STEP];
};

/* Reads up to @max hexadecimal digits; returns how many there were. */
static size_t scan_hex(const char *s, const char *end, size_t max, uint64_t *val)
{
	size_t n = 0;

	for (*val = 0; s < end && n < max; s++, n++) {
		if (*s >= '0' && *s <= '9')
			*val = *val << 4 | (uint64_t)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			*val = *val << 4 | (uint64_t)(*s - 'a' + 10);
		else
			break;
	}
	return n;
}

/* Reads the numbers of a line, each with a space after it; returns where they end. */
static const char *scan_units(const char *s, const char *end, struct dump_line *line)
{
	size_t digits;
	uint64_t val;

	while (line->len < HEXDUMP_STEP && s < end && *s != ' ') {
		digits = scan_hex(s, end, 16, &val);
		if (!line->len)
			line->width = (unsigned int)digits / 2;
		if (!digits || digits != 2 * line->width || s + digits == end || s[digits] != ' ' ||
		    HEXDUMP_STEP % line->width)
			return NULL;
		unit_put(line->data + line->len, line->width, val);
		line->len += line->width;
		s += digits + 1;
	}
	return line->len ? s : NULL;
}

/* Takes the line at @text apart; returns where the next one begins, or NULL. */
static const char *scan_line(const char *text, const char *end, struct dump_line *line)
{
	const char *newline = memchr(text, '\n', (size_t)(end - text));
	const char *s = text;
	size_t digits;

	*line = (struct dump_line){ 0 };
	digits = scan_hex(s, end, 16, &line->offset);
	s += digits;
	if (!newline || digits < 8)
		return NULL;
	if (s == newline)
		return newline + 1;

	if (newline - s < 2 || s[0] != ' ' || s[1] != ' ')
		return NULL;
	s = scan_units(s + 2, newline, line);
	if (!s)
		return NULL;
	while (*s == ' ')
		s++;
	return *s == '|' && newline[-1] == '|' ? newline + 1 : NULL;
}

bool hexdump_is(const char *text, size_t len)
{
	struct dump_line line;

	return scan_line(text, text + len, &line) && line.len;
}

/* Takes the "*" after a line, if there is one, for which the offset of the next line is needed. */
static const char *take_fold(struct hexdump_reader *r)
{
	struct dump_line next;

	if (r->text_end - r->text < 2 || memcmp(r->text, "*\n", 2) != 0)
		return NULL;
	r->text += 2;
	r->line++;
	if (!scan_line(r->text, r->text_end, &next) || next.offset <= r->until ||
	    (next.offset - r->at) % HEXDUMP_STEP || r->until - r->at < HEXDUMP_STEP)
		return "the lines around '*' do not fit together";
	r->until = next.offset;
	return NULL;
}

/* Reads the line that begins at @r->at, or the last one, and then nothing is left. */
static const char *next_line(struct hexdump_reader *r)
{
	struct dump_line line;
	const char *next;

	r->line++;
	if (r->text == r->text_end)
		return "the last line is missing, which is the offset of the end";
	next = scan_line(r->text, r->text_end, &line);
	if (!next)
		return malformed;
	if (line.offset != r->at)
		return "its offset does not continue the line before";
	if (line.len && line.width != r->width)
		return "its numbers have another width";
	if (line.len && (line.offset - r->start) % HEXDUMP_STEP)
		return "the line before is short, and not the last one";

	r->text = next;
	if (!line.len)
		return next == r->text_end ? NULL : "there is more after the end";
	r->until = r->at + line.len;
	memcpy(r->last, line.data, sizeof(r->last));
	return take_fold(r);
}

const char *hexdump_open(struct hexdump_reader *r, const char *text, size_t len)
{
	struct hexdump_reader check;
	struct dump_line first;
	const char *wrong;

	*r = (struct hexdump_reader){ .line = 1, .text = text, .text_end = text + len };
	if (!scan_line(text, r->text_end, &first) || !first.len)
		return malformed;

	r->width = first.width;
	r->start = r->at = r->until = first.offset;
	r->line = 0;
	check = *r;
	do {
		check.at = check.until;
		wrong = next_line(&check);
	} while (!wrong && check.until != check.at);

	r->line = check.line;
	r->end = check.until;
	return wrong;
}

void hexdump_get(struct hexdump_reader *r, uint8_t *out, size_t len)
{
	size_t n;

	for (; len; out += n, len -= n) {
		if (r->at == r->until)
			next_line(r);
		n = (size_t)MIN(len, r->until - r->at);
		n = MIN(n, HEXDUMP_STEP - (r->at - r->start) % HEXDUMP_STEP);
		memcpy(out, r->last + (r->at - r->start) % HEXDUMP_STEP, n);
		r->at += n;
	}
}
