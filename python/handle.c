// SPDX-License-Identifier: BSD-2-Clause
/* What devices and maps have in common: use by several threads, and the end of it. */
#include "binding.h"

/* One for the process, as fork() is. */
static unsigned int forks;

void handle_forked(void)
{
	forks++;
}

static void let_go(struct handle *handle)
{
	void *object = handle->object;

	handle->object = NULL;
	/* Closing it in a child would put decoding back under the parent, who still uses it. */
	if (!object || handle->forks != forks)
		return;
	Py_BEGIN_ALLOW_THREADS
	handle->release(object);
	Py_END_ALLOW_THREADS
}

bool check_class(PyTypeObject *type, PyTypeObject *base)
{
	if (PyType_IsSubtype(type, base))
		return true;
	PyErr_Format(PyExc_TypeError, "%R is not a subclass of %R", type, base);
	return false;
}

PyObject *handle_create(PyTypeObject *type, void *object, void (*release)(void *object))
{
	allocfunc alloc = (allocfunc)(uintptr_t)PyType_GetSlot(type, Py_tp_alloc);
	struct handle *handle = (struct handle *)alloc(type, 0);

	if (!handle) {
		release(object);
		return NULL;
	}
	handle->object = object;
	handle->release = release;
	handle->forks = forks;
	return (PyObject *)handle;
}

void *handle_peek(PyObject *self)
{
	struct handle *handle = (struct handle *)self;

	if (handle->closed)
		PyErr_Format(PyExc_ValueError, "%R is closed", self);
	else if (handle->forks != forks)
		PyErr_Format(PyExc_ValueError, "%R belongs to the parent process; open it again",
			     self);
	else
		return handle->object;
	return NULL;
}

void *handle_use(PyObject *self)
{
	void *object = handle_peek(self);

	if (object)
		((struct handle *)self)->users++;
	return object;
}

void handle_done(PyObject *self)
{
	struct handle *handle = (struct handle *)self;

	handle->users--;
	if (handle->closed && !handle->users)
		let_go(handle);
}

PyObject *handle_close(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct handle *handle = (struct handle *)self;

	handle->closed = true;
	if (!handle->users)
		let_go(handle);
	Py_RETURN_NONE;
}

PyObject *handle_is_closed(PyObject *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(((struct handle *)self)->closed);
}

void handle_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	freefunc free_it = (freefunc)(uintptr_t)PyType_GetSlot(type, Py_tp_free);

	let_go((struct handle *)self);
	free_it(self);
	Py_DECREF(type);
}
