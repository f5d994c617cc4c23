// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The interrupts of a function: which vectors it has, how they are set up for
 * users, and what is given back when the last one is closed or the function is
 * taken away.
 *
 * The kernel allocates the messages of a function as a whole, so they stay
 * allocated until no vector of it is open, and so do their handlers. That, and
 * freeing them, needs device_lock, because a reset restores them; it is only
 * tried, never waited for.
 */
#include <linux/msi.h>
#include <linux/pm_runtime.h>

#include "pciio.h"

/* How long device_lock may be held by others, such as for error recovery. */
#define LOCK_TIMEOUT	(90 * HZ)

/* What the function has, into the members that go out. Call it inside the fence. */
int pciio_intr_query(struct pciio_func *func, struct pci_intr_open *req)
{
	int ret = pciio_vectors_count(func, req->pin_type);

	if (ret < 0)
		return ret;

	req->pin_vectors = ret;
	req->pin_caps = pciio_vectors_caps(func, req->pin_type);
	mutex_lock(&func->intr_lock);
	req->pin_open = func->intr_open - func->intr_closed;
	req->pin_open_type = func->intr_open ? func->intr_type : 0;
	mutex_unlock(&func->intr_lock);
	return 0;
}

/* Gives back what the function was set up for. With device_lock, or while pciio is unbound. */
static void release_set(struct pciio_func *func)
{
	lockdep_assert_held(&func->intr_lock);
	if (!func->intr_held || func->intr_open)
		return;

	/* Without messages the function may use its line: the kernel turns that on. */
	if (func->intr_type == PCIIO_INTR_MSI || func->intr_type == PCIIO_INTR_MSIX) {
		pci_free_irq_vectors(func->pdev);
		pciio_intx_switch(func, false);
	}
	func->intr_type = 0;
	func->intr_held = false;

	mutex_lock(&func->lock);
	func->exposed = false;
	func->master = false;
	mutex_unlock(&func->lock);
	pciio_func_deactivate(func, PCIIO_NO_BAR);
	pm_runtime_put(&func->pdev->dev);
}

/*
 * Without interrupt remapping a message is an ordinary write, and who can write to
 * the MSI-X table can raise any interrupt of the machine.
 */
static int check_isolation(struct pciio_func *func, const struct pci_intr_open *req)
{
	lockdep_assert_held(&func->lock);
	if (pciio_intr_is_line(req) || pciio_has_isolated_msi(&func->pdev->dev))
		return 0;
	if (READ_ONCE(pciio_unsafe_interrupts)) {
		add_taint(TAINT_USER, LOCKDEP_STILL_OK);
		return 0;
	}
	return atomic_read(&func->forgers) ? -EACCES : 1;
}

/* A message is a write of the device to memory: without bus mastering none ever comes. */
static int check_master(struct pciio_func *func, const struct pci_intr_open *req)
{
	u16 command;
	int ret;

	if (req->pin_flags & PCIIO_INTR_OPEN_MASTER)
		return pciio_func_master(func);

	ret = pciio_command_read(func, &command);
	if (ret)
		return ret;
	return pciio_intr_is_line(req) || command & PCI_COMMAND_MASTER ? 0 : -EHOSTUNREACH;
}

static int hold_locked(struct pciio_func *func, const struct pci_intr_open *req)
{
	int unsafe, ret;

	lockdep_assert_held(&func->cfg_lock);
	lockdep_assert_held(&func->lock);
	unsafe = check_isolation(func, req);
	if (unsafe < 0)
		return unsafe;

	if (!func->intr_held) {
		ret = pciio_func_activate(func, PCIIO_NO_BAR);
		if (ret)
			return ret;
		/* When activation ends, the line stays off: the device may still assert it. */
		func->saved |= PCI_COMMAND_INTX_DISABLE;
		func->intr_held = true;
		pm_runtime_get_noresume(&func->pdev->dev);
	}

	ret = check_master(func, req);
	if (!ret && unsafe)
		func->exposed = true;
	return ret;
}

/* Decoding on, for the MSI-X table and for what routes the line, and the function awake. */
static int hold(struct pciio_func *func, const struct pci_intr_open *req)
{
	int ret;

	if (!pciio_cfg_trylock(func))
		return -EAGAIN;

	mutex_lock(&func->lock);
	ret = hold_locked(func, req);
	mutex_unlock(&func->lock);
	pciio_cfg_unlock(func);
	return ret;
}

/*
 * The vectors of MSI share one message, which free_irq() of the first of them sets to
 * zero: the others would be written to address 0. MSI is off until that is repaired. A
 * vector whose file is gone is owned by @vectors.
 */
static void forget(struct pciio_func *func, struct pciio_vector *vector)
{
	bool shared = func->intr_type == PCIIO_INTR_MSI && !vector->index && func->intr_open > 1;
	struct msi_msg msg;

	if (shared)
		get_cached_msi_msg(vector->irq, &msg);
	pciio_vector_free_irq(vector);
	if (shared)
		pci_write_msi_msg(vector->irq, &msg);

	xa_erase(&func->vectors, vector->index);
	func->intr_open--;
	if (vector->closed) {
		func->intr_closed--;
		pciio_vector_free(vector);
	}
}

