// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The catalogue of PCI functions, and the fence around everything that touches
 * one of them.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "pciio.h"

/* For a thousand functions; with ten thousand a lookup compares two or three. */
#define ADDRESS_BITS	12
#define BUS_BITS	8

/* Serialises changes of the catalogue. Never held over a wait or an allocation. */
static DEFINE_MUTEX(pciio_catalogue);
static DEFINE_HASHTABLE(by_address, ADDRESS_BITS);
static DEFINE_HASHTABLE(by_bus, BUS_BITS);
static LIST_HEAD(pciio_funcs);
static unsigned int pciio_func_count;

/* Of the list, for PCIOCGETCONF: 0 would look like "no listing has begun". */
static u32 pciio_generation = 1;

/* Covers the names of drivers, of all functions. */
DEFINE_SPINLOCK(pciio_name_lock);

static struct workqueue_struct *pciio_wq;

#ifdef CONFIG_DEBUG_LOCK_ALLOC
static struct lock_class_key fence_key;
#endif

static u32 bus_key(u32 domain, u8 bus)
{
	return domain << 8 ^ bus;
}

static u32 address_key(const struct pcisel *sel)
{
	return bus_key(sel->pc_domain, sel->pc_bus) << 8 ^ PCI_DEVFN(sel->pc_dev, sel->pc_func);
}

static bool same_bus(const struct pcisel *a, const struct pcisel *b)
{
	return a->pc_domain == b->pc_domain && a->pc_bus == b->pc_bus;
}

static bool same_function(const struct pcisel *a, const struct pcisel *b)
{
	return same_bus(a, b) && a->pc_dev == b->pc_dev && a->pc_func == b->pc_func;
}

static bool comes_after(const struct pcisel *a, const struct pcisel *b)
{
	if (a->pc_domain != b->pc_domain)
		return a->pc_domain > b->pc_domain;
	if (a->pc_bus != b->pc_bus)
		return a->pc_bus > b->pc_bus;
	return PCI_DEVFN(a->pc_dev, a->pc_func) > PCI_DEVFN(b->pc_dev, b->pc_func);
}

static struct pcisel address_of(struct pci_dev *pdev)
{
	return (struct pcisel){
		.pc_domain = pci_domain_nr(pdev->bus),
		.pc_bus = pdev->bus->number,
		.pc_dev = PCI_SLOT(pdev->devfn),
		.pc_func = PCI_FUNC(pdev->devfn),
	};
}

/* Call with rcu_read_lock() or pciio_catalogue held. */
static struct pciio_func *func_find(const struct pcisel *sel)
{
	struct pciio_func *func;

	hash_for_each_possible_rcu(by_address, func, by_address, address_key(sel),
				   lockdep_is_held(&pciio_catalogue))
		if (same_function(&func->sel, sel))
			return func;
	return NULL;
}

/* A function that is not in the catalogue yet, or NULL. */
struct pciio_func *pciio_func_new(struct pci_dev *pdev)
{
	struct pciio_func *func = kzalloc(sizeof(*func), GFP_KERNEL);

	if (!func)
		return NULL;

	func->pdev = pci_dev_get(pdev);
	strscpy(func->name, pci_name(pdev), sizeof(func->name));
	func->sel = address_of(pdev);
	func->vendor = pdev->vendor;
	func->device = pdev->device;
	func->subvendor = pdev->subsystem_vendor;
	func->subdevice = pdev->subsystem_device;
	func->class = pdev->class;
	func->revision = pdev->revision;
	func->header = pdev->hdr_type;
	func->node = dev_to_node(&pdev->dev);

	refcount_set(&func->refs, 1);
	refcount_set(&func->inside, 1);
	init_completion(&func->outside);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	lockdep_init_map(&func->fence_map, "pciio_fence", &fence_key, 0);
#endif

	mutex_init(&func->cfg_lock);
	atomic_set(&func->gates, 0);
	init_waitqueue_head(&func->wait);
	init_waitqueue_head(&func->removal);
	mutex_init(&func->lock);
	spin_lock_init(&func->bars_lock);
	mutex_init(&func->intr_lock);
	xa_init(&func->vectors);
	spin_lock_init(&func->intx_lock);
	return func;
}

