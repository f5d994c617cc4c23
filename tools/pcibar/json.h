/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes JSON. */
#ifndef TOOLS_PCIBAR_JSON_H
#define TOOLS_PCIBAR_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Writes JSON as it goes. @key is NULL in an array and at the top. Values and
 * addresses are strings "0x...": readers lose bits of large numbers. Sizes, counts
 * and widths are numbers: a size that large has only zeros there.
 */
struct json {
	FILE *out;
	bool comma;	/* this object or array has a member already */
};

/* The object that every output is: it starts with "schema": 1 */
void json_begin(struct json *j, FILE *out);
/* Its end, and the end of the line */
void json_end(struct json *j);

void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

/* NULL as @val is null */
void json_string(struct json *j, const char *key, const char *val);
/* "0x" and at least @digits digits */
void json_hex(struct json *j, const char *key, uint64_t val, unsigned int digits);
void json_uint(struct json *j, const char *key, uint64_t val);
void json_bool(struct json *j, const char *key, bool val);

#endif