/* One wait is enough for the messages of all vectors. */
static void stop_all(struct pciio_func *func)
{
	struct pciio_vector *vector;
	unsigned long index;

	lockdep_assert_held(&func->intr_lock);
	if (!func->intr_open)
		return;

	pciio_msi_switch(func, false);
	xa_for_each(&func->vectors, index, vector)
		pciio_vector_silence(vector);
	pciio_messages_wait(func);
	xa_for_each(&func->vectors, index, vector)
		forget(func, vector);
}

/* Those that a failing request has started. open_locked() turns MSI on again for others. */
static void stop_some(struct pciio_func *func, struct pciio_vector **vectors, unsigned int count)
{
	unsigned int i;

	if (!count)
		return;

	pciio_msi_switch(func, false);
	for (i = 0; i < count; i++)
		pciio_vector_silence(vectors[i]);
	pciio_messages_wait(func);
	for (i = 0; i < count; i++)
		forget(func, vectors[i]);
}

/*
 * Its handler stays, masked, until the last vector is closed or its number is opened
 * again: freeing it would cost a wait, and of MSI's first vector the message of all.
 */
static void close_one(struct pciio_func *func, struct pciio_vector *vector)
{
	vector->closed = true;
	func->intr_closed++;
	if (func->intr_closed == func->intr_open)
		stop_all(func);
	else
		pciio_vector_silence(vector);
}

/* Frees those of a request's numbers that were closed. start() turns MSI on again. */
static void reap(struct pciio_func *func, const struct pci_intr_open *req)
{
	struct pciio_vector *vector;
	bool waited = false;
	unsigned int i;

	for (i = 0; func->intr_closed && i < req->pin_count; i++) {
		vector = xa_load(&func->vectors, req->pin_first + i);
		if (!vector)
			continue;

		if (!waited) {
			pciio_msi_switch(func, false);
			pciio_messages_wait(func);
			waited = true;
		}
		forget(func, vector);
	}
}

static int start_vector(struct pciio_func *func, struct pciio_vector *vector)
{
	int ret;

	vector->noticed = atomic_read(&func->disturbances);
	vector->opened = vector->noticed;
	ret = xa_insert(&func->vectors, vector->index, vector, GFP_KERNEL);
	if (ret)
		return ret;
	ret = pciio_vector_start(vector);
	if (ret)
		xa_erase(&func->vectors, vector->index);
	else
		func->intr_open++;
	return ret;
}

static int start(struct pciio_func *func, const struct pci_intr_open *req,
		 struct pciio_vector **vectors)
{
	unsigned int i;
	int ret;

	for (i = 0; i < req->pin_count; i++) {
		ret = start_vector(func, vectors[i]);
		if (ret)
			break;
	}
	if (i == req->pin_count) {
		pciio_msi_switch(func, true);
		return 0;
	}

	stop_some(func, vectors, i);
	return ret;
}

static int check_bound(struct pciio_func *func)
{
	if (READ_ONCE(func->delegated))
		return 0;
	return READ_ONCE(func->driver) == PCIIO_DRIVER_NONE ? -ENOTCONN : -EBUSY;
}

static int check_free(struct pciio_func *func, const struct pci_intr_open *req)
{
	struct pciio_vector *vector;
	unsigned int i;

	if (func->intr_open && func->intr_type != req->pin_type)
		return -EPROTOTYPE;
	for (i = 0; i < req->pin_count; i++) {
		vector = xa_load(&func->vectors, req->pin_first + i);
		if (vector && !vector->closed)
			return -EEXIST;
	}
	return 0;
}

static int open_locked(struct pciio_func *func, const struct pci_intr_open *req,
		       struct pciio_vector **vectors)
{
	int ret;

	lockdep_assert_held(&func->intr_lock);
	ret = check_bound(func);
	if (!ret)
		ret = check_free(func, req);
	if (ret)
		return ret;

	/* Messages that could not be freed when the last vector was closed. */
	release_set(func);
	ret = hold(func, req);
	if (!ret)
		ret = pciio_messages_alloc(func, req, vectors);
	if (!ret) {
		reap(func, req);
		ret = start(func, req, vectors);
		if (ret && func->intr_open)
			pciio_msi_switch(func, true);
	}
	if (ret) {
		pciio_messages_shrink(func, req, vectors);
		release_set(func);
	}
	return ret;
}

/* With device_lock no reset runs, and pciio stays bound. */
static int try_open(struct pciio_func *func, const struct pci_intr_open *req,
		    struct pciio_vector **vectors)
{
	struct device *dev = &func->pdev->dev;
	unsigned int i;
	int ret;

	if (!device_trylock(dev))
		return -EAGAIN;

	for (i = 0; i < req->pin_count; i++)
		vectors[i]->added = false;
	mutex_lock(&func->intr_lock);
	ret = open_locked(func, req, vectors);
	mutex_unlock(&func->intr_lock);
	device_unlock(dev);
	return ret;
}

