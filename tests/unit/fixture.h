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

/* Map a BAR of @dev with @opts, which must succeed. */
struct pcibar_map *map_bar(unsigned int bar);
/* Map it, release that at once, and return what mapping it returned. */
int try_map(unsigned int bar);

#endif
