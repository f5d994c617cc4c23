/* SPDX-License-Identifier: BSD-2-Clause */
/* Names from pci.ids. */
#ifndef TOOLS_COMMON_PCIIDS_H
#define TOOLS_COMMON_PCIIDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Names from pci.ids. Without that file there are none. All functions write a
 * string to @buf, empty if there is no name, and return @buf.
 */

#define PCIIDS_NAME	128

struct pciids;

/*
 * Indexes the file at @path, or with NULL the first that is found where systems
 * have it; NULL if there is no such file, which the others accept.
 */
struct pciids *pciids_open(const char *path);
void pciids_close(struct pciids *ids);

const char *pciids_vendor(const struct pciids *ids, uint16_t vendor, char buf[PCIIDS_NAME]);
const char *pciids_device(const struct pciids *ids, uint16_t vendor, uint16_t device,
			  char buf[PCIIDS_NAME]);
const char *pciids_subsystem(const struct pciids *ids, uint16_t vendor, uint16_t device,
			     uint16_t subvendor, uint16_t subdevice, char buf[PCIIDS_NAME]);
/* The name of the subclass or, when it has none, of the class */
const char *pciids_class(const struct pciids *ids, uint32_t class_code, char buf[PCIIDS_NAME]);

#endif
