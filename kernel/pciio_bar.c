// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* BARs in use: one object for each, however many users it has. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "pciio.h"

static struct pciio_bar *bar_new(struct pciio_func *func, unsigned int index)
{
	struct pciio_bar *bar = kzalloc(sizeof(*bar), GFP_KERNEL);
	struct inode *inode;

	if (!bar)
		return ERR_PTR(-ENOMEM);

	inode = pciio_inode_new();
	if (IS_ERR(inode)) {
		kfree(bar);
		return ERR_CAST(inode);
	}

	refcount_inc(&func->refs);
	refcount_set(&bar->refs, 1);
	bar->func = func;
	bar->inode = inode;
	bar->index = index;
	bar->start = pci_resource_start(func->pdev, index);
	bar->len = pci_resource_len(func->pdev, index);
	bar->whole_pages = !((bar->start | bar->len) & ~PAGE_MASK);
	init_waitqueue_head(&bar->wait);
	mutex_init(&bar->lock);
	INIT_LIST_HEAD(&bar->handles);
	return bar;
}

static void bar_free(struct pciio_bar *bar)
{
	pciio_inode_put(bar->inode);
	pciio_func_put(bar->func);
	mutex_destroy(&bar->lock);
	kfree(bar);
}

void pciio_bar_put(struct pciio_bar *bar)
{
	struct pciio_func *func = bar->func;

	bool last;

	spin_lock(&func->bars_lock);
	last = refcount_dec_and_test(&bar->refs);
	if (last && func->bars[bar->index] == bar)
		func->bars[bar->index] = NULL;
	spin_unlock(&func->bars_lock);

	if (last)
		bar_free(bar);
}

/* A BAR in use with a reference, or NULL. */
static struct pciio_bar *bar_find(struct pciio_func *func, unsigned int index)
{
	struct pciio_bar *bar;

	spin_lock(&func->bars_lock);
	bar = func->bars[index];
	if (bar && !refcount_inc_not_zero(&bar->refs))
		bar = NULL;
	spin_unlock(&func->bars_lock);
	return bar;
}

/* Makes @bar the one in use, unless another call was faster. */
static struct pciio_bar *bar_install(struct pciio_bar *bar)
{
	struct pciio_func *func = bar->func;
	struct pciio_bar *other;

	spin_lock(&func->bars_lock);
	other = func->bars[bar->index];
	if (!other || !refcount_inc_not_zero(&other->refs)) {
		func->bars[bar->index] = bar;
		other = NULL;
	}
	spin_unlock(&func->bars_lock);

	if (!other)
		return bar;

	bar_free(bar);
	return other;
}

/* Takes a reference to the BAR; call it inside the fence. */
struct pciio_bar *pciio_bar_get(struct pciio_func *func, unsigned int index)
{
	struct pciio_bar *bar = bar_find(func, index);

	if (bar && !pciio_bar_moved(bar))
		return bar;
	if (bar) {
		pciio_bar_kill(bar);
		pciio_bar_put(bar);
	}

	bar = bar_new(func, index);
	return IS_ERR(bar) ? bar : bar_install(bar);
}

/* Kills the BAR if it has moved; what it holds is in the way of others. */
void pciio_bar_check(struct pciio_func *func, unsigned int index)
{
	struct pciio_bar *bar = bar_find(func, index);

	if (!bar)
		return;
	if (pciio_bar_moved(bar))
		pciio_bar_kill(bar);
	pciio_bar_put(bar);
}

bool pciio_bar_is_exclusive(struct pciio_func *func, unsigned int index)
{
	bool exclusive;

	spin_lock(&func->bars_lock);
	exclusive = func->bars[index] && READ_ONCE(func->bars[index]->exclusive);
	spin_unlock(&func->bars_lock);
	return exclusive;
}

/* Calls @fn for each BAR in use, with no lock held. */
void pciio_func_visit_bars(struct pciio_func *func, pciio_bar_fn fn, const void *arg)
{
	unsigned int i;

	for (i = 0; i < PCIIO_BARS; i++) {
		struct pciio_bar *bar = bar_find(func, i);

		if (!bar)
			continue;
		fn(bar, arg);
		pciio_bar_put(bar);
	}
}

/* Whether any BAR is in use; a hint, unless the caller keeps others away. */
bool pciio_func_in_use(struct pciio_func *func)
{
	unsigned int i;

	for (i = 0; i < PCIIO_BARS; i++)
		if (READ_ONCE(func->bars[i]))
			return true;
	return false;
}

/*
 * Resized or moved through sysfs, which notifies no driver. While that is going on
 * the BAR has no address; whether it has moved is known afterwards.
 */
bool pciio_bar_moved(const struct pciio_bar *bar)
{
	struct pci_dev *pdev = bar->func->pdev;

	return pciio_bar_placed(pdev, bar->index) &&
	       (pci_resource_start(pdev, bar->index) != bar->start ||
		pci_resource_len(pdev, bar->index) != bar->len);
}

void pciio_bar_zap(struct pciio_bar *bar)
{
	unmap_mapping_range(bar->inode->i_mapping, 0, 0, 1);
}

/* Changes the reasons; returns whether the mappings must be zapped. */
bool pciio_bar_mark(struct pciio_bar *bar, unsigned int set, unsigned int clear)
{
	bool zap = set & ~bar->reasons;

	lockdep_assert_held(&bar->lock);
	WRITE_ONCE(bar->reasons, (bar->reasons & ~clear) | set);
	/* A fault that reads the new number must see what was changed before it. */
	smp_store_release(&bar->seq, bar->seq + 1);
	return zap;
}

/*
 * Uses the pointer: release_region() looks for a range that matches, which may
 * belong to a driver by now.
 */
void pciio_bar_unclaim(struct pciio_bar *bar)
{
	lockdep_assert_held(&bar->lock);
	if (bar->region && !release_resource(bar->region))
		kfree(bar->region);
	bar->region = NULL;
}

/*
 * The BAR is gone for its users, and the next user gets a new object. The
 * memory type goes after the mappings.
 */
void pciio_bar_kill(struct pciio_bar *bar)
{
	struct pciio_func *func = bar->func;

	spin_lock(&func->bars_lock);
	if (func->bars[bar->index] == bar)
		func->bars[bar->index] = NULL;
	spin_unlock(&func->bars_lock);

	mutex_lock(&bar->lock);
	pciio_bar_mark(bar, PCIIO_DEAD, 0);
	pciio_bar_unclaim(bar);
	mutex_unlock(&bar->lock);

	pciio_bar_zap(bar);

	mutex_lock(&bar->lock);
	pciio_attr_release(bar);
	mutex_unlock(&bar->lock);
	wake_up_all(&bar->wait);
}
