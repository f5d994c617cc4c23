// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One interrupt vector: what its handler counts, how it is masked, who is woken.
 *
 * A line (INTx) is level-triggered: each event masks it, so that a device that is
 * not made quiet interrupts once for each time it is unmasked. Where the function
 * has COMMAND.INTX_DISABLE that is what masks, and the line may be shared with
 * others; the handler claims only what the function's status bit shows. Masking a
 * line by request is lazy: nothing is done until it interrupts. Messages are masked
 * by disable_irq_nosync(): the device, or where it has no masks the kernel, keeps one
 * that comes in the meantime, and delivers it when the vector is enabled again.
 */
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "pciio.h"

/* Counts an event and signals it, or keeps it until the vector is unmasked. */
static void count_event(struct pciio_vector *vector)
{
	lockdep_assert_held(&vector->wait.lock);
	if (vector->masked) {
		vector->pending = true;
		return;
	}

	vector->total++;
	vector->time = ktime_get_ns();
	vector->masked = pciio_vector_is_line(vector);
	if (vector->eventfd)
		pciio_eventfd_signal(vector->eventfd);
	else
		wake_up_locked(&vector->wait);
}

static irqreturn_t message_handler(int irq, void *data)
{
	struct pciio_vector *vector = data;

	spin_lock(&vector->wait.lock);
	count_event(vector);
	spin_unlock(&vector->wait.lock);
	return IRQ_HANDLED;
}

/*
 * The line may be shared. A function that is off already is not the one that
 * interrupts, or a write to COMMAND that began earlier has just turned it on
 * again: then this turned it off.
 */
static irqreturn_t line_handler(int irq, void *data)
{
	struct pciio_vector *vector = data;
	bool asserted;

	spin_lock(&vector->wait.lock);
	if (vector->by_status)
		asserted = pci_check_and_mask_intx(vector->func->pdev) && !vector->off;
	else
		asserted = !vector->off;
	if (asserted) {
		if (!vector->by_status)
			disable_irq_nosync(vector->irq);
		vector->off = true;
		count_event(vector);
	}
	spin_unlock(&vector->wait.lock);
	return asserted ? IRQ_HANDLED : IRQ_NONE;
}

/* Returns false when the line is asserted: then it stays off, and there is an event. */
static bool turn_on(struct pciio_vector *vector)
{
	lockdep_assert_held(&vector->wait.lock);
	if (vector->by_status && !pci_check_and_unmask_intx(vector->func->pdev)) {
		vector->off = true;
		return false;
	}

	if (vector->off && !vector->by_status)
		enable_irq(vector->irq);
	vector->off = false;
	return true;
}

static void mask(struct pciio_vector *vector)
{
	lockdep_assert_held(&vector->wait.lock);
	vector->masked = true;
	if (!pciio_vector_is_line(vector) && !vector->off) {
		disable_irq_nosync(vector->irq);
		vector->off = true;
	}
}

/* What has come while it was masked is one event now, and masks a line again. */
static void unmask(struct pciio_vector *vector)
{
	lockdep_assert_held(&vector->wait.lock);
	if (!vector->masked)
		return;

	vector->masked = false;
	if (vector->pending) {
		vector->pending = false;
		count_event(vector);
	}
	if (vector->off && !vector->masked && !turn_on(vector))
		count_event(vector);
}

/* Serves PCIIO_INTR_MASK, PCIIO_INTR_UNMASK and PCIIO_INTR_TRIGGER. */
int pciio_vector_control(struct pciio_vector *vector, u32 command)
{
	int ret = 0;

	spin_lock_irq(&vector->wait.lock);
	if (command > PCIIO_INTR_TRIGGER)
		ret = -EINVAL;
	else if (!vector->live)
		ret = -ENODEV;
	else if (command == PCIIO_INTR_MASK)
		mask(vector);
	else if (command == PCIIO_INTR_UNMASK)
		unmask(vector);
	else
		count_event(vector);
	spin_unlock_irq(&vector->wait.lock);
	return ret;
}

