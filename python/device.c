// SPDX-License-Identifier: BSD-2-Clause
/* The type Device of the extension. */
#include "binding.h"

#include <errno.h>
#include <stdio.h>

static void release(void *dev)
{
	pcibar_device_close(dev);
}

/* open(class, selector, flags, backend, sysfs_root) */
PyObject *device_open(PyObject *module, PyObject *args)
{
	struct binding *binding = PyModule_GetState(module);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_device *dev;
	PyTypeObject *type;
	PyObject *subject;
	const char *selector;
	int ret;

	if (!PyArg_ParseTuple(args, "O!UO&O&z:open", &PyType_Type, &type, &subject, to_u32,
			      &opts.flags, to_u32, &opts.backend, &opts.sysfs_root))
		return NULL;

	selector = text(subject);
	if (!selector)
		return NULL;
	if (!check_class(type, binding->device))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_device_open(selector, &opts, &dev);
	Py_END_ALLOW_THREADS
	return ret ? fail(ret, "open", &why, subject) : handle_create(type, dev, release);
}

/* The next two keep the GIL: a name in the result is valid until the next such call. */
static PyObject *info(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	struct pcibar_device *dev = handle_peek(self);
	int ret;

	if (!dev)
		return NULL;
	ret = pcibar_device_get_info(dev, &info);
	return ret ? fail(ret, "info", NULL, self) : device_info(&info);
}

static PyObject *place(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_device_place place = { .size = sizeof(place) };
	struct pcibar_device *dev = handle_peek(self);
	int ret;

	if (!dev)
		return NULL;
	ret = pcibar_device_get_place(dev, &place);
	return ret ? fail(ret, "info", NULL, self) :
		     Py_BuildValue("(ii)", place.numa_node, place.iommu_group);
}

static PyObject *bar_info(PyObject *self, PyObject *args)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };
	struct pcibar_device *dev;
	uint32_t bar, flags;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&:bar_info", to_u32, &bar, to_u32, &flags))
		return NULL;

	dev = handle_peek(self);
	if (!dev)
		return NULL;

	ret = pcibar_bar_get_info(dev, bar, flags, &info);
	if (ret)
		return fail(ret, "bar", NULL, self);

	return Py_BuildValue("IIIKKKN", info.index, info.kind, info.flags,
			     (unsigned long long)info.length, (unsigned long long)info.cpu_addr,
			     (unsigned long long)info.bus_addr, driver_name(info.holder));
}

static int read_config(struct pcibar_device *dev, uint32_t off, unsigned int width, uint32_t *val)
{
	uint8_t byte = 0;
	uint16_t word = 0;
	int ret;

	if (width == 4)
		return pcibar_config_read32(dev, off, val);
	ret = width == 1 ? pcibar_config_read8(dev, off, &byte) :
			   pcibar_config_read16(dev, off, &word);
	*val = width == 1 ? byte : word;
	return ret;
}

static int write_config(struct pcibar_device *dev, uint32_t off, unsigned int width, uint32_t val)
{
	switch (width) {
	case 1:
		return pcibar_config_write8(dev, off, (uint8_t)val);
	case 2:
		return pcibar_config_write16(dev, off, (uint16_t)val);
	default:
		return pcibar_config_write32(dev, off, val);
	}
}

static bool is_config_width(unsigned int width)
{
	if (width != 8)
		return true;
	PyErr_SetString(PyExc_ValueError, "configuration space has no access of 8 bytes");
	return false;
}

static PyObject *config_read(PyObject *self, PyObject *args)
{
	struct pcibar_device *dev;
	unsigned int width;
	uint32_t off, val;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&:config_read", to_u32, &off, to_width, &width) ||
	    !is_config_width(width))
		return NULL;
	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = read_config(dev, off, width, &val);
	Py_END_ALLOW_THREADS
	handle_done(self);
	return ret ? fail_at(ret, "config", off, self) : PyLong_FromUnsignedLong(val);
}

static PyObject *config_write(PyObject *self, PyObject *args)
{
	struct pcibar_device *dev;
	unsigned int width;
	uint64_t val;
	uint32_t off;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&O&:config_write", to_u32, &off, to_u64, &val, to_width,
			      &width) || !is_config_width(width) || !fits(val, width))
		return NULL;

	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = write_config(dev, off, width, (uint32_t)val);
	Py_END_ALLOW_THREADS
	handle_done(self);
	if (ret)
		return fail_at(ret, "config", off, self);

	Py_RETURN_NONE;
}

