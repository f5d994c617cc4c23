/* SPDX-License-Identifier: BSD-2-Clause */
/* The version of the headers and of the library */
#ifndef PCIBAR_VERSION_H
#define PCIBAR_VERSION_H

/*
 * The one place where the version is written: the build reads it from here.
 * Semantic versioning. The number of the shared library's soname is independent
 * of it, and changes only when programs must be compiled again.
 */

/** PCIBAR_VERSION_MAJOR - major version these headers belong to */
#define PCIBAR_VERSION_MAJOR	0
/** PCIBAR_VERSION_MINOR - minor version these headers belong to */
#define PCIBAR_VERSION_MINOR	1
/** PCIBAR_VERSION_PATCH - patch level these headers belong to */
#define PCIBAR_VERSION_PATCH	0
/** PCIBAR_VERSION - the three numbers as a string literal */
#define PCIBAR_VERSION		"0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * pcibar_version() - version of the library that is running
 *
 * It may be newer than the headers the program was compiled with, whose version
 * is PCIBAR_VERSION: PCIBAR_VERSION_MAJOR, PCIBAR_VERSION_MINOR and
 * PCIBAR_VERSION_PATCH.
 *
 * Return: a static string in the form of PCIBAR_VERSION, never NULL.
 */
const char *pcibar_version(void);

#ifdef __cplusplus
}
#endif

#endif