/*
 * After a write to COMMAND, which may have put an older state of INTX_DISABLE back.
 * The other direction needs no repair: the handler turns the line off again.
 */
void pciio_intx_sync(struct pciio_func *func)
{
	struct pciio_vector *vector;
	unsigned long flags;

	spin_lock_irqsave(&func->intx_lock, flags);
	vector = func->intx;
	if (vector) {
		spin_lock(&vector->wait.lock);
		if (!vector->off && !turn_on(vector))
			count_event(vector);
		spin_unlock(&vector->wait.lock);
	}
	spin_unlock_irqrestore(&func->intx_lock, flags);
}

/*
 * The next thing that a reader is to know: an event, the end, or, once, that the
 * function was disturbed. @disturbances: as of the beginning of the read, because
 * each of several readers is to know. Returns -EAGAIN when there is nothing.
 */
static int take(struct pciio_vector *vector, int disturbances, struct pci_intr_event *event)
{
	int now = atomic_read(&vector->func->disturbances);

	lockdep_assert_held(&vector->wait.lock);
	if (vector->total != vector->seen && !vector->eventfd) {
		event->pie_count = vector->total - vector->seen;
		event->pie_time = vector->time;
		event->pie_total = vector->total;
		vector->seen = vector->total;
		return 0;
	}

	if (!vector->live)
		return -ENODEV;
	if (now != vector->noticed || now != disturbances) {
		vector->noticed = now;
		return -ECONNRESET;
	}
	return vector->eventfd ? -EOPNOTSUPP : -EAGAIN;
}

/*
 * Another reader of the same descriptor may be faster. Frozen in its wait, and not
 * started again after a sleep of the system, a reader gets to know of the sleep.
 */
static int wait_and_take(struct pciio_vector *vector, int disturbances,
			 struct pci_intr_event *event)
{
	DECLARE_WAITQUEUE(waiter, current);
	int ret;

	__add_wait_queue(&vector->wait, &waiter);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		ret = take(vector, disturbances, event);
		if (ret == -EAGAIN && signal_pending(current))
			ret = -ERESTARTSYS;
		if (ret != -EAGAIN)
			break;

		spin_unlock_irq(&vector->wait.lock);
		schedule();
		spin_lock_irq(&vector->wait.lock);
	}
	__set_current_state(TASK_RUNNING);
	__remove_wait_queue(&vector->wait, &waiter);
	return ret;
}

int pciio_vector_read(struct pciio_vector *vector, bool nonblock, struct pci_intr_event *event)
{
	int disturbances = atomic_read(&vector->func->disturbances);
	int ret;

	spin_lock_irq(&vector->wait.lock);
	ret = take(vector, disturbances, event);
	if (ret == -EAGAIN && !nonblock)
		ret = wait_and_take(vector, disturbances, event);
	spin_unlock_irq(&vector->wait.lock);
	return ret;
}

__poll_t pciio_vector_poll(struct pciio_vector *vector)
{
	__poll_t events = 0;

	spin_lock_irq(&vector->wait.lock);
	if (vector->total != vector->seen && !vector->eventfd)
		events |= EPOLLIN | EPOLLRDNORM;
	if (!vector->live)
		events |= EPOLLHUP | EPOLLERR;
	else if (vector->noticed != atomic_read(&vector->func->disturbances))
		events |= EPOLLPRI;
	spin_unlock_irq(&vector->wait.lock);
	return events;
}

static void intx_set(struct pciio_func *func, struct pciio_vector *vector)
{
	spin_lock_irq(&func->intx_lock);
	func->intx = vector;
	spin_unlock_irq(&func->intx_lock);
}

/*
 * Writes INTX_DISABLE. INTx of a function without a handler must stay off: the kernel
 * would disable the line, and with it those that share it. cfg_lock, because other
 * writes of COMMAND are under it.
 */
void pciio_intx_switch(struct pciio_func *func, bool on)
{
	mutex_lock(&func->cfg_lock);
	pci_intx(func->pdev, on);
	mutex_unlock(&func->cfg_lock);
}

