// SPDX-License-Identifier: BSD-2-Clause
/* The module _binding: functions without an object, and constants. */
#include "binding.h"

#include <stddef.h>

/* explain(selector, bar, flags, attr, offset, length, backend, sysfs_root) */
static PyObject *explain(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts) };
	struct pcibar_intent intent = { .size = sizeof(intent) };
	struct pcibar_selector sel = { .size = sizeof(sel) };
	PyObject *subject;
	int ret;

	if (!PyArg_ParseTuple(args, "OO&O&O&O&O&O&z:explain", &subject, to_u32, &intent.bar,
			      to_u32, &intent.map_flags, to_u32, &intent.attr, to_u64,
			      &intent.offset, to_u64, &intent.length, to_u32, &opts.backend,
			      &opts.sysfs_root) || !parse_selector(subject, &sel))
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_explain(&sel, &intent, &opts, &why);
	Py_END_ALLOW_THREADS
	if (ret)
		return fail(ret, "bar", NULL, subject);

	return Py_BuildValue("NII", reasons(&why), why.backends, why.possible);
}

/* explain_irq(selector, type, first, count, flags, backend, sysfs_root) */
static PyObject *explain_irq(PyObject *Py_UNUSED(module), PyObject *args)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_open_opts opts = { .size = sizeof(opts) };
	struct pcibar_irq_opts irq = { .size = sizeof(irq) };
	struct pcibar_intent intent = {
		.size = sizeof(intent), .bar = PCIBAR_INTENT_IRQ, .irq = &irq,
	};
	struct pcibar_selector sel = { .size = sizeof(sel) };
	PyObject *subject;
	int ret;

	if (!PyArg_ParseTuple(args, "OO&O&O&O&O&z:explain_irq", &subject, to_u32, &irq.type,
			      to_u32, &irq.first, to_u32, &irq.count, to_u32, &irq.flags, to_u32,
			      &opts.backend, &opts.sysfs_root) || !parse_selector(subject, &sel))
		return NULL;

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_explain(&sel, &intent, &opts, &why);
	Py_END_ALLOW_THREADS
	if (ret)
		return fail(ret, "irq", NULL, subject);

	return Py_BuildValue("NII", reasons(&why), why.backends, why.possible);
}

static PyObject *guard_install(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	int ret = pcibar_guard_install();

	if (ret)
		return fail(ret, "guard", NULL, Py_None);
	Py_RETURN_NONE;
}

static PyObject *guard_remove(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	int ret = pcibar_guard_remove();

	if (ret)
		return fail(ret, "guard", NULL, Py_None);
	Py_RETURN_NONE;
}

static PyObject *wc_flush(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	pcibar_wc_flush();
	Py_RETURN_NONE;
}

static PyObject *version(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	return PyUnicode_FromString(pcibar_version());
}

static PyObject *forked(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(unused))
{
	handle_forked();
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{ "open", device_open, METH_VARARGS, NULL },
	{ "map", map_create, METH_VARARGS, NULL },
	{ "scan", scan_functions, METH_VARARGS, NULL },
	{ "irqs", irqs_create, METH_VARARGS, NULL },
	{ "explain", explain, METH_VARARGS, NULL },
	{ "explain_irq", explain_irq, METH_VARARGS, NULL },
	{ "guard_install", guard_install, METH_NOARGS, "guard_install()\n--\n\n"
	  "Let the process survive touching a lost map; counted.\n\n"
	  "Enable faulthandler before it, not after: see guard()." },
	{ "guard_remove", guard_remove, METH_NOARGS, "guard_remove()\n--\n\n"
	  "Take one guard_install() back." },
	{ "wc_flush", wc_flush, METH_NOARGS, "wc_flush()\n--\n\n"
	  "Have stores to write-combining maps leave the CPU before any later store." },
	{ "version", version, METH_NOARGS, "version()\n--\n\n"
	  "The version of the library that is running." },
	{ "forked", forked, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL }
};

#define NUMBER(name)	{ #name, PCIBAR_ ## name }

