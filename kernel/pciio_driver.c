// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Drivers: how BARs change hands when one binds or leaves, the driver pciio for
 * driver_override, and what is done later because it could not be done at once.
 */
#include <linux/module.h>

#include "pciio.h"

/*
 * Error recovery reports success only. It has failed when a function that
 * responds was not resumed for this long, or did not respond for so long that
 * the kernel has given up: it waits a minute for a link.
 */
#define RECOVERY_RESPONDING	(10 * HZ)
#define RECOVERY_SILENT		(90 * HZ)
#define RECOVERY_POLL		(HZ / 2)

/*
 * A driver is about to probe. Its own ioremap() must not get our memory type,
 * unless a user asked to share. An exclusive BAR stays: the driver's
 * request_region() fails.
 */
static void bar_probing(struct pciio_bar *bar, const void *unused)
{
	mutex_lock(&bar->lock);
	if (!bar->exclusive)
		pciio_bar_mark(bar, PCIIO_DRIVER, 0);
	mutex_unlock(&bar->lock);
}

/* The driver has not requested the region that an exclusive BAR holds. */
static void bar_bound(struct pciio_bar *bar, const void *unused)
{
	mutex_lock(&bar->lock);
	if (bar->exclusive)
		pciio_bar_mark(bar, PCIIO_DRIVER, 0);
	mutex_unlock(&bar->lock);
}

/* The second half of both, with no lock held over the zap. */
static void bar_yield(struct pciio_bar *bar, const void *unused)
{
	if (!(READ_ONCE(bar->reasons) & PCIIO_DRIVER))
		return;

	pciio_bar_zap(bar);
	mutex_lock(&bar->lock);
	if (!bar->sharers)
		pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
	wake_up_all(&bar->wait);
}

/* Called with device_lock held, before the probe. */
void pciio_driver_probing(struct pciio_func *func)
{
	bool locked = !pciio_cfg_lock(func);
	u16 command;

	mutex_lock(&func->lock);
	func->driver = PCIIO_DRIVER_PROBING;
	/* Decoding stays on; with our count the driver's own enable would do nothing. */
	if (pciio_func_give_back(func) && locked && !(func->saved & PCI_COMMAND_INTX_DISABLE) &&
	    !pciio_command_read(func, &command))
		pciio_cfg_write(func, PCI_COMMAND, 2, command & ~PCI_COMMAND_INTX_DISABLE);
	pciio_func_visit_bars(func, bar_probing, NULL);
	mutex_unlock(&func->lock);

	if (locked)
		pciio_cfg_unlock(func);
	pciio_func_visit_bars(func, bar_yield, NULL);
}

void pciio_driver_bound(struct pciio_func *func)
{
	mutex_lock(&func->lock);
	func->driver = PCIIO_DRIVER_BOUND;
	pciio_func_visit_bars(func, bar_bound, NULL);
	mutex_unlock(&func->lock);
	pciio_func_visit_bars(func, bar_yield, NULL);
}

static int same_device(struct device *dev, const void *arg)
{
	return dev == arg;
}

/* A driver has those devices in its list that it is bound to, not one that it probes. */
static bool is_bound(struct device *dev, const struct device_driver *driver)
{
	struct device *found = driver_find_device((struct device_driver *)driver, NULL, dev,
						  same_device);

	put_device(found);
	return found;
}

/*
 * The driver of a function that was here before the module. What the notifier
 * announced already counts. What it will announce comes later; a probe that has
 * failed before, without a word, is found by pciio_driver_settle().
 */
void pciio_driver_found(struct pciio_func *func)
{
	struct device *dev = &func->pdev->dev;
	const struct device_driver *driver;

	mutex_lock(&func->lock);
	driver = READ_ONCE(dev->driver);
	if (driver && driver != &pciio_driver.driver && func->driver == PCIIO_DRIVER_NONE) {
		func->driver = PCIIO_DRIVER_PROBING;
		/* The name of a bound driver stays until UNBOUND, which waits for the lock. */
		if (is_bound(dev, driver)) {
			func->driver = PCIIO_DRIVER_BOUND;
			pciio_func_set_name(func, driver->name);
		}
	}
	mutex_unlock(&func->lock);
}

/*
 * Mappings that the driver made may exist a little longer. A BAR that cannot get
 * its memory type back now tries again at the next fault.
 */
static void bar_left(struct pciio_bar *bar, const void *unused)
{
	unsigned int set = 0;

	mutex_lock(&bar->lock);
	if (!(bar->reasons & PCIIO_DEAD) && !list_empty(&bar->handles) &&
	    pciio_attr_reserve(bar, bar->attr))
		set = PCIIO_ATTR;
	pciio_bar_mark(bar, set, PCIIO_DRIVER | (set ? 0 : PCIIO_ATTR));
	mutex_unlock(&bar->lock);
	wake_up_all(&bar->wait);
}

