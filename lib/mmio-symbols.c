// SPDX-License-Identifier: BSD-2-Clause
/*
 * The accessors of <pcibar/mmio.h> once more, as symbols: languages other than
 * C and C++ can call functions but not inline them. Nothing else may be
 * included before the header, or its guard would make this file empty.
 */
#define PCIBAR_INLINE	__attribute__((visibility("default")))
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <pcibar/mmio.h>
