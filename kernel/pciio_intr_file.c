// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Files of interrupt descriptors: read, write, poll, fdinfo; the debugfs file. */
#include <linux/seq_file.h>

#include "pciio.h"

#define NAME_LEN	(PCIIO_NAME_LEN + 16)	/* of "DDDDDDDD:BB:DD.F MSI-X2047" */

static const char *type_name(u32 type)
{
	return type == PCIIO_INTR_INTX ? "INTx" : type == PCIIO_INTR_MSI ? "MSI" : "MSI-X";
}

static ssize_t intr_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct pciio_vector *vector = file->private_data;
	struct pci_intr_event event;
	u32 total;
	int ret;

	if (len != sizeof(total) && len < sizeof(event))
		return -EINVAL;

	ret = pciio_vector_read(vector, file->f_flags & O_NONBLOCK, &event);
	if (ret)
		return ret;

	if (len != sizeof(total))
		return copy_to_user(buf, &event, sizeof(event)) ? -EFAULT : sizeof(event);
	total = event.pie_total;
	return put_user(total, (u32 __user *)buf) ? -EFAULT : sizeof(total);
}

static ssize_t intr_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	u32 command;
	int ret;

	if (len != sizeof(command))
		return -EINVAL;
	if (copy_from_user(&command, buf, sizeof(command)))
		return -EFAULT;

	ret = pciio_vector_control(file->private_data, command);
	return ret ? ret : len;
}

/* Why nothing may come now, or NULL. Power changes wake no program. */
static const char *suspended(struct pciio_func *func)
{
	const char *reason = NULL;

	if (!pciio_func_enter(func))
		return NULL;

	if (pciio_asleep(func->pdev))
		reason = "power";
	else if (pci_channel_offline(func->pdev))
		reason = "error";
	pciio_func_leave(func);
	return reason;
}

static __poll_t intr_poll(struct file *file, poll_table *wait)
{
	struct pciio_vector *vector = file->private_data;
	__poll_t events;

	poll_wait(file, &vector->wait, wait);
	events = pciio_vector_poll(vector);
	if (!(events & EPOLLHUP) && suspended(vector->func))
		events |= EPOLLPRI;
	return events;
}

static int intr_release(struct inode *inode, struct file *file)
{
	pciio_vector_release(file->private_data);
	return 0;
}

static void intr_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct pciio_vector *vector = file->private_data;
	const char *reason = suspended(vector->func);
	bool live, masked;
	u64 total;

	spin_lock_irq(&vector->wait.lock);
	live = vector->live;
	masked = vector->masked;
	total = vector->total;
	spin_unlock_irq(&vector->wait.lock);

	seq_printf(m, "function:\t%s\ninterrupt:\t%s\nvector:\t%u\nirq:\t%d\ncount:\t%llu\n",
		   vector->func->name, type_name(vector->type), vector->index,
		   live ? vector->irq : 0, total);
	seq_printf(m, "masked:\t%s\neventfd:\t%s\nresets:\t%d\nstate:\t%s\n",
		   masked ? "yes" : "no", vector->eventfd ? "yes" : "no",
		   atomic_read(&vector->func->disturbances) - vector->opened,
		   !live ? "dead" : reason ? "suspended" : "live");
	if (live && reason)
		seq_printf(m, "reason:\t%s\n", reason);
	seq_printf(m, "opener:\t%d %*pE\n", pid_vnr(vector->pid), (int)strlen(vector->comm),
		   vector->comm);
}

static const struct file_operations intr_fops = {
	.owner = THIS_MODULE,
	.read = intr_read,
	.write = intr_write,
	.poll = intr_poll,
	.release = intr_release,
	.show_fdinfo = intr_show_fdinfo,
	.llseek = noop_llseek,
};

/* The file owns the vector from then on. */
struct file *pciio_intr_file(struct pciio_vector *vector)
{
	char name[NAME_LEN];
	struct file *file;

	scnprintf(name, sizeof(name), "%s %s%u", vector->func->name, type_name(vector->type),
		  vector->index);
	file = pciio_file_new(vector->inode, name, O_RDWR, &intr_fops, vector);
	if (!IS_ERR(file))
		stream_open(vector->inode, file);
	return file;
}

static void show_vectors(struct seq_file *m, struct pciio_func *func)
{
	struct pciio_vector *vector;
	unsigned long index;

	mutex_lock(&func->intr_lock);
	xa_for_each(&func->vectors, index, vector) {
		if (vector->closed)
			continue;
		seq_printf(m, "%s %s%lu irq %d count %llu %s pid %d %*pE\n", func->name,
			   type_name(vector->type), index, vector->irq,
			   READ_ONCE(vector->total), READ_ONCE(vector->masked) ? "masked" : "on",
			   pid_vnr(vector->pid), (int)strlen(vector->comm), vector->comm);
	}
	mutex_unlock(&func->intr_lock);
}

void pciio_intr_show(struct seq_file *m)
{
	struct pciio_func **funcs;
	unsigned int count, i;
	u32 generation;

	funcs = pciio_func_snapshot(&count, &generation);
	if (IS_ERR(funcs))
		return;
	for (i = 0; i < count; i++)
		show_vectors(m, funcs[i]);
	pciio_func_snapshot_free(funcs, count);
}
