/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of registers in configuration space: setpci's, and of newer capabilities. */
#ifndef TOOLS_PCIBAR_CONFIG_NAMES_H
#define TOOLS_PCIBAR_CONFIG_NAMES_H

#include <stdint.h>
#include <stdio.h>

#include "common/parse.h"

/* Places in configuration space, by number or by setpci(8)'s names */

enum register_base {
	REGISTER_FIXED,		/* at @offset */
	REGISTER_CAP,		/* @offset bytes into the capability @id */
	REGISTER_ECAP,		/* @offset bytes into the extended capability @id */
};

struct config_register {
	enum register_base base;
	unsigned int id;
	unsigned int index;	/* which of several capabilities with the ID, from 0 */
	unsigned int types;	/* of the headers that have it: 1 << type for each */
	unsigned int offset;
	unsigned int width;	/* 1, 2, 4; 0: not known from the name */
};

#define CONFIG_NAME_MAX	32	/* room for a name */

/* The name with number @i, from 0, in lower case if asked for; false: no such. */
bool config_name_at(size_t i, bool lower, char name[CONFIG_NAME_MAX]);

/*
 * Reads OFFSET or NAME[+OFFSET], then perhaps .B, .W or .L; NAME is a register,
 * CAP_<name>, ECAP_<name>, or CAP<id>, ECAP<id> with a hexadecimal number. "@N"
 * after the name of a capability, or at the end, selects the one with number N.
 * Returns NULL, or a clause that says what is wrong.
 */
const char *config_name_parse(const char *str, struct config_register *reg);

/*
 * Reads VALUE or VALUE:MASK as parse_masked() does, but refuses a number that
 * setpci(8) takes for another one: two digits or more without 0x.
 */
const char *config_value_parse(const char *str, unsigned int width, struct masked *out);

/* Prints all names, with offset or capability ID, width, and types of headers if not all. */
void config_name_list(FILE *out);

#endif
