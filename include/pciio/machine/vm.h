/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory attributes for pbm_memattr and pbo_memattr of <sys/pciio.h>. Numbers
 * and names are FreeBSD's, which differ by architecture, but for two aliases that
 * FreeBSD gives to an attribute that the module refuses. The module serves uncached
 * and write-combining ones and refuses the rest: see pciio(4).
 *
 * VM_MEMATTR_DEVICE is the one for registers on every architecture.
 */
#ifndef _MACHINE_VM_H_
#define _MACHINE_VM_H_

#if defined(__x86_64__) || defined(__i386__)
/* As the page attribute table encodes them. */
#define VM_MEMATTR_UNCACHEABLE		0
#define VM_MEMATTR_WRITE_COMBINING	1
#define VM_MEMATTR_WRITE_THROUGH	4
#define VM_MEMATTR_WRITE_PROTECTED	5
#define VM_MEMATTR_WRITE_BACK		6
#define VM_MEMATTR_WEAK_UNCACHEABLE	7
#define VM_MEMATTR_DEVICE		VM_MEMATTR_UNCACHEABLE
#define VM_MEMATTR_DEFAULT		VM_MEMATTR_WRITE_BACK

#elif defined(__aarch64__)
/* UNCACHEABLE is Normal memory there: not for registers. */
#define VM_MEMATTR_DEVICE_nGnRnE	0
#define VM_MEMATTR_UNCACHEABLE		1
#define VM_MEMATTR_WRITE_BACK		2
#define VM_MEMATTR_WRITE_THROUGH	3
#define VM_MEMATTR_DEVICE_nGnRE		4
#define VM_MEMATTR_TAGGED		5
#define VM_MEMATTR_WRITE_COMBINING	6
#define VM_MEMATTR_DEVICE		VM_MEMATTR_DEVICE_nGnRE
#define VM_MEMATTR_DEVICE_NP		VM_MEMATTR_DEVICE_nGnRnE
#define VM_MEMATTR_DEFAULT		VM_MEMATTR_WRITE_BACK

#elif defined(__arm__)
/* UNCACHEABLE is Normal memory there, too. */
#define VM_MEMATTR_WB_WA		0
#define VM_MEMATTR_NOCACHE		1
#define VM_MEMATTR_DEVICE		2
#define VM_MEMATTR_SO			3
#define VM_MEMATTR_WT			4
#define VM_MEMATTR_UNCACHEABLE		VM_MEMATTR_NOCACHE
#define VM_MEMATTR_WRITE_COMBINING	VM_MEMATTR_NOCACHE	/* FreeBSD: VM_MEMATTR_WT */
#define VM_MEMATTR_WRITE_BACK		VM_MEMATTR_WB_WA
#define VM_MEMATTR_WRITE_THROUGH	VM_MEMATTR_WT
#define VM_MEMATTR_DEFAULT		VM_MEMATTR_WB_WA

#elif defined(__powerpc__)
#define VM_MEMATTR_DEFAULT		0x00
#define VM_MEMATTR_UNCACHEABLE		0x01
#define VM_MEMATTR_CACHEABLE		0x02
#define VM_MEMATTR_WRITE_COMBINING	0x04
#define VM_MEMATTR_WRITE_BACK		0x08
#define VM_MEMATTR_WRITE_THROUGH	0x10
#define VM_MEMATTR_PREFETCHABLE		0x20
#define VM_MEMATTR_DEVICE		VM_MEMATTR_UNCACHEABLE	/* FreeBSD: VM_MEMATTR_DEFAULT */

#elif defined(__riscv)
#define VM_MEMATTR_PMA			0
#define VM_MEMATTR_UNCACHEABLE		1
#define VM_MEMATTR_DEVICE		2
#define VM_MEMATTR_WRITE_BACK		VM_MEMATTR_PMA
#define VM_MEMATTR_DEFAULT		VM_MEMATTR_PMA
#define VM_MEMATTR_LAST			VM_MEMATTR_DEVICE
#define VM_MEMATTR_TOTAL		(VM_MEMATTR_LAST + 1)

#else
/* Not an architecture of FreeBSD's. */
#define VM_MEMATTR_UNCACHEABLE		0
#define VM_MEMATTR_DEVICE		VM_MEMATTR_UNCACHEABLE
#endif

#endif /* !_MACHINE_VM_H_ */
