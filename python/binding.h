/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the extension share. */
#ifndef PCIBAR_PYTHON_BINDING_H
#define PCIBAR_PYTHON_BINDING_H

/* Before the system's headers, whose features it chooses. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#include <pcibar/pcibar.h>

/* ISO C converts no function to void *, which the tables of the stable ABI want. */
#define PCIBAR_SLOT(function)	((void *)(uintptr_t)(function))

/*
 * Instances of Device, Map and Irq. The GIL covers the members. A call that gives the GIL away
 * takes part with handle_use(), so that a close in another thread lets go of the object only when
 * the last such call is over.
 */
struct handle {
	PyObject_HEAD
	void *object;
	void (*release)(void *object);
	unsigned int users;
	unsigned int forks;	/* how often the process had been forked */
	bool closed;
};

/* Whether objects of @type are handles of the kind @base; if not, TypeError is set. */
bool check_class(PyTypeObject *type, PyTypeObject *base);
/* Takes over @object, also when it fails, which it does with an exception set. */
PyObject *handle_create(PyTypeObject *type, void *object, void (*release)(void *object));
/* The object, for a call that keeps the GIL; NULL with ValueError when it is closed. */
void *handle_peek(PyObject *self);
void *handle_use(PyObject *self);
void handle_done(PyObject *self);
PyObject *handle_close(PyObject *self, PyObject *unused);
PyObject *handle_is_closed(PyObject *self, void *unused);
void handle_dealloc(PyObject *self);
/* From now on all handles there are belong to the parent. */
void handle_forked(void);

/* Converters for PyArg_ParseTuple(). What is not an unsigned integer is TypeError. */
int to_u16(PyObject *number, void *value);
int to_u32(PyObject *number, void *value);
int to_u64(PyObject *number, void *value);
int to_width(PyObject *number, void *width);
int to_copy_width(PyObject *number, void *width);	/* 0 too */
/* Whether a register of this width takes the value; if not, ValueError is set. */
bool fits(uint64_t value, unsigned int width);

/* A selector in UTF-8, owned by the string. */
const char *text(PyObject *string);
bool parse_selector(PyObject *subject, struct pcibar_selector *sel);

/*
 * Raises PcibarError and returns NULL. @call: what was tried, as pcibar/_errors.py has it;
 * @subject: whose text says on what.
 */
PyObject *fail(int ret, const char *call, const struct pcibar_refusal *why, PyObject *subject);
/* The same, of an access at an offset of a map or of configuration space */
PyObject *fail_at(int ret, const char *call, uint64_t off, PyObject *object);
PyObject *reasons(const struct pcibar_refusal *why);
/* A driver's: the system has bytes, which need not be text, as the names of files are. */
PyObject *driver_name(const char *name);
PyObject *device_info(const struct pcibar_device_info *info);

/* A list that a callback of the library fills: it has the GIL between begin and end. */
struct listing {
	PyThreadState *thread;
	PyObject *list;
};
typedef int (*listing_fn)(struct pcibar_device *dev, struct listing *listing);

void listing_begin(struct listing *listing);
/* Returns @ret. */
int listing_end(struct listing *listing, int ret);
/* Takes @item, which may be NULL with an exception set. */
int listing_append(struct listing *listing, PyObject *item);
/* What @fill lists for the device @self, without the GIL; @call as for fail() */
PyObject *listing_of(PyObject *self, listing_fn fill, const char *call);

struct binding {
	PyTypeObject *device;
	PyTypeObject *map;
	PyTypeObject *irq;
};

extern PyType_Spec device_spec;
extern PyType_Spec map_spec;
extern PyType_Spec irq_spec;

PyObject *device_open(PyObject *module, PyObject *args);
PyObject *device_group(PyObject *self, PyObject *unused);
PyObject *scan_functions(PyObject *module, PyObject *args);
PyObject *map_create(PyObject *module, PyObject *args);
PyObject *irqs_create(PyObject *module, PyObject *args);

#endif
