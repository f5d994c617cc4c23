// SPDX-License-Identifier: BSD-2-Clause
/* Functions in a list: all, those that a selector means, or those of an IOMMU group. */
#include "binding.h"

static int add_function(void *data, const struct pcibar_device_info *info)
{
	struct listing *listing = data;

	listing_begin(listing);
	return listing_end(listing, listing_append(listing, device_info(info)));
}

/* scan(selector or None, backend, sysfs_root) */
PyObject *scan_functions(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_selector sel = { .size = sizeof(sel) };
	PyObject *subject;
	struct listing scan;
	int ret;

	if (!PyArg_ParseTuple(args, "OO&z:scan", &subject, to_u32, &opts.backend,
			      &opts.sysfs_root) ||
	    (subject != Py_None && !parse_selector(subject, &sel)))
		return NULL;
	scan.list = PyList_New(0);
	if (!scan.list)
		return NULL;

	scan.thread = PyEval_SaveThread();
	ret = pcibar_scan(&sel, &opts, add_function, &scan);
	PyEval_RestoreThread(scan.thread);
	/* A function that cannot be read does not hide the others. */
	for (uint32_t i = 0; ret && PyList_Size(scan.list) && !PyErr_Occurred(); i++) {
		if (i == why.count)
			ret = 0;
		else
			PyErr_WarnEx(PyExc_RuntimeWarning, why.reasons[i].what, 1);
	}
	if (!ret)
		return scan.list;

	Py_DECREF(scan.list);
	return PyErr_Occurred() ? NULL : fail(ret, "open", &why, subject);
}

static int fill_group(struct pcibar_device *dev, struct listing *listing)
{
	return pcibar_device_scan_group(dev, add_function, listing);
}

PyObject *device_group(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return listing_of(self, fill_group, "info");
}