static int add_capability(void *data, unsigned int id, unsigned int off)
{
	struct listing *listing = data;

	listing_begin(listing);
	return listing_end(listing, listing_append(listing, Py_BuildValue("II", id, off)));
}

static int look_capabilities(struct pcibar_device *dev, struct listing *listing)
{
	return pcibar_config_list_capabilities(dev, add_capability, listing);
}

static int look_extended(struct pcibar_device *dev, struct listing *listing)
{
	return pcibar_config_list_extended(dev, add_capability, listing);
}

static PyObject *list_capabilities(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return listing_of(self, look_capabilities, "capability");
}

static PyObject *list_extended(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return listing_of(self, look_extended, "capability");
}

typedef int (*find_fn)(struct pcibar_device *dev, unsigned int id, unsigned int *off);

static PyObject *find(PyObject *self, PyObject *id, find_fn look)
{
	struct pcibar_device *dev;
	unsigned int off;
	uint16_t number;
	int ret;

	if (!to_u16(id, &number))
		return NULL;

	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = look(dev, number, &off);
	Py_END_ALLOW_THREADS
	handle_done(self);
	if (ret == -ENOENT)
		Py_RETURN_NONE;

	return ret ? fail(ret, "capability", NULL, self) : PyLong_FromUnsignedLong(off);
}

static PyObject *find_capability(PyObject *self, PyObject *id)
{
	return find(self, id, pcibar_config_find_capability);
}

static PyObject *find_extended(PyObject *self, PyObject *id)
{
	return find(self, id, pcibar_config_find_extended);
}

static PyObject *get_enable(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_device *dev = handle_use(self);
	uint32_t value;
	int ret;

	if (!dev)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_device_get_enable(dev, &value);
	Py_END_ALLOW_THREADS
	handle_done(self);
	return ret ? fail(ret, "config", NULL, self) : PyLong_FromUnsignedLong(value);
}

static PyObject *set_enable(PyObject *self, PyObject *args)
{
	struct pcibar_device *dev;
	uint32_t mask, value, flags;
	int ret;

	if (!PyArg_ParseTuple(args, "O&O&O&:set_enable", to_u32, &mask, to_u32, &value, to_u32,
			      &flags))
		return NULL;

	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_device_set_enable(dev, mask, value, flags);
	Py_END_ALLOW_THREADS
	handle_done(self);
	if (ret)
		return fail(ret, "enable", NULL, self);

	Py_RETURN_NONE;
}

/* change_driver(driver, flags, timeout_ms); None restores what there was */
static PyObject *change_driver(PyObject *self, PyObject *args)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_bind_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_device *dev;
	int ret;

	if (!PyArg_ParseTuple(args, "zO&O&:change_driver", &opts.driver, to_u32, &opts.flags,
			      to_u32, &opts.timeout_ms))
		return NULL;

	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_device_bind(dev, &opts);
	Py_END_ALLOW_THREADS
	handle_done(self);
	if (ret)
		return fail(ret, "bind", &why, self);

	Py_RETURN_NONE;
}

static PyObject *irq_info(PyObject *self, PyObject *args)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };
	struct pcibar_device *dev;
	uint32_t type;
	int ret;

	if (!PyArg_ParseTuple(args, "O&:irq_numbers", to_u32, &type))
		return NULL;

	dev = handle_use(self);
	if (!dev)
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_irq_get_info(dev, type, &info);
	Py_END_ALLOW_THREADS
	handle_done(self);
	return ret ? fail(ret, "irq", NULL, self) :
		     Py_BuildValue("IIII", info.type, info.flags, info.count, info.open);
}

static PyObject *event_fd(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_device *dev = handle_peek(self);
	int fd;

	if (!dev)
		return NULL;
	fd = pcibar_device_get_event_fd(dev);
	return fd < 0 ? fail(fd, "event", NULL, self) : PyLong_FromLong(fd);
}

