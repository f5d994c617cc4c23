/* SPDX-License-Identifier: BSD-2-Clause */
/* All of the library */
#ifndef PCIBAR_PCIBAR_H
#define PCIBAR_PCIBAR_H

#include <pcibar/bar.h>
#include <pcibar/config.h>
#include <pcibar/device.h>
#include <pcibar/driver.h>
#include <pcibar/enable.h>
#include <pcibar/event.h>
#include <pcibar/explain.h>
#include <pcibar/guard.h>
#include <pcibar/irq.h>
#include <pcibar/mmio.h>
#include <pcibar/selector.h>
#include <pcibar/version.h>
#include <pcibar/vpd.h>

#endif