static const struct {
	const char *name;
	unsigned int value;
} numbers[] = {
	NUMBER(BACKEND_AUTO), NUMBER(BACKEND_SYSFS), NUMBER(BACKEND_PCIIO),
	NUMBER(BACKEND_VFIO),
	NUMBER(BACKEND_FREEBSD), NUMBER(OPEN_WRITE), NUMBER(CAP_MAP_WC),
	NUMBER(CAP_ATTR_PROOF), NUMBER(CAP_EXCLUSIVE), NUMBER(CAP_ACTIVATE),
	NUMBER(CAP_REVOKE), NUMBER(CAP_EVENTS), NUMBER(CAP_IRQ), NUMBER(DEV_ASLEEP),
	NUMBER(DEV_DRIVER_OWNS), NUMBER(BAR_ROM), NUMBER(BAR_COUNT), NUMBER(BAR_KIND_NONE),
	NUMBER(BAR_KIND_MEM32), NUMBER(BAR_KIND_MEM64), NUMBER(BAR_KIND_IO),
	NUMBER(BAR_KIND_ROM), NUMBER(BAR_F_PREFETCHABLE), NUMBER(BAR_F_UPPER_HALF),
	NUMBER(BAR_F_UNASSIGNED), NUMBER(BAR_F_CONFIG_SEEN), NUMBER(BAR_F_DECODING),
	NUMBER(BAR_F_MAPPABLE), NUMBER(BAR_F_HAS_WC), NUMBER(BAR_F_MOVED), NUMBER(BAR_INFO_CONFIG),
	NUMBER(ATTR_UC), NUMBER(ATTR_WC), NUMBER(MAP_WRITE), NUMBER(MAP_EXCLUSIVE),
	NUMBER(MAP_ACTIVATE), NUMBER(MAP_SHARE_DRIVER), NUMBER(MAP_SHARE_PAGE),
	NUMBER(MAP_INDIRECT), NUMBER(COPY_FIXED), NUMBER(COPY_MEMORY), NUMBER(DECODE_IO),
	NUMBER(DECODE_MEM), NUMBER(BUS_MASTER), NUMBER(ENABLE_F_RESTORE),
	NUMBER(ENABLE_F_SHARE_DRIVER), NUMBER(EVENT_REVOKED), NUMBER(EVENT_GONE),
	NUMBER(EVENT_GIVE_BACK), NUMBER(EVENT_ERROR),
	NUMBER(INTENT_DEVICE), NUMBER(VPD_IDENT), NUMBER(VPD_WRITABLE), NUMBER(VPD_DAMAGED),
	NUMBER(REASON_NONE), NUMBER(REASON_SELECTOR), NUMBER(REASON_NO_DEVICE),
	NUMBER(REASON_AMBIGUOUS), NUMBER(REASON_NO_BACKEND), NUMBER(REASON_NO_BAR),
	NUMBER(REASON_UPPER_HALF), NUMBER(REASON_UNASSIGNED), NUMBER(REASON_IO_BAR),
	NUMBER(REASON_ROM), NUMBER(REASON_RANGE), NUMBER(REASON_ATTRIBUTE),
	NUMBER(REASON_UNSUPPORTED), NUMBER(REASON_DRIVER), NUMBER(REASON_CLAIMED),
	NUMBER(REASON_PAGE_SHARED), NUMBER(REASON_DECODE_OFF), NUMBER(REASON_ASLEEP),
	NUMBER(REASON_PERMISSION), NUMBER(REASON_LOCKDOWN), NUMBER(REASON_DENIED),
	NUMBER(REASON_READ_ONLY), NUMBER(REASON_GONE), NUMBER(REASON_SYSTEM),
	NUMBER(REASON_MOVED), NUMBER(REASON_NO_RESPONSE),
	NUMBER(REASON_NOT_BOUND), NUMBER(REASON_ISOLATION), NUMBER(REASON_GROUP),
	NUMBER(REASON_HELD), NUMBER(REASON_RESETS),
	NUMBER(REASON_NO_DRIVER), NUMBER(REASON_RESTORE), NUMBER(REASON_PROBE),
	NUMBER(REASON_TIMEOUT), NUMBER(BIND_GROUP),
	NUMBER(IRQ_BEST), NUMBER(IRQ_INTX), NUMBER(IRQ_MSI), NUMBER(IRQ_MSIX), NUMBER(IRQ_LEVEL),
	NUMBER(IRQ_CAN_MASK), NUMBER(IRQ_CAN_GROW), NUMBER(IRQ_HAS_TIME),
	NUMBER(IRQ_SHARED_LINE), NUMBER(IRQ_CAN_TRIGGER), NUMBER(IRQ_OPEN_MASKED),
	NUMBER(IRQ_BUS_MASTER), NUMBER(IRQ_EVENTFD), NUMBER(IRQ_EVENT_TIME),
	NUMBER(REASON_NO_VECTOR), NUMBER(REASON_VECTOR_BUSY), NUMBER(REASON_BUS_MASTER_OFF),
	NUMBER(REASON_EXHAUSTED),
};

static PyTypeObject *add_type(PyObject *module, PyType_Spec *spec)
{
	PyTypeObject *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);

	if (type && PyModule_AddType(module, type))
		Py_CLEAR(type);
	return type;
}

static int fill(PyObject *module)
{
	struct binding *binding = PyModule_GetState(module);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		PyObject *value = PyLong_FromUnsignedLong(numbers[i].value);
		int ret = PyModule_AddObjectRef(module, numbers[i].name, value);

		Py_XDECREF(value);
		if (ret)
			return ret;
	}
	binding->device = add_type(module, &device_spec);
	binding->map = add_type(module, &map_spec);
	binding->irq = add_type(module, &irq_spec);
	return binding->device && binding->map && binding->irq ? 0 : -1;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
	struct binding *binding = PyModule_GetState(module);

	Py_VISIT(binding->device);
	Py_VISIT(binding->map);
	Py_VISIT(binding->irq);
	return 0;
}

static int clear(PyObject *module)
{
	struct binding *binding = PyModule_GetState(module);

	Py_CLEAR(binding->device);
	Py_CLEAR(binding->map);
	Py_CLEAR(binding->irq);
	return 0;
}

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, PCIBAR_SLOT(fill) },
	{ 0, NULL }
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "pcibar._binding",
	.m_size = sizeof(struct binding),
	.m_methods = functions,
	.m_slots = slots,
	.m_traverse = traverse,
	.m_clear = clear,
};

PyMODINIT_FUNC PyInit__binding(void);

PyMODINIT_FUNC PyInit__binding(void)
{
	return PyModuleDef_Init(&definition);
}
