// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stddef.h>

#include "json.h"

/* Bytes of the well-formed UTF-8 sequence at @s (RFC 3629, section 4); 0: none */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void put_string(FILE *out, const char *str)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t len;

	fputc('"', out);
	while (*s) {
		if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s++);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s++);
		} else if (*s < 0x80) {
			fputc(*s++, out);
		} else {
			len = utf8_length(s);
			if (len)
				fwrite(s, 1, len, out);
			else
				fputs("\\ufffd", out);
			s += len ? len : 1;
		}
	}
	fputc('"', out);
}

static void put_key(struct json *j, const char *key)
{
	if (j->comma)
		fputc(',', j->out);
	j->comma = true;
	if (key) {
		put_string(j->out, key);
		fputc(':', j->out);
	}
}

static void open_with(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	fputc(bracket, j->out);
	j->comma = false;
}

static void close_with(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->comma = true;
}

void json_begin(struct json *j, FILE *out)
{
	*j = (struct json){ .out = out };
	json_object(j, NULL);
	json_uint(j, "schema", 1);
}

void json_end(struct json *j)
{
	json_object_end(j);
	fputc('\n', j->out);
}

void json_object(struct json *j, const char *key)
{
	open_with(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_with(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_with(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_with(j, ']');
}

void json_string(struct json *j, const char *key, const char *val)
{
	put_key(j, key);
	if (val)
		put_string(j->out, val);
	else
		fputs("null", j->out);
}

void json_hex(struct json *j, const char *key, uint64_t val, unsigned int digits)
{
	put_key(j, key);
	fprintf(j->out, "\"0x%0*" PRIx64 "\"", (int)digits, val);
}

void json_uint(struct json *j, const char *key, uint64_t val)
{
	put_key(j, key);
	fprintf(j->out, "%" PRIu64, val);
}

void json_bool(struct json *j, const char *key, bool val)
{
	put_key(j, key);
	fputs(val ? "true" : "false", j->out);
}
