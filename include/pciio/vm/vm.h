/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs from FreeBSD take from this header beside <sys/pciio.h>: the
 * memory attributes.
 */
#ifndef VM_H
#define VM_H

#include <machine/vm.h>

typedef char vm_memattr_t;

#endif /* !VM_H */