/*
 * The bit of a function of which the kernel knows that it is of no use for masking may
 * work all the same: where only the status bit does not, it keeps all interrupts away.
 */
static void line_begin(struct pciio_func *func, struct pciio_vector *vector)
{
	if (vector->by_status) {
		intx_set(func, vector);
	} else {
		WRITE_ONCE(func->intx_on, true);
		pciio_intx_switch(func, true);
	}
}

static void line_end(struct pciio_func *func)
{
	intx_set(func, NULL);
	WRITE_ONCE(func->intx_on, false);
	pciio_intx_switch(func, false);
}

/* The vector begins masked. For a line, INTX_DISABLE is set. */
int pciio_vector_start(struct pciio_vector *vector)
{
	struct pciio_func *func = vector->func;
	bool line = pciio_vector_is_line(vector);
	int irq = pci_irq_vector(func->pdev, vector->index);
	int ret;

	lockdep_assert_held(&func->intr_lock);
	if (irq <= 0 || irq == IRQ_NOTCONNECTED)
		return -ENXIO;

	vector->irq = irq;
	vector->masked = true;
	vector->off = true;
	vector->by_status = line && pci_intx_mask_supported(func->pdev);
	/* Masked at once, not when the next message comes. */
	if (!line)
		irq_set_status_flags(irq, IRQ_DISABLE_UNLAZY);
	ret = request_irq(irq, line ? line_handler : message_handler,
			  vector->by_status ? IRQF_SHARED : IRQF_NO_AUTOEN, vector->name, vector);
	if (ret)
		return ret == -EBUSY ? -EADDRINUSE : ret == -ENOTCONN ? -ENXIO : ret;

	spin_lock_irq(&vector->wait.lock);
	vector->live = true;
	spin_unlock_irq(&vector->wait.lock);
	if (line)
		line_begin(func, vector);
	return 0;
}

/*
 * No event comes afterwards. Call it while the device exists, and after it was kept
 * from sending messages that cannot be masked.
 */
void pciio_vector_silence(struct pciio_vector *vector)
{
	struct pciio_func *func = vector->func;

	lockdep_assert_held(&func->intr_lock);
	spin_lock_irq(&vector->wait.lock);
	vector->live = false;
	mask(vector);
	spin_unlock_irq(&vector->wait.lock);

	if (pciio_vector_is_line(vector))
		line_end(func);
}

/* After it was silenced. Those who wait are woken. */
void pciio_vector_free_irq(struct pciio_vector *vector)
{
	lockdep_assert_held(&vector->func->intr_lock);
	free_irq(vector->irq, vector);
	wake_up_all(&vector->wait);
}

/* It is not started. */
struct pciio_vector *pciio_vector_new(struct pciio_func *func, u32 type, unsigned int index)
{
	static const char *const names[] = { "intx", "msi", "msix" };
	struct pciio_vector *vector = kzalloc(sizeof(*vector), GFP_KERNEL_ACCOUNT);

	if (!vector)
		return NULL;

	vector->inode = pciio_inode_new();
	if (IS_ERR(vector->inode)) {
		kfree(vector);
		return NULL;
	}

	pciio_func_get(func);
	vector->func = func;
	vector->type = type;
	vector->index = index;
	snprintf(vector->name, sizeof(vector->name), PCIIO_NAME "-%s[%u](%s)",
		 names[type - PCIIO_INTR_INTX], index, func->name);
	vector->pid = get_pid(task_tgid(current));
	get_task_comm(vector->comm, current);
	init_waitqueue_head(&vector->wait);
	return vector;
}

/* When it is stopped, or was never started. */
void pciio_vector_free(struct pciio_vector *vector)
{
	if (vector->eventfd)
		eventfd_ctx_put(vector->eventfd);
	pciio_inode_put(vector->inode);
	put_pid(vector->pid);
	pciio_func_put(vector->func);
	kfree_rcu(vector, rcu);
}