/*
 * The driver is unbound, or its probe has failed. In the second case the kernel
 * has not released the driver's resources yet; dev->driver is cleared after that.
 */
void pciio_driver_left(struct pciio_func *func)
{
	bool own;

	mutex_lock(&func->lock);
	own = func->driver == PCIIO_DRIVER_NONE;
	if (!own)
		func->driver = PCIIO_DRIVER_LEAVING;
	mutex_unlock(&func->lock);

	pciio_func_set_name(func, "");
	/* Unbinding the driver pciio ends an error. */
	if (own)
		pciio_func_change(func, 0, PCIIO_ERROR);
	else
		pciio_driver_settle(func);
}

/* Outside of probes and bindings dev->driver is NULL; a probe that failed may be unannounced. */
static bool has_left(struct pciio_func *func)
{
	const struct device_driver *driver = READ_ONCE(func->pdev->dev.driver);

	return READ_ONCE(func->driver) != PCIIO_DRIVER_NONE &&
	       (!driver || driver == &pciio_driver.driver);
}

/*
 * Gives the function back to its users once the driver's resources are gone. A
 * driver that probes next waits for func->lock in the notifier, before it probes.
 */
void pciio_driver_settle(struct pciio_func *func)
{
	struct pciio_look look;
	int ret;

	if (!has_left(func)) {
		if (READ_ONCE(func->driver) == PCIIO_DRIVER_LEAVING)
			pciio_func_queue(func, &func->settle_work, 1);
		return;
	}
	if (!pciio_cfg_trylock(func)) {
		pciio_func_queue(func, &func->settle_work, 1);
		return;
	}

	mutex_lock(&func->lock);
	if (has_left(func)) {
		func->driver = PCIIO_DRIVER_NONE;
		/* A sleep while it was bound was its own matter. */
		atomic_set(&func->forgot, 0);
		pciio_func_reactivate(func);
		pciio_func_visit_bars(func, bar_left, NULL);
	}
	mutex_unlock(&func->lock);

	ret = pciio_look_take(func, &look);
	pciio_cfg_unlock(func);
	if (!ret)
		pciio_look_apply(func, &look);
}

/*
 * Something else may have changed COMMAND, or a reset was in the way of restoring
 * it. Waits for configuration access, which the callers could not do.
 */
static int settle(struct pciio_func *func)
{
	struct pciio_look look;
	int ret;

	pciio_driver_settle(func);
	pciio_intr_settle(func);
	ret = pciio_cfg_lock(func);
	if (ret)
		return ret;

	mutex_lock(&func->lock);
	pciio_func_settle(func);
	pciio_func_reactivate(func);
	mutex_unlock(&func->lock);

	ret = pciio_look_take(func, &look);
	pciio_cfg_unlock(func);
	if (!ret)
		pciio_look_apply(func, &look);
	return ret;
}

static void settle_work(struct work_struct *work)
{
	struct pciio_func *func = container_of(to_delayed_work(work), struct pciio_func,
					       settle_work);

	if (pciio_func_enter(func)) {
		if (settle(func))
			pciio_func_queue(func, &func->settle_work, RECOVERY_POLL);
		/* Recovery is over, and what the function needs is on again. */
		else if (!READ_ONCE(func->recovery_end))
			pciio_func_change(func, 0, PCIIO_ERROR);
		/* Unless another error came in the meantime. */
		if (READ_ONCE(func->recovery_end))
			pciio_func_change(func, PCIIO_ERROR, 0);
		pciio_func_leave(func);
	}
	pciio_func_put(func);
}

/* The time by which recovery has failed; never 0, which means that none runs. */
static unsigned long recovery_deadline(void)
{
	return (jiffies + RECOVERY_RESPONDING) | 1;
}

/* Whatever the callbacks do in the meantime, they have the last word. */
static bool recovery_failed(struct pciio_func *func)
{
	unsigned long end = READ_ONCE(func->recovery_end);
	bool responds;

	if (!end)
		return false;

	responds = pciio_cfg_trylock(func);
	if (responds) {
		responds = pci_device_is_present(func->pdev);
		pciio_cfg_unlock(func);
	}
	if (!responds && time_before(jiffies, READ_ONCE(func->recovery_begin) + RECOVERY_SILENT)) {
		cmpxchg(&func->recovery_end, end, recovery_deadline());
		return false;
	}
	return time_after(jiffies, end) && cmpxchg(&func->recovery_end, end, 0) == end;
}

static void recovery_work(struct work_struct *work)
{
	struct pciio_func *func = container_of(to_delayed_work(work), struct pciio_func,
					       recovery_work);

	if (pciio_func_enter(func)) {
		if (recovery_failed(func)) {
			pciio_func_kill_bars(func);
			pciio_intr_end(func);
		} else if (READ_ONCE(func->recovery_end)) {
			pciio_func_queue(func, &func->recovery_work, RECOVERY_POLL);
		}
		pciio_func_leave(func);
	}
	pciio_func_put(func);
}

