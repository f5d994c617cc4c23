/* SPDX-License-Identifier: BSD-2-Clause */
/* The modes of pciconf, and what their files share. */
#ifndef TOOLS_PCICONF_PCICONF_H
#define TOOLS_PCICONF_PCICONF_H

#include <stdbool.h>

#include "common/context.h"
#include "common/pciids.h"

#include "devlist.h"

/* What was asked for */
struct pciconf {
	struct context ctx;
	unsigned int width;		/* bytes of an access */
	bool bars;
	bool bridge;
	unsigned int caps;		/* 2: some in detail */
	const char *class_name;		/* NULL: all classes */
	bool errors;
	bool compact;
	bool wc;
	bool verbose;
	bool vpd;
};

/* The modes. Each takes its operands and returns an enum status. */
int pciconf_list(struct pciconf *pc, int argc, char **argv);
int pciconf_tree(struct pciconf *pc, int argc, char **argv);
int pciconf_attached(struct pciconf *pc, int argc, char **argv);
int pciconf_read(struct pciconf *pc, int argc, char **argv);
int pciconf_write(struct pciconf *pc, int argc, char **argv);
int pciconf_dump_bar(struct pciconf *pc, int argc, char **argv);
int pciconf_read_bar(struct pciconf *pc, int argc, char **argv);
int pciconf_write_bar(struct pciconf *pc, int argc, char **argv);

/* device.c; an enum status, having said what is wrong when it is not STATUS_OK */

/* What @text selects: an address, or in @all a driver with its unit. @all may be NULL. */
int device_select(struct context *ctx, const char *text, const struct devlist *all,
		  struct pcibar_selector *sel);
/* The same, open in the session */
int device_open(struct context *ctx, const char *text, bool write);

/* operand.c; likewise */
int operand_number(const struct context *ctx, const char *what, const char *text, uint64_t max,
		   uint64_t *out);
/* START[:END] up to @max, below UINT64_MAX; @count: the accesses that begin in it */
int operand_span(const struct context *ctx, const char *text, unsigned int width, uint64_t max,
		 uint64_t *start, uint64_t *count);
int operand_aligned(const struct context *ctx, uint64_t offset, unsigned int width);

/* Prints unit number @i of a table of hexadecimal numbers, and the end of it. */
void put_unit(uint64_t i, unsigned int width, const char *digits);
void put_units_end(uint64_t count, unsigned int width);

/* list.c: pci.ids, or the file that the user has named instead; NULL: there is no such file */
struct pciids *pciconf_names(void);

/* class.c: FreeBSD's words for classes; NULL: it has none */
const char *class_word(uint32_t class_code);
const char *subclass_word(uint32_t class_code);
bool class_is_word(const char *word);

#endif
