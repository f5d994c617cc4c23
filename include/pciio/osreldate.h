/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs that check which FreeBSD they are compiled for. The value decides
 * which layout they use with PCIOCGETCONF: see struct pci_conf in <sys/pciio.h>.
 * A program that wants the one of FreeBSD 15 defines the version before.
 */
#ifndef _OSRELDATE_H_
#define _OSRELDATE_H_

#ifndef __FreeBSD_version
#define __FreeBSD_version	1400097
#endif

#endif