/* What can be refused before anything is prepared. */
int pciio_intr_check(struct pciio_func *func, const struct pci_intr_open *req)
{
	u32 vectors = req->pin_vectors;

	if (req->pin_count > vectors || req->pin_first > vectors - req->pin_count ||
	    req->pin_reserve > vectors)
		return -ERANGE;
	return check_bound(func);
}

/*
 * Starts the vectors, all or none of them. Call it inside the fence; it waits for
 * nothing that removal may hold.
 */
int pciio_intr_open(struct pciio_func *func, const struct pci_intr_open *req,
		    struct pciio_vector **vectors)
{
	struct device *dev = &func->pdev->dev;
	unsigned long end = jiffies + LOCK_TIMEOUT;
	unsigned int i;
	int ret;

	if (pm_runtime_resume_and_get(dev) < 0)
		return -EIO;

	do {
		ret = try_open(func, req, vectors);
		if (ret == -EAGAIN)
			ret = pciio_cfg_wait(func, end) ? : -EAGAIN;
	} while (ret == -EAGAIN);
	pm_runtime_put(dev);

	for (i = 0; !ret && !(req->pin_flags & PCIIO_INTR_OPEN_MASKED) && i < req->pin_count; i++)
		pciio_vector_control(vectors[i], PCIIO_INTR_UNMASK);
	return ret;
}

/*
 * Stops @closed or all vectors, and gives back what no vector needs any more. The latter
 * needs device_lock, which must not be waited for: a driver's remove() may hold it while
 * it waits for the caller. Returns whether @closed belongs to @vectors now, or is freed.
 */
static bool settle(struct pciio_func *func, struct pciio_vector *closed, bool all)
{
	struct device *dev = &func->pdev->dev;
	bool locked = device_trylock(dev), kept;

	mutex_lock(&func->intr_lock);
	kept = closed && closed->live;
	if (kept)
		close_one(func, closed);
	if (all)
		stop_all(func);
	if (locked)
		release_set(func);
	else if (func->intr_held && !func->intr_open)
		pciio_func_queue(func, &func->settle_work, 1);
	mutex_unlock(&func->intr_lock);

	if (locked)
		device_unlock(dev);
	return kept;
}

/* Does what could not be done at once. Nothing comes from a device that has failed for good. */
void pciio_intr_settle(struct pciio_func *func)
{
	if (READ_ONCE(func->intr_held))
		settle(func, NULL, func->pdev->error_state == pci_channel_io_perm_failure);
}

/* Stops all vectors. Call it inside the fence, or before it is closed. */
void pciio_intr_end(struct pciio_func *func)
{
	settle(func, NULL, true);
}

/*
 * After pci_restore_state(), which has put back a COMMAND of before the vectors, and
 * has written the MSI-X table to a BAR that need not be decoded then. A callback of
 * error recovery: it must take neither func->lock nor intr_lock, and device_lock keeps
 * the messages allocated.
 */
void pciio_intr_restore(struct pciio_func *func)
{
	struct pci_dev *pdev = func->pdev;
	u16 command;

	if (!pci_dev_msi_enabled(pdev) || pci_read_config_word(pdev, PCI_COMMAND, &command))
		return;

	command |= PCI_COMMAND_MEMORY | (func->master ? PCI_COMMAND_MASTER : 0);
	pci_write_config_word(pdev, PCI_COMMAND, command);
	pci_restore_msi_state(pdev);
}

/* The driver pciio is unbound, with device_lock held; the function may be about to be removed. */
void pciio_intr_kill(struct pciio_func *func)
{
	mutex_lock(&func->intr_lock);
	stop_all(func);
	release_set(func);
	mutex_unlock(&func->intr_lock);
}

/* For waits to end: the vectors are found without a lock, as callbacks must take none. */
void pciio_intr_wake(struct pciio_func *func)
{
	struct pciio_vector *vector;
	unsigned long index;

	rcu_read_lock();
	xa_for_each(&func->vectors, index, vector)
		wake_up_all(&vector->wait);
	rcu_read_unlock();
}

/* The function was reset, or has slept: it may have forgotten that it was to interrupt. */
void pciio_intr_disturb(struct pciio_func *func)
{
	pciio_intx_sync(func);
	atomic_inc(&func->disturbances);
	pciio_intr_wake(func);
}

/*
 * Silences it, if it was started, and waits for a stop that is in progress. A function
 * that is gone has done that before: its driver was unbound first.
 */
void pciio_vector_release(struct pciio_vector *vector)
{
	struct pciio_func *func = vector->func;
	bool kept = false;

	/* The vector's own reference may be gone before the fence is left. */
	pciio_func_get(func);
	if (vector->irq && pciio_func_enter(func)) {
		kept = settle(func, vector, false);
		pciio_func_leave(func);
	}

	if (!kept)
		pciio_vector_free(vector);
	pciio_func_put(func);
}
