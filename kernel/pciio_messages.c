// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * How many vectors a function has, and the messages that the kernel allocates for
 * them. Call these inside the fence.
 */
#include <linux/rcupdate.h>

#include "pciio.h"

/* Vectors of the type that the function has, or why it has none. */
int pciio_vectors_count(struct pciio_func *func, u32 type)
{
	struct pci_dev *pdev = func->pdev;
	int cap = type == PCIIO_INTR_MSI ? pdev->msi_cap : pdev->msix_cap;
	u32 flags;
	int ret;

	if (type == PCIIO_INTR_INTX)
		return pdev->pin ? 1 : -ENXIO;
	if (!cap || !pci_msi_enabled() || pdev->no_msi)
		return -EOPNOTSUPP;
	/* Anyone may ask, which is to wake nothing. */
	if (pdev->current_state == PCI_D3cold)
		return -EIO;

	/* The flags are at the same offset in both. */
	ret = pciio_cfg_read_wait(func, cap + PCI_MSI_FLAGS, 2, &flags);
	if (ret)
		return ret;
	if (flags == (u16)~0)
		return -EIO;
	if (type == PCIIO_INTR_MSI)
		return 1 << ((flags & PCI_MSI_FLAGS_QMASK) >> 1);
	return (flags & PCI_MSIX_FLAGS_QSIZE) + 1;
}

u32 pciio_vectors_caps(struct pciio_func *func, u32 type)
{
	if (type == PCIIO_INTR_INTX)
		return PCIIO_INTR_CAP_LEVEL |
		       (pci_intx_mask_supported(func->pdev) ? PCIIO_INTR_CAP_SHARED : 0);
	return type == PCIIO_INTR_MSIX && pciio_msix_can_grow(func->pdev) ? PCIIO_INTR_CAP_GROW : 0;
}

/* Vectors that are added one by one; pciio_messages_shrink() takes them back. */
static int grow(struct pciio_func *func, const struct pci_intr_open *req,
		struct pciio_vector **vectors)
{
	struct pci_dev *pdev = func->pdev;
	unsigned int i;
	int ret;

	for (i = 0; i < req->pin_count; i++) {
		if (pci_irq_vector(pdev, req->pin_first + i) > 0)
			continue;
		if (req->pin_type != PCIIO_INTR_MSIX || !pciio_msix_can_grow(pdev))
			return -ENOBUFS;

		ret = pciio_msix_add(pdev, req->pin_first + i);
		if (ret < 0)
			return ret == -ENOMEM ? ret : -ENOSPC;
		vectors[i]->added = true;
	}
	return 0;
}

/*
 * MSI need not have mask bits: while there is no handler the function must not send
 * messages at all, or they arrive at a vector that the kernel does not know.
 */
void pciio_msi_switch(struct pciio_func *func, bool on)
{
	int reg = func->pdev->msi_cap + PCI_MSI_FLAGS;
	u16 flags;

	if (func->intr_type != PCIIO_INTR_MSI)
		return;

	mutex_lock(&func->cfg_lock);
	if (!pci_read_config_word(func->pdev, reg, &flags) && flags != (u16)~0) {
		flags = on ? flags | PCI_MSI_FLAGS_ENABLE : flags & ~PCI_MSI_FLAGS_ENABLE;
		pci_write_config_word(func->pdev, reg, flags);
	}
	mutex_unlock(&func->cfg_lock);
}

/*
 * After the function was kept from sending messages, and before their handlers go: one
 * that was sent before may be on its way to a processor. free_irq() waits for handlers
 * that run, but not for that.
 */
void pciio_messages_wait(struct pciio_func *func)
{
	if (func->intr_type != PCIIO_INTR_INTX)
		synchronize_rcu_expedited();
}

/* Messages for the vectors of a request, which begin without a handler. */
int pciio_messages_alloc(struct pciio_func *func, const struct pci_intr_open *req,
			 struct pciio_vector **vectors)
{
	unsigned int flags = req->pin_type == PCIIO_INTR_MSI ? PCI_IRQ_MSI : PCI_IRQ_MSIX;
	unsigned int count = max(req->pin_first + req->pin_count, req->pin_reserve);
	int ret;

	if (pciio_intr_is_line(req)) {
		func->intr_type = req->pin_type;
		return 0;
	}
	if (func->intr_type)
		return grow(func, req, vectors);

	ret = pci_alloc_irq_vectors(func->pdev, count, count, flags);
	if (ret < 0)
		return ret == -ENOMEM ? ret : -ENOSPC;
	func->intr_type = req->pin_type;
	pciio_msi_switch(func, false);
	return 0;
}

/* Takes back what a request has added. */
void pciio_messages_shrink(struct pciio_func *func, const struct pci_intr_open *req,
			   struct pciio_vector **vectors)
{
	unsigned int i;

	for (i = 0; i < req->pin_count; i++)
		if (vectors[i]->added)
			pciio_msix_remove(func->pdev, req->pin_first + i);
}
