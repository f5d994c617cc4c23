// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* INTROPEN: files and numbers for all vectors first, then the vectors, all or none. */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/security.h>
#include <linux/slab.h>

#include "pciio.h"

#define OPEN_FLAGS	(PCIIO_INTR_OPEN_MASKED | PCIIO_INTR_OPEN_MASTER | PCIIO_INTR_OPEN_EVENTFD)

struct opening {
	struct pci_intr_open io;
	struct pciio_vector **vectors;
	struct file **files;		/* they own the vectors */
	int *fds;
	unsigned int ready;		/* how many there are of each */
};

static bool is_valid(const struct pci_intr_open *io)
{
	return io->pin_size >= sizeof(*io) && !(io->pin_flags & ~OPEN_FLAGS) &&
	       io->pin_type >= PCIIO_INTR_INTX && io->pin_type <= PCIIO_INTR_MSIX &&
	       !(io->pin_flags & PCIIO_INTR_OPEN_EVENTFD) == !io->pin_eventfds &&
	       !memchr_inv(io->pin_reserved, 0, sizeof(io->pin_reserved));
}

/* What the caller asks for may be an address that this kernel does not have. */
static void __user *user_array(u64 addr)
{
	return addr == (unsigned long)addr ? (void __user *)(unsigned long)addr : NULL;
}

static int take_eventfd(const struct opening *opening, struct pciio_vector *vector)
{
	int __user *fds = user_array(opening->io.pin_eventfds);
	struct eventfd_ctx *eventfd;
	int fd;

	if (get_user(fd, fds + opening->ready))
		return -EFAULT;
	eventfd = eventfd_ctx_fdget(fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	vector->eventfd = eventfd;
	return 0;
}

/* The file and the number of one vector, which is not started. */
static int prepare_one(struct opening *opening, struct pciio_func *func)
{
	unsigned int i = opening->ready;
	struct pciio_vector *vector;
	struct file *file;
	int ret = 0;

	vector = pciio_vector_new(func, opening->io.pin_type, opening->io.pin_first + i);
	if (!vector)
		return -ENOMEM;
	if (opening->io.pin_flags & PCIIO_INTR_OPEN_EVENTFD)
		ret = take_eventfd(opening, vector);
	file = ret ? ERR_PTR(ret) : pciio_intr_file(vector);
	if (IS_ERR(file)) {
		pciio_vector_release(vector);
		return PTR_ERR(file);
	}

	opening->fds[i] = get_unused_fd_flags(O_CLOEXEC);
	if (opening->fds[i] < 0) {
		fput(file);
		return opening->fds[i];
	}
	opening->vectors[i] = vector;
	opening->files[i] = file;
	opening->ready++;
	return 0;
}

static int prepare(struct opening *opening, struct pciio_func *func)
{
	unsigned int count = opening->io.pin_count;
	int ret = 0;

	opening->vectors = kvcalloc(count, sizeof(*opening->vectors), GFP_KERNEL);
	opening->files = kvcalloc(count, sizeof(*opening->files), GFP_KERNEL);
	opening->fds = kvcalloc(count, sizeof(*opening->fds), GFP_KERNEL);
	if (!opening->vectors || !opening->files || !opening->fds)
		return -ENOMEM;

	while (!ret && opening->ready < count)
		ret = prepare_one(opening, func);
	return ret;
}

static int start(struct opening *opening, struct pciio_func *func)
{
	int ret;

	if (!pciio_func_enter(func))
		return -ENODEV;
	ret = pciio_intr_open(func, &opening->io, opening->vectors);
	pciio_func_leave(func);
	return ret;
}

static int copy_out(const struct opening *opening, void __user *arg)
{
	int __user *fds = user_array(opening->io.pin_fds);

	if (copy_to_user(fds, opening->fds, opening->ready * sizeof(*opening->fds)) ||
	    copy_to_user(arg, &opening->io, sizeof(opening->io)))
		return -EFAULT;
	return 0;
}

/* Gives the descriptors to the caller, or takes everything back. */
static void finish(struct opening *opening, bool success)
{
	unsigned int i;

	for (i = 0; i < opening->ready; i++) {
		if (success) {
			fd_install(opening->fds[i], opening->files[i]);
		} else {
			put_unused_fd(opening->fds[i]);
			fput(opening->files[i]);
		}
	}
	kvfree(opening->vectors);
	kvfree(opening->files);
	kvfree(opening->fds);
}

/* User memory is not touched inside the fence; the function stays referenced. */
static struct pciio_func *query(const struct pciio_call *call, struct pci_intr_open *io)
{
	struct pciio_func *func = pciio_call_enter(call, &io->pin_sel);
	int ret;

	if (IS_ERR(func))
		return func;

	ret = is_valid(io) ? pciio_intr_query(func, io) : -EINVAL;
	if (!ret && io->pin_count)
		ret = pciio_intr_check(func, io);
	if (!ret)
		pciio_func_get(func);
	pciio_func_leave(func);
	return ret ? ERR_PTR(ret) : func;
}

/* The structure is the same for 32-bit callers. */
long pciio_intropen(const struct pciio_call *call)
{
	struct opening opening = { };
	struct pciio_func *func;
	int ret;

	ret = pciio_copy_sized(&opening.io, sizeof(opening.io), call->arg);
	if (ret)
		return ret;
	if (opening.io.pin_count && (!(call->file->f_mode & FMODE_WRITE) ||
				     security_locked_down(LOCKDOWN_PCI_ACCESS)))
		return -EPERM;

	func = query(call, &opening.io);
	if (IS_ERR(func))
		return PTR_ERR(func);

	if (opening.io.pin_count)
		ret = prepare(&opening, func);
	if (!ret && opening.io.pin_count)
		ret = start(&opening, func);
	if (!ret)
		ret = copy_out(&opening, call->arg);
	finish(&opening, !ret);
	pciio_func_put(func);
	return ret;
}