static PyObject *read_event(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_event event = { .size = sizeof(event) };
	struct pcibar_device *dev = handle_peek(self);
	int ret;

	if (!dev)
		return NULL;
	ret = pcibar_device_read_event(dev, &event);
	if (ret == -EAGAIN)
		Py_RETURN_NONE;
	return ret ? fail(ret, "event", NULL, self) : PyLong_FromUnsignedLong(event.type);
}

/* Of damaged data: the program may have made it an error. */
static int warn_of_damage(const struct pcibar_vpd_field *field)
{
	char text[128];

	snprintf(text, sizeof(text), "the vital product data are damaged at 0x%x: %.*s",
		 field->offset, (int)field->length, (const char *)field->data);
	return PyErr_WarnEx(PyExc_RuntimeWarning, text, 1);
}

static PyObject *vpd_field(const struct pcibar_vpd_field *field)
{
	return Py_BuildValue("Iy#y#", field->flags, field->keyword,
			     (Py_ssize_t)(field->keyword[0] ? 2 : 0), field->data,
			     (Py_ssize_t)field->length);
}

static int add_field(void *data, const struct pcibar_vpd_field *field)
{
	struct listing *listing = data;
	bool damaged = field->flags & PCIBAR_VPD_DAMAGED;

	listing_begin(listing);
	return listing_end(listing, damaged ? warn_of_damage(field)
					    : listing_append(listing, vpd_field(field)));
}

static int look_vpd(struct pcibar_device *dev, struct listing *listing)
{
	int ret = pcibar_vpd_list(dev, add_field, listing);

	return ret == -ENOENT ? 0 : ret;
}

static PyObject *vpd(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return listing_of(self, look_vpd, "vpd");
}

static PyObject *is_gone(PyObject *self, void *Py_UNUSED(unused))
{
	struct pcibar_device *dev = handle_peek(self);

	return dev ? PyBool_FromLong(pcibar_device_is_gone(dev)) : NULL;
}

static PyMethodDef methods[] = {
	{ "info_numbers", info, METH_NOARGS, NULL },
	{ "place_numbers", place, METH_NOARGS, NULL },
	{ "group_members", device_group, METH_NOARGS, NULL },
	{ "bar_info", bar_info, METH_VARARGS, NULL },
	{ "config_read", config_read, METH_VARARGS, "config_read($self, offset, width, /)\n--\n\n"
	  "One configuration read of 1, 2 or 4 bytes." },
	{ "config_write", config_write, METH_VARARGS,
	  "config_write($self, offset, value, width, /)\n--\n\n"
	  "One configuration write of 1, 2 or 4 bytes." },
	{ "list_capabilities", list_capabilities, METH_NOARGS,
	  "list_capabilities($self, /)\n--\n\n"
	  "ID and offset of each capability, in the order of the list." },
	{ "list_extended", list_extended, METH_NOARGS, "list_extended($self, /)\n--\n\n"
	  "ID and offset of each PCI Express extended capability." },
	{ "find_capability", find_capability, METH_O, "find_capability($self, id, /)\n--\n\n"
	  "The offset of a capability, or None." },
	{ "find_extended", find_extended, METH_O, "find_extended($self, id, /)\n--\n\n"
	  "The offset of a PCI Express extended capability, or None." },
	{ "get_enable", get_enable, METH_NOARGS, NULL },
	{ "set_enable", set_enable, METH_VARARGS, NULL },
	{ "change_driver", change_driver, METH_VARARGS, NULL },
	{ "irq_numbers", irq_info, METH_VARARGS, NULL },
	{ "fileno", event_fd, METH_NOARGS, "fileno($self, /)\n--\n\n"
	  "A descriptor that polls readable when read_event() has an event to return." },
	{ "event_number", read_event, METH_NOARGS, NULL },
	{ "vpd_fields", vpd, METH_NOARGS, NULL },
	{ "close", handle_close, METH_NOARGS, "close($self, /)\n--\n\n"
	  "Close. Maps stay valid; a call that another thread is in ends first." },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef members[] = {
	{ "gone", is_gone, NULL, "Whether the function is known to be gone.", NULL },
	{ "closed", handle_is_closed, NULL, "Whether close() was called.", NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, PCIBAR_SLOT(handle_dealloc) },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, members },
	{ 0, NULL }
};

PyType_Spec device_spec = {
	.name = "pcibar._binding.Device",
	.basicsize = sizeof(struct handle),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
