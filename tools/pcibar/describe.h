/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions and BARs, described for people and as JSON. */
#ifndef TOOLS_PCIBAR_DESCRIBE_H
#define TOOLS_PCIBAR_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/bar.h>
#include <pcibar/device.h>

#include "common/pciids.h"

#include "json.h"

/* What a function and its BARs are, in words and in JSON: for list and info */

/* "4 MiB", "32 bytes" */
#define SIZE_TEXT	24
const char *describe_size(uint64_t bytes, char buf[SIZE_TEXT]);

/* "mem32", "mem64", "io", "rom" */
const char *describe_kind(uint32_t kind);

/* "Red Hat, Inc. Inter-VM shared memory", as far as the names are known */
void describe_names(const struct pciids *ids, const struct pcibar_device_info *info, FILE *out);

/* "SATA controller"; a number when the name is not known */
void describe_class(const struct pciids *ids, uint32_t class_code, FILE *out);

/* Whether its configuration space reads as all-ones. One that sleeps is not woken to see it. */
bool describe_silent(struct pcibar_device *dev, const struct pcibar_device_info *info);

/*
 * An indented line for each BAR there is; @flags as for pcibar_bar_get_info(). What is not
 * decoded is marked in any case, unless the device sleeps.
 */
void describe_bars(struct pcibar_device *dev, const struct pcibar_device_info *info,
		   uint32_t flags, FILE *out);

/* The members of a function, and the array "bars" */
void describe_json(struct json *j, const struct pciids *ids, const char *selector,
		   const struct pcibar_device_info *info);
void describe_bars_json(struct json *j, struct pcibar_device *dev,
			const struct pcibar_device_info *info, uint32_t flags);

#endif
