// SPDX-License-Identifier: BSD-2-Clause
/* Writes JSON. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/text.h"

#include "json.h"

static void put_string(FILE *out, const char *str)
{
	size_t left = strlen(str), len;
	uint32_t code;

	fputc('"', out);
	for (; left; str += len, left -= len) {
		len = text_character(str, left, &code);
		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (!text_is_printable(code)) {
			fprintf(out, "\\u%04" PRIx32, code);	/* none needs more digits */
		} else {
			if (code == '"' || code == '\\')
				fputc('\\', out);
			fwrite(str, 1, len, out);
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
