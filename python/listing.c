// SPDX-License-Identifier: BSD-2-Clause
/* Lists that callbacks of the library fill. The library calls them without the GIL. */
#include "binding.h"

void listing_begin(struct listing *listing)
{
	PyEval_RestoreThread(listing->thread);
}

int listing_end(struct listing *listing, int ret)
{
	listing->thread = PyEval_SaveThread();
	return ret;
}

int listing_append(struct listing *listing, PyObject *item)
{
	int ret = item ? PyList_Append(listing->list, item) : -1;

	Py_XDECREF(item);
	return ret;
}

PyObject *listing_of(PyObject *self, listing_fn fill, const char *call)
{
	struct listing listing = { .list = PyList_New(0) };
	struct pcibar_device *dev;
	int ret;

	dev = listing.list ? handle_use(self) : NULL;
	if (!dev) {
		Py_XDECREF(listing.list);
		return NULL;
	}
	listing.thread = PyEval_SaveThread();
	ret = fill(dev, &listing);
	PyEval_RestoreThread(listing.thread);
	handle_done(self);
	if (!ret)
		return listing.list;

	Py_DECREF(listing.list);
	return PyErr_Occurred() ? NULL : fail(ret, call, NULL, self);
}
