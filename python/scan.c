// SPDX-License-Identifier: BSD-2-Clause
/* Functions in a list: all, those that a selector means, or those of an IOMMU group. */
#include "binding.h"

/* What a callback needs, which the library calls without the GIL. */
struct scan {
	PyThreadState *thread;
	PyObject *list;
};

static int add_function(void *data, const struct pcibar_device_info *info)
{
	struct scan *scan = data;
	PyObject *item;
	int ret = -1;

	PyEval_RestoreThread(scan->thread);
	item = device_info(info);
	if (item)
		ret = PyList_Append(scan->list, item);
	Py_XDECREF(item);
	scan->thread = PyEval_SaveThread();
	return ret;
}

/* scan(selector or None, backend, sysfs_root) */
PyObject *scan_functions(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_selector sel = { .size = sizeof(sel) };
	PyObject *subject;
	struct scan scan;
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

/* Without the GIL: another thread may close the device in the meantime. */
PyObject *device_group(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct scan scan = { .list = NULL };
	struct pcibar_device *dev;
	int ret;

	dev = handle_use(self);
	if (!dev)
		return NULL;
	scan.list = PyList_New(0);
	if (!scan.list)
		goto out_done;

	scan.thread = PyEval_SaveThread();
	ret = pcibar_device_scan_group(dev, add_function, &scan);
	PyEval_RestoreThread(scan.thread);
	if (ret) {
		Py_CLEAR(scan.list);
		if (!PyErr_Occurred())
			fail(ret, "info", NULL, self);
	}
out_done:
	handle_done(self);
	return scan.list;
}