/* Inside the fence. */
void pciio_func_get(struct pciio_func *func)
{
	refcount_inc(&func->refs);
}

void pciio_func_put(struct pciio_func *func)
{
	if (!refcount_dec_and_test(&func->refs))
		return;

	mutex_destroy(&func->cfg_lock);
	mutex_destroy(&func->lock);
	mutex_destroy(&func->intr_lock);
	kfree_rcu(func, rcu);
}

/*
 * When nothing can be inside the fence any more. The device is given back at once,
 * however long users keep the structure.
 */
void pciio_func_forget(struct pciio_func *func)
{
	pci_dev_put(func->pdev);
	pciio_func_put(func);
}

/* New functions usually come last. */
static void catalogue_insert(struct pciio_func *func)
{
	struct pciio_func *before;

	lockdep_assert_held(&pciio_catalogue);
	list_for_each_entry_reverse(before, &pciio_funcs, link)
		if (!comes_after(&before->sel, &func->sel))
			break;
	list_add(&func->link, &before->link);
	hash_add_rcu(by_address, &func->by_address, address_key(&func->sel));
	hash_add_rcu(by_bus, &func->by_bus, bus_key(func->sel.pc_domain, func->sel.pc_bus));
	pciio_func_count++;
	pciio_generation++;
}

static void catalogue_remove(struct pciio_func *func)
{
	lockdep_assert_held(&pciio_catalogue);
	list_del(&func->link);
	hash_del_rcu(&func->by_address);
	hash_del_rcu(&func->by_bus);
	pciio_func_count--;
	pciio_generation++;
}

/* Returns whether it was added: not when the function is in the catalogue already. */
bool pciio_func_insert(struct pciio_func *func)
{
	bool found;

	mutex_lock(&pciio_catalogue);
	found = func_find(&func->sel);
	if (!found)
		catalogue_insert(func);
	mutex_unlock(&pciio_catalogue);
	return !found;
}

/* Takes the function of a device out of the catalogue; the caller gets its reference. */
struct pciio_func *pciio_func_detach(struct pci_dev *pdev)
{
	struct pcisel sel = address_of(pdev);
	struct pciio_func *func;

	mutex_lock(&pciio_catalogue);
	func = func_find(&sel);
	if (func && func->pdev == pdev)
		catalogue_remove(func);
	else
		func = NULL;
	mutex_unlock(&pciio_catalogue);
	return func;
}

/* Takes any function out; NULL when none is left. */
struct pciio_func *pciio_func_detach_any(void)
{
	struct pciio_func *func;

	mutex_lock(&pciio_catalogue);
	func = list_first_entry_or_null(&pciio_funcs, struct pciio_func, link);
	if (func)
		catalogue_remove(func);
	mutex_unlock(&pciio_catalogue);
	return func;
}

/* Ends the waits inside the fence. */
void pciio_func_close(struct pciio_func *func)
{
	WRITE_ONCE(func->dead, true);
	wake_up_all(&func->wait);
}

/* A program that is notified of the end must not find a mapping that still works. */
void pciio_func_end(struct pciio_func *func)
{
	WRITE_ONCE(func->ended, true);
	wake_up_all(&func->removal);
}

/* Waits until the device is not used any more; afterwards it may only be put. */
void pciio_func_drain(struct pciio_func *func)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	rwsem_acquire(&func->fence_map, 0, 0, _RET_IP_);
#endif
	if (!refcount_dec_and_test(&func->inside))
		wait_for_completion(&func->outside);
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	rwsem_release(&func->fence_map, _RET_IP_);
#endif
}

/* Nothing waits for this work: it takes a reference of its own along. */
void pciio_func_queue(struct pciio_func *func, struct delayed_work *work, unsigned long delay)
{
	refcount_inc(&func->refs);
	if (!queue_delayed_work(pciio_wq, work, delay))
		pciio_func_put(func);
}

/* When nothing can queue work of the function any more. */
void pciio_func_cancel(struct pciio_func *func, struct delayed_work *work)
{
	if (cancel_delayed_work_sync(work))
		pciio_func_put(func);
}

int pciio_func_init(void)
{
	pciio_wq = alloc_workqueue(PCIIO_NAME, WQ_UNBOUND | WQ_FREEZABLE, 0);
	return pciio_wq ? 0 : -ENOMEM;
}

