// SPDX-License-Identifier: BSD-2-Clause
/* From the structures of the library to objects of Python. */
#include "binding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool take(PyObject *number, uint64_t max, uint64_t *value)
{
	int overflow = 0;
	long long small = -1;

	/* A bool is an int to Python, but as a register's value or offset it is a slip. */
	if (PyLong_Check(number) && !PyBool_Check(number))
		small = PyLong_AsLongLongAndOverflow(number, &overflow);
	if (overflow < 0 || (!overflow && small < 0)) {
		PyErr_Format(PyExc_TypeError, "an unsigned integer is needed, not %R", number);
		return false;
	}
	*value = overflow ? PyLong_AsUnsignedLongLong(number) : (uint64_t)small;
	if (!PyErr_Occurred() && *value <= max)
		return true;

	PyErr_Clear();
	PyErr_Format(PyExc_ValueError, "%R is larger than %llu", number, (unsigned long long)max);
	return false;
}

int to_u16(PyObject *number, void *value)
{
	uint64_t wide;

	if (!take(number, UINT16_MAX, &wide))
		return 0;
	*(uint16_t *)value = (uint16_t)wide;
	return 1;
}

int to_u32(PyObject *number, void *value)
{
	uint64_t wide;

	if (!take(number, UINT32_MAX, &wide))
		return 0;
	*(uint32_t *)value = (uint32_t)wide;
	return 1;
}

int to_u64(PyObject *number, void *value)
{
	return take(number, UINT64_MAX, value);
}

static int width_of(PyObject *number, bool any, unsigned int *width)
{
	uint64_t wide;

	if (!take(number, UINT64_MAX, &wide))
		return 0;
	if (wide != 1 && wide != 2 && wide != 4 && wide != 8 && !(any && !wide)) {
		PyErr_Format(PyExc_ValueError, "a width is %s1, 2, 4 or 8 bytes, not %R",
			     any ? "0, " : "", number);
		return 0;
	}
	*width = (unsigned int)wide;
	return 1;
}

int to_width(PyObject *number, void *width)
{
	return width_of(number, false, width);
}

int to_copy_width(PyObject *number, void *width)
{
	return width_of(number, true, width);
}

bool fits(uint64_t value, unsigned int width)
{
	if (width == 8 || !(value >> 8 * width))
		return true;
	PyErr_Format(PyExc_ValueError, "%llu does not fit into %u bytes",
		     (unsigned long long)value, width);
	return false;
}

const char *text(PyObject *string)
{
	Py_ssize_t length;
	const char *text;

	if (!PyUnicode_Check(string)) {
		PyErr_Format(PyExc_TypeError, "a selector is a string, not %R", string);
		return NULL;
	}
	text = PyUnicode_AsUTF8AndSize(string, &length);
	if (!text || strlen(text) == (size_t)length)
		return text;

	PyErr_SetString(PyExc_ValueError, "a selector has no null character in it");
	return NULL;
}

/* The library may have cut a sentence within a character. */
static PyObject *sentence(const char *text)
{
	return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *reasons(const struct pcibar_refusal *why)
{
	PyObject *list = PyList_New(0);

	for (uint32_t i = 0; list && why && i < why->count; i++) {
		const struct pcibar_reason *reason = &why->reasons[i];
		PyObject *item = Py_BuildValue("IIiNN", reason->code, reason->backend,
					       -reason->error, sentence(reason->what),
					       sentence(reason->remedy));

		if (!item || PyList_Append(list, item))
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	return list;
}

/* Python puts the words together, so the module is looked up when there is something to say. */
PyObject *fail(int ret, const char *call, const struct pcibar_refusal *why, PyObject *subject)
{
	PyObject *module, *list, *error = NULL;

	list = reasons(why);
	if (!list)
		return NULL;

	module = PyImport_ImportModule("pcibar._errors");
	if (module)
		error = PyObject_CallMethod(module, "error", "isOO", -ret, call, list, subject);
	if (error)
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
	Py_XDECREF(error);
	Py_XDECREF(module);
	Py_DECREF(list);
	return NULL;
}

PyObject *fail_at(int ret, const char *call, uint64_t off, PyObject *object)
{
	PyObject *subject;
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, off);
	subject = PyUnicode_FromFormat("%S offset %s", object, text);
	if (!subject)
		return NULL;

	fail(ret, call, NULL, subject);
	Py_DECREF(subject);
	return NULL;
}

PyObject *driver_name(const char *name)
{
	return PyUnicode_DecodeFSDefault(name);
}

PyObject *device_info(const struct pcibar_device_info *info)
{
	return Py_BuildValue("IBBBBHHHHIIBBIIN", info->domain, info->bus, info->slot, info->func,
			     info->revision, info->vendor, info->device, info->subvendor,
			     info->subdevice, info->class_code, info->flags, info->header,
			     info->secondary, info->backend, info->caps, driver_name(info->driver));
}

bool parse_selector(PyObject *subject, struct pcibar_selector *sel)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	const char *selector = text(subject);
	int ret;

	if (!selector)
		return false;
	ret = pcibar_selector_parse(selector, sel, &why);
	if (ret)
		fail(ret, "open", &why, subject);
	return !ret;
}