void pciio_work_init(struct pciio_func *func)
{
	INIT_DELAYED_WORK(&func->settle_work, settle_work);
	INIT_DELAYED_WORK(&func->recovery_work, recovery_work);
}

/* Does what was put off. Not when a function is removed: that may be during a suspend. */
void pciio_work_flush(struct pciio_func *func)
{
	flush_delayed_work(&func->settle_work);
}

void pciio_work_cancel(struct pciio_func *func)
{
	pciio_func_cancel(func, &func->settle_work);
	pciio_func_cancel(func, &func->recovery_work);
}

/* As the kernel changes it, in error recovery. */
static bool unfreeze(struct pci_dev *pdev)
{
	u32 frozen = (__force u32)pci_channel_io_frozen;

	return cmpxchg((__force u32 *)&pdev->error_state, frozen,
		       (__force u32)pci_channel_io_normal) == frozen;
}

/* Bound by driver_override only. It takes nothing, and so revokes nothing. */
static int pciio_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct pciio_func *func = pciio_func_of(pdev);

	if (!func)
		return -ENODEV;

	/* Nothing else puts a function back into use whose recovery has failed. */
	if (pci_device_is_present(pdev) && unfreeze(pdev)) {
		pci_restore_state(pdev);
		pciio_func_queue(func, &func->settle_work, 0);
	}
	/* For the recovery from an error, which restores what was saved. */
	pci_save_state(pdev);

	mutex_lock(&func->lock);
	func->delegated = true;
	mutex_unlock(&func->lock);
	pci_set_drvdata(pdev, func);
	return 0;
}

/* No vector is opened any more. */
static void revoke(struct pciio_func *func)
{
	mutex_lock(&func->lock);
	func->delegated = false;
	mutex_unlock(&func->lock);
}

/*
 * The function is about to be removed. The kernel has unbound its driver before, but
 * lets another one bind as long as it is busy with functions beside this one.
 */
void pciio_driver_withdraw(struct pciio_func *func)
{
	revoke(func);
	pciio_intr_end(func);
}

static void pciio_remove(struct pci_dev *pdev)
{
	struct pciio_func *func = pci_get_drvdata(pdev);

	revoke(func);
	pciio_intr_kill(func);
	WRITE_ONCE(func->recovery_end, 0);
	pci_set_drvdata(pdev, NULL);
	pciio_func_put(func);
}

/*
 * The callbacks of error recovery come with device_lock and pci_bus_sem held, so
 * they must not take func->lock. Zero stands for "no recovery".
 */
static pci_ers_result_t pciio_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct pciio_func *func = pci_get_drvdata(pdev);

	if (state == pci_channel_io_perm_failure) {
		pciio_func_kill_bars(func);
		pciio_func_queue(func, &func->settle_work, 0);
		return PCI_ERS_RESULT_DISCONNECT;
	}

	WRITE_ONCE(func->recovery_begin, jiffies);
	WRITE_ONCE(func->recovery_end, recovery_deadline());
	pciio_func_change(func, PCIIO_ERROR, 0);
	pciio_intr_wake(func);
	pciio_func_queue(func, &func->recovery_work, RECOVERY_POLL);
	return PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t pciio_slot_reset(struct pci_dev *pdev)
{
	struct pciio_func *func = pci_get_drvdata(pdev);

	WRITE_ONCE(func->recovery_end, recovery_deadline());
	pci_restore_state(pdev);
	pci_save_state(pdev);
	pciio_intr_restore(func);
	return PCI_ERS_RESULT_RECOVERED;
}

static void pciio_error_resume(struct pci_dev *pdev)
{
	struct pciio_func *func = pci_get_drvdata(pdev);

	WRITE_ONCE(func->recovery_end, 0);
	atomic_set(&func->forgot, 1);
	pciio_intr_disturb(func);
	pciio_func_queue(func, &func->settle_work, 0);
}

/*
 * Called with configuration access locked: faults wait for it and then find a
 * working device, so that a reset never shows as SIGBUS.
 */
static void pciio_reset_prepare(struct pci_dev *pdev)
{
	pciio_func_refault(pci_get_drvdata(pdev));
}

/* What the device was to interrupt for is forgotten. */
static void pciio_reset_done(struct pci_dev *pdev)
{
	pciio_intr_disturb(pci_get_drvdata(pdev));
}

static const struct pci_error_handlers pciio_err_handler = {
	.error_detected = pciio_error_detected,
	.slot_reset = pciio_slot_reset,
	.resume = pciio_error_resume,
	.reset_prepare = pciio_reset_prepare,
	.reset_done = pciio_reset_done,
};

struct pci_driver pciio_driver = {
	.name = PCIIO_NAME,
	.probe = pciio_probe,
	.remove = pciio_remove,
	.err_handler = &pciio_err_handler,
	.driver_managed_dma = false,
};
