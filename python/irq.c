// SPDX-License-Identifier: BSD-2-Clause
/* The type Irq of the extension: an open interrupt vector. */
#include "binding.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S	INT64_C(1000000000)
#define SLEEP_NS	(NS_PER_S / 10)
/* No function has more vectors: the library refuses what is above without using the room. */
#define VECTORS_MAX	2048

/* @stop: becomes readable when another thread closes the vector; -1 before anyone waited. */
struct vector {
	struct pcibar_irq *irq;
	int stop;
};

static void release(void *object)
{
	struct vector *vector = object;

	pcibar_irq_close(vector->irq);
	if (vector->stop >= 0)
		close(vector->stop);
	free(vector);
}

/* Takes over @irq, also when it fails. */
static PyObject *create(PyTypeObject *type, struct pcibar_irq *irq)
{
	struct vector *vector = malloc(sizeof(*vector));

	if (!vector) {
		pcibar_irq_close(irq);
		return PyErr_NoMemory();
	}
	*vector = (struct vector){ irq, -1 };
	return handle_create(type, vector, release);
}

/* What fails half-way closes the rest. */
static PyObject *create_all(PyTypeObject *type, struct pcibar_irq **irqs, uint32_t count)
{
	PyObject *list = PyList_New(0);

	for (uint32_t i = 0; i < count; i++) {
		PyObject *item = list ? create(type, irqs[i]) : NULL;

		if (!list)
			pcibar_irq_close(irqs[i]);
		else if (!item || PyList_Append(list, item))
			Py_CLEAR(list);
		Py_XDECREF(item);
	}
	return list;
}

/* irqs(class, device, type, first, count, reserve, flags) */
PyObject *irqs_create(PyObject *module, PyObject *args)
{
	struct binding *binding = PyModule_GetState(module);
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_irq_opts opts = { .size = sizeof(opts), .why = &why };
	struct pcibar_irq **irqs;
	struct pcibar_device *dev;
	PyTypeObject *type;
	PyObject *parent, *list;
	int ret;

	if (!PyArg_ParseTuple(args, "O!O!O&O&O&O&O&:irqs", &PyType_Type, &type, binding->device,
			      &parent, to_u32, &opts.type, to_u32, &opts.first, to_u32,
			      &opts.count, to_u32, &opts.reserve, to_u32, &opts.flags))
		return NULL;
	if (!check_class(type, binding->irq))
		return NULL;

	irqs = calloc(opts.count > VECTORS_MAX ? VECTORS_MAX : opts.count + 1, sizeof(*irqs));
	if (!irqs)
		return PyErr_NoMemory();
	dev = handle_use(parent);
	if (!dev) {
		free(irqs);
		return NULL;
	}

	Py_BEGIN_ALLOW_THREADS
	ret = pcibar_irq_open(dev, &opts, irqs);
	Py_END_ALLOW_THREADS
	handle_done(parent);
	list = ret ? fail(ret, "irq", &why, parent) : create_all(type, irqs, opts.count);
	free(irqs);
	return list;
}

/* (count, time or None) */
static PyObject *event_numbers(const struct pcibar_irq_event *event)
{
	if (event->flags & PCIBAR_IRQ_EVENT_TIME)
		return Py_BuildValue("KK", (unsigned long long)event->count,
				     (unsigned long long)event->time);
	return Py_BuildValue("KO", (unsigned long long)event->count, Py_None);
}

/* What does not wait keeps the GIL. */
static PyObject *irq_read(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	struct vector *vector = handle_peek(self);
	int ret;

	if (!vector)
		return NULL;
	ret = pcibar_irq_read(vector->irq, &event);
	if (ret == -EAGAIN)
		Py_RETURN_NONE;
	return ret ? fail(ret, "irq", NULL, self) : event_numbers(&event);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/*
 * Returns what ppoll() does. @end: of CLOCK_MONOTONIC; negative: never. @seen: the events
 * of the vector, before and afterwards; see wait_until() in lib/irq.c.
 */
static int wait_until(const struct vector *vector, int64_t end, short *seen)
{
	bool sleeps = *seen & POLLPRI;
	struct pollfd pollers[] = {
		{ .fd = pcibar_irq_fd(vector->irq), .events = sleeps ? POLLIN : POLLIN | POLLPRI },
		{ .fd = vector->stop, .events = POLLIN },
	};
	int64_t ns = end < 0 ? INT64_MAX : end - now();
	struct timespec left = { 0 };
	int ready;

	if (sleeps && ns > SLEEP_NS)
		ns = SLEEP_NS;
	if (ns > 0)
		left = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	Py_BEGIN_ALLOW_THREADS
	ready = ppoll(pollers, 2, ns == INT64_MAX ? NULL : &left, NULL);
	Py_END_ALLOW_THREADS
	*seen = ready > 0 ? pollers[0].revents : 0;
	return ready < 0 ? -errno : ready;
}

/*
 * Not pcibar_irq_wait(): a close in another thread ends this one, and signals have their
 * handlers called.
 */
static PyObject *wait_used(PyObject *self, struct vector *vector, int64_t end)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	short seen = 0;
	int ret, ready;

	for (;;) {
		ret = pcibar_irq_read(vector->irq, &event);
		if (!ret)
			return event_numbers(&event);
		if (ret != -EAGAIN)
			return fail(ret, "irq", NULL, self);
		if (end >= 0 && now() >= end)
			Py_RETURN_NONE;

		ready = wait_until(vector, end, &seen);
		if (PyErr_CheckSignals() || !handle_peek(self))
			return NULL;
		if (ready < 0 && ready != -EINTR)
			return fail(ready, "irq", NULL, self);
	}
}

