// SPDX-License-Identifier: BSD-2-Clause
/* The type Map of the extension. */
#include "binding.h"

#include <errno.h>

static void release(void *map)
{
	pcibar_map_release(map);
}

/* map(class, device, bar, flags, attr, offset, length) */
PyObject *map_create(PyObject *module, PyObject *args)
{
	struct binding *binding = PyModule_GetState(module);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_map_opts opts = { .size = sizeof(opts), .why = &why };
	PyTypeObject *type;
	PyObject *parent;
	struct pcibar_device *dev;
	struct pcibar_map *map;
	uint32_t bar;
	int ret;

	if (!PyArg_ParseTuple(args, "O!O!O&O&O&O&O&:map", &PyType_Type, &type, binding->device,
			      &parent, to_u32, &bar, to_u32, &opts.flags, to_u32, &opts.attr,
			      to_u64, &opts.offset, to_u64, &opts.length))
		return NULL;
	if (!check_class(type, binding->map))
		return NULL;
	dev = handle_use(parent);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_bar_map(dev, bar, &opts, &map);
	Py_END_ALLOW_THREADS
	handle_done(parent);
	if (ret)
		return fail(ret, "map", &why, parent);

	return handle_create(type, map, release);
}

/*
 * A single access keeps the GIL: it is over before another thread could have taken it, and who
 * gives it away may wait for it for milliseconds.
 */
static PyObject *map_read(PyObject *self, PyObject *args)
{
	struct pcibar_map *map;
	unsigned int width;
	uint64_t off, val;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&:read", to_u64, &off, to_width, &width))
		return NULL;

	map = handle_peek(self);
	if (!map)
		return NULL;

	ret = pcibar_map_read(map, off, width, &val);
	return ret ? fail_at(ret, "access", off, self) : PyLong_FromUnsignedLongLong(val);
}

static PyObject *map_write(PyObject *self, PyObject *args)
{
	struct pcibar_map *map;
	unsigned int width;
	uint64_t off, val;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&O&:write", to_u64, &off, to_u64, &val, to_width, &width) ||
	    !fits(val, width))
		return NULL;
	map = handle_peek(self);
	if (!map)
		return NULL;

	ret = pcibar_map_write(map, off, width, val);
	if (ret)
		return fail_at(ret, "access", off, self);

	Py_RETURN_NONE;
}

static PyObject *map_copy_from(PyObject *self, PyObject *args)
{
	struct pcibar_map *map;
	unsigned int width;
	PyObject *bytes;
	uint64_t off, len;
	uint32_t flags;
	char *dst;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&O&O&:copy_from", to_u64, &off, to_u64, &len,
			      to_copy_width, &width, to_u32, &flags))
		return NULL;

	map = handle_peek(self);
	if (!map)
		return NULL;

	/* Before memory is taken for what cannot be read. */
	if (len > PY_SSIZE_T_MAX || (!(flags & PCIBAR_COPY_FIXED) && len > pcibar_map_length(map)))
		return fail_at(-ERANGE, "copy", off, self);

	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)len);
	if (!bytes)
		return NULL;

	dst = PyBytes_AsString(bytes);
	handle_use(self);
	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_map_copy_from(map, off, dst, (size_t)len, width, flags);
	Py_END_ALLOW_THREADS
	handle_done(self);
	if (!ret)
		return bytes;

	Py_DECREF(bytes);
	return fail_at(ret, "copy", off, self);
}

static PyObject *map_copy_to(PyObject *self, PyObject *args)
{
	struct pcibar_map *map;
	unsigned int width;
	PyObject *data;
	Py_buffer src;
	uint64_t off;
	uint32_t flags;
	int ret;

	if (!PyArg_ParseTuple(args, "O&OO&O&:copy_to", to_u64, &off, &data, to_copy_width, &width,
			      to_u32, &flags) || PyObject_GetBuffer(data, &src, PyBUF_SIMPLE))
		return NULL;

	map = handle_use(self);
	if (!map) {
		PyBuffer_Release(&src);
		return NULL;
	}
	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_map_copy_to(map, off, src.buf, (size_t)src.len, width, flags);
	Py_END_ALLOW_THREADS
	handle_done(self);
	PyBuffer_Release(&src);
	if (ret)
		return fail_at(ret, "copy", off, self);

	Py_RETURN_NONE;
}

static PyObject *map_length(PyObject *self, void *Py_UNUSED(unused))
{
	struct pcibar_map *map = handle_peek(self);

	return map ? PyLong_FromUnsignedLongLong(pcibar_map_length(map)) : NULL;
}

static PyObject *map_offset(PyObject *self, void *Py_UNUSED(unused))
{
	struct pcibar_map *map = handle_peek(self);

	return map ? PyLong_FromUnsignedLongLong(pcibar_map_offset(map)) : NULL;
}

static PyObject *map_attr(PyObject *self, void *Py_UNUSED(unused))
{
	struct pcibar_map *map = handle_peek(self);

	return map ? PyLong_FromUnsignedLong(pcibar_map_attr(map)) : NULL;
}

static PyObject *map_is_lost(PyObject *self, void *Py_UNUSED(unused))
{
	struct pcibar_map *map = handle_peek(self);

	return map ? PyBool_FromLong(pcibar_map_is_lost(map)) : NULL;
}

static PyMethodDef methods[] = {
	{ "read", map_read, METH_VARARGS, "read($self, offset, width, /)\n--\n\n"
	  "One load of exactly width bytes; the value as a number." },
	{ "write", map_write, METH_VARARGS, "write($self, offset, value, width, /)\n--\n\n"
	  "One store of exactly width bytes, and no read." },
	{ "copy_from", map_copy_from, METH_VARARGS, NULL },
	{ "copy_to", map_copy_to, METH_VARARGS, NULL },
	{ "close", handle_close, METH_NOARGS, "close($self, /)\n--\n\n"
	  "Unmap. A call that another thread is in ends first." },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef members[] = {
	{ "length", map_length, NULL, "Bytes of the window.", NULL },
	{ "offset", map_offset, NULL, "Where the window begins in the BAR.", NULL },
	{ "attr_number", map_attr, NULL, NULL, NULL },
	{ "lost", map_is_lost, NULL, "Whether the device was found to be gone.", NULL },
	{ "closed", handle_is_closed, NULL, "Whether close() was called.", NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, PCIBAR_SLOT(handle_dealloc) },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, members },
	{ 0, NULL }
};

PyType_Spec map_spec = {
	.name = "pcibar._binding.Map",
	.basicsize = sizeof(struct handle),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
