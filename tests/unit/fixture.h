/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of a back end share: a function that it has open, and mapping its BARs.
 * Included last, because prototypes of other headers have parameters of these names.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "unit.h"

#include "fake-sysfs.h"

extern struct tree tree;
extern struct pcibar_device *dev;
extern struct pcibar_refusal why;
extern struct pcibar_map_opts opts;

/* Begin without a refusal and without options; the test makes the tree and opens @dev. */
int fixture_setup(void **state);
/* Close @dev and remove the tree. */
int fixture_teardown(void **state);

/* Begin with @address in the tree, open through sysfs. */
int fixture_sysfs(void **state, const char *address);
/* Open through @backend with @why; PCIBAR_OPEN_* in @flags, @root NULL: /sys. */
int fixture_open(uint32_t backend, const char *root, uint32_t flags, const char *selector,
		 struct pcibar_device **devp);
/* Explain in @why a map of BAR 0 of @address through @backend. */
void fixture_explain(uint32_t backend, const char *address, uint32_t map_flags);

/* Map a BAR of @dev with @opts, which must succeed. */
struct pcibar_map *map_bar(unsigned int bar);
/* Map it, release that at once, and return what mapping it returned. */
int try_map(unsigned int bar);

#endif