void pciio_func_exit(void)
{
	destroy_workqueue(pciio_wq);
}

/* The function of a device that the caller knows to exist, with a reference; or NULL. */
struct pciio_func *pciio_func_of(struct pci_dev *pdev)
{
	struct pcisel sel = address_of(pdev);
	struct pciio_func *func;

	rcu_read_lock();
	func = func_find(&sel);
	if (func && (func->pdev != pdev || !refcount_inc_not_zero(&func->refs)))
		func = NULL;
	rcu_read_unlock();
	return func;
}

void pciio_func_set_name(struct pciio_func *func, const char *name)
{
	spin_lock(&pciio_name_lock);
	memset(func->driver_name, 0, sizeof(func->driver_name));
	strscpy(func->driver_name, name, sizeof(func->driver_name));
	spin_unlock(&pciio_name_lock);
}

void pciio_func_snapshot_free(struct pciio_func **funcs, unsigned int count)
{
	while (count)
		pciio_func_put(funcs[--count]);
	kvfree(funcs);
}

/* All functions in the order of addresses, each with a reference to the structure. */
struct pciio_func **pciio_func_snapshot(unsigned int *count, u32 *generation)
{
	unsigned int room = READ_ONCE(pciio_func_count) + 16;
	struct pciio_func **funcs, *func;

	for (;;) {
		funcs = kvmalloc_array(room, sizeof(*funcs), GFP_KERNEL);
		if (!funcs)
			return ERR_PTR(-ENOMEM);

		mutex_lock(&pciio_catalogue);
		if (pciio_func_count <= room)
			break;
		room = pciio_func_count + 16;
		mutex_unlock(&pciio_catalogue);
		kvfree(funcs);
	}

	*count = 0;
	*generation = pciio_generation;
	list_for_each_entry(func, &pciio_funcs, link) {
		refcount_inc(&func->refs);
		funcs[(*count)++] = func;
	}
	mutex_unlock(&pciio_catalogue);
	return funcs;
}

/* Whether @match is true for another function of the same bus, or for this one. */
bool pciio_func_any_neighbour(struct pciio_func *func, pciio_match_fn match, const void *arg)
{
	struct pciio_func *other;
	bool found = false;

	rcu_read_lock();
	hash_for_each_possible_rcu(by_bus, other, by_bus,
				   bus_key(func->sel.pc_domain, func->sel.pc_bus)) {
		if (!same_bus(&other->sel, &func->sel) || !pciio_func_enter(other))
			continue;
		found = match(other->pdev, arg);
		pciio_func_leave(other);
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
}

/* The caller holds a reference, or has found the function under RCU. */
bool pciio_func_enter(struct pciio_func *func)
{
	/* Or a few threads could keep @inside from becoming zero. */
	if (READ_ONCE(func->dead) || !refcount_inc_not_zero(&func->inside))
		return false;
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	rwsem_acquire_read(&func->fence_map, 0, 1, _RET_IP_);
#endif
	return true;
}

/* Returns NULL when there is no such function. Inside the fence no reference is needed. */
struct pciio_func *pciio_func_enter_sel(const struct pcisel *sel)
{
	struct pciio_func *func;

	if (sel->pc_dev > 31 || sel->pc_func > 7)
		return NULL;

	rcu_read_lock();
	func = func_find(sel);
	if (func && !pciio_func_enter(func))
		func = NULL;
	rcu_read_unlock();
	return func;
}

/* Enters the function that a request names: of a function descriptor its own, no other. */
struct pciio_func *pciio_call_enter(const struct pciio_call *call, const struct pcisel *sel)
{
	struct pciio_func *func = call->func;

	if (func && !same_function(&func->sel, sel))
		return ERR_PTR(-EINVAL);

	if (!func)
		func = pciio_func_enter_sel(sel);
	else if (!pciio_func_enter(func))
		func = NULL;
	return func ? func : ERR_PTR(-ENODEV);
}

void pciio_func_leave(struct pciio_func *func)
{
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	rwsem_release(&func->fence_map, _RET_IP_);
#endif
	if (refcount_dec_and_test(&func->inside))
		complete(&func->outside);
}
