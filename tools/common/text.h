/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from elsewhere, made safe for a terminal. */
#ifndef TOOLS_COMMON_TEXT_H
#define TOOLS_COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Text from outside: what devices, drivers, pci.ids, a tree of --sysfs and
 * command lines hold. A terminal obeys the control characters in it, so that
 * all of it is printed through here, or as JSON.
 */

/* Learns the encoding from the locale (LC_CTYPE); without it, text is ASCII. */
void text_init(void);

/*
 * The character of UTF-8 at the beginning of @len bytes (RFC 3629, section 4):
 * returns its length and its number, or 0 if it is malformed.
 */
size_t text_character(const char *s, size_t len, uint32_t *code);

/* Neither a control character nor one that changes the direction or the line of the text */
bool text_is_printable(uint32_t code);

/*
 * Each byte of what is not printable as \xNN, the rest as it is. A terminal that
 * is not UTF-8 takes bytes of valid characters for C1: there only ASCII is printable.
 */
void text_put(FILE *out, const char *str);

/* The same of bytes that should be ASCII: whatever is not printable in it, as \xNN. */
void text_put_ascii(FILE *out, const void *data, size_t len);

/* The same, of a whole message: its format must not have control characters of its own. */
void text_vprint(FILE *out, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void text_print(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
