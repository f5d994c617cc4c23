// SPDX-License-Identifier: BSD-2-Clause
/* Text from elsewhere, made safe for a terminal. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static bool is_utf8;

void text_init(void)
{
	setlocale(LC_CTYPE, "");
	is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

size_t text_character(const char *str, size_t len, uint32_t *code)
{
	/* The least number that needs so many bytes: a longer form of it is not valid. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)str;
	size_t count = !len ? 0 : *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 :
		       *s < 0xf5 ? 4 : 0;

	if (!count || count > len)
		return 0;

	*code = count == 1 ? *s : *s & (0x7fu >> count);
	for (size_t i = 1; i < count; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[count] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;

	return count;
}

bool text_is_printable(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	/* Separators of lines, and Bidi_Control: marks, embeddings, overrides and isolates */
	if (code == 0x061c || code == 0x200e || code == 0x200f)
		return false;
	return !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

void text_put(FILE *out, const char *str)
{
	size_t len = strlen(str), count;
	const char *s = str;
	uint32_t code;

	for (; len; s += count, len -= count) {
		count = text_character(s, len, &code);
		if (count && text_is_printable(code) && (code < 0x80 || is_utf8)) {
			fwrite(s, 1, count, out);
			continue;
		}
		count = count ? count : 1;
		for (size_t i = 0; i < count; i++)
			fprintf(out, "\\x%02x", (unsigned char)s[i]);
	}
}

void text_put_ascii(FILE *out, const void *data, size_t len)
{
	const unsigned char *s = data;

	for (; len; s++, len--) {
		if (*s < 0x80 && text_is_printable(*s))
			fputc(*s, out);
		else
			fprintf(out, "\\x%02x", *s);
	}
}

void text_vprint(FILE *out, const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0) {
		fputs("out of memory", out);
		return;
	}
	text_put(out, text);
	free(text);
}

void text_print(FILE *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_vprint(out, fmt, args);
	va_end(args);
}