/* wait_ns(timeout), negative: without a limit */
static PyObject *irq_wait(PyObject *self, PyObject *args)
{
	struct vector *vector;
	PyObject *result;
	long long timeout;
	int64_t end = -1;

	if (!PyArg_ParseTuple(args, "L:wait_ns", &timeout))
		return NULL;
	vector = handle_use(self);
	if (!vector)
		return NULL;

	if (vector->stop < 0)
		vector->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (timeout >= 0 && __builtin_add_overflow(now(), timeout, &end))
		end = INT64_MAX;
	result = vector->stop < 0 ? fail(-errno, "irq", NULL, self)
				  : wait_used(self, vector, end);
	handle_done(self);
	return result;
}

typedef int (*call_fn)(struct pcibar_irq *irq);

static PyObject *call(PyObject *self, call_fn fn)
{
	struct vector *vector = handle_peek(self);
	int ret;

	if (!vector)
		return NULL;
	ret = fn(vector->irq);
	if (ret)
		return fail(ret, "irq", NULL, self);
	Py_RETURN_NONE;
}

static PyObject *irq_done(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return call(self, pcibar_irq_done);
}

static PyObject *irq_mask(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return call(self, pcibar_irq_mask);
}

static PyObject *irq_unmask(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return call(self, pcibar_irq_unmask);
}

static PyObject *irq_trigger(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return call(self, pcibar_irq_trigger);
}

static PyObject *irq_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct vector *vector = handle_peek(self);

	return vector ? PyLong_FromLong(pcibar_irq_fd(vector->irq)) : NULL;
}

static PyObject *irq_close(PyObject *self, PyObject *unused)
{
	const struct handle *handle = (struct handle *)self;
	const struct vector *vector = handle->object;

	if (vector && !handle->closed && handle->users && vector->stop >= 0)
		eventfd_write(vector->stop, 1);
	return handle_close(self, unused);
}

static PyObject *irq_number(PyObject *self, void *Py_UNUSED(unused))
{
	struct vector *vector = handle_peek(self);
	int number;

	if (!vector)
		return NULL;
	number = pcibar_irq_number(vector->irq);
	if (number == -EOPNOTSUPP)
		Py_RETURN_NONE;
	return number < 0 ? fail(number, "irq", NULL, self) : PyLong_FromLong(number);
}

static PyMethodDef methods[] = {
	{ "event_numbers", irq_read, METH_NOARGS, NULL },
	{ "wait_ns", irq_wait, METH_VARARGS, NULL },
	{ "done", irq_done, METH_NOARGS, "done($self, /)\n--\n\n"
	  "The device has been made quiet: let INTx come again. Does nothing for messages." },
	{ "mask", irq_mask, METH_NOARGS, "mask($self, /)\n--\n\n"
	  "Hold interrupts back: they are one event after unmask()." },
	{ "unmask", irq_unmask, METH_NOARGS, "unmask($self, /)\n--\n\nUndo mask()." },
	{ "trigger", irq_trigger, METH_NOARGS, "trigger($self, /)\n--\n\n"
	  "Make an event without the device, for tests." },
	{ "fileno", irq_fileno, METH_NOARGS, "fileno($self, /)\n--\n\n"
	  "A descriptor that polls readable when read() has something to return." },
	{ "close", irq_close, METH_NOARGS, "close($self, /)\n--\n\n"
	  "Close. A wait in another thread ends with ValueError." },
	{ NULL, NULL, 0, NULL }
};

static PyGetSetDef members[] = {
	{ "number", irq_number, NULL, "The system's number, in /proc/irq, or None.", NULL },
	{ "closed", handle_is_closed, NULL, "Whether close() was called.", NULL },
	{ NULL, NULL, NULL, NULL, NULL }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, PCIBAR_SLOT(handle_dealloc) },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, members },
	{ 0, NULL }
};

PyType_Spec irq_spec = {
	.name = "pcibar._binding.Irq",
	.basicsize = sizeof(struct handle),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};
