// SPDX-License-Identifier: BSD-2-Clause
/* Why a function did not get another driver, and what can be done about it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver-change.h"
#include "sysfs.h"

#define HOLDER_MAX	128

static int refuse_timeout(struct pcibar_refuse_ctx *ctx, const struct pcibar_driver_change *change,
			  const struct pcibar_bind_request *request)
{
	uint32_t ms = pcibar_bind_timeout(request->opts);
	const char *driver = change->report.before.driver;
	char holder[HOLDER_MAX], waited[32];

	snprintf(waited, sizeof(waited), "%u.%u s", ms / 1000, ms % 1000 / 100);
	if (pcibar_vfio_holder(change->dir, change->address, driver, holder, sizeof(holder)))
		return pcibar_refuse(ctx, PCIBAR_REASON_TIMEOUT, -ETIMEDOUT,
				     "end it and try again; the kernel waits for it, and the "
				     "function gets this driver back after that",
				     "%s has not released %s within %s: %s",
				     *driver ? driver : "the driver", change->address, waited,
				     holder);
	return pcibar_refuse(ctx, PCIBAR_REASON_TIMEOUT, -ETIMEDOUT,
			     "wait longer (--timeout), or see the kernel log; when the kernel is "
			     "ready, the function gets back the driver it had",
			     "the driver of %s (%s) has not changed within %s",
			     change->address, *driver ? driver : "none", waited);
}

/* vfio-pci wants an IOMMU, and the kernel log alone says so. */
static const char *probe_remedy(const struct pcibar_driver_change *change)
{
	if (!strcmp(change->to.driver, "vfio-pci") && faccessat(change->dir, "iommu_group", F_OK,
								0))
		return "VFIO needs an IOMMU: turn it on in the firmware and in the kernel's "
		       "command line (intel_iommu=on)";
	return "see the kernel log (dmesg)";
}

static int refuse_bind(struct pcibar_refuse_ctx *ctx, const struct pcibar_driver_change *change)
{
	const struct pcibar_driver_report *report = &change->report;

	return pcibar_refuse(ctx, PCIBAR_REASON_PROBE, -EIO, probe_remedy(change),
			     "the driver %s refused %s: %s%s%s%s", change->to.driver,
			     change->address, strerror(-report->error),
			     report->restored ? "" : "; it has lost its driver ",
			     report->restored ? "" : report->before.driver,
			     report->restored ? "" : ", which could not be bound again");
}

/* By what the child could not do */
static int refuse_step(struct pcibar_refuse_ctx *ctx, const struct pcibar_driver_change *change)
{
	const struct pcibar_driver_report *report = &change->report;
	char remedy[64];

	switch (report->step) {
	case PCIBAR_DRIVER_NOTHING:
		snprintf(remedy, sizeof(remedy), "leave it without a driver: pcibar bind %s none",
			 change->address);
		return pcibar_refuse(ctx, PCIBAR_REASON_RESTORE, -ENOENT,
				     remedy, "there is nothing to restore: the kernel has chosen "
				     "the driver %s for %s", report->before.driver,
				     change->address);
	case PCIBAR_DRIVER_FIND:
		if (report->error == -ENOENT && *change->to.driver)
			return pcibar_refuse(ctx, PCIBAR_REASON_NO_DRIVER, -ENOENT,
					     "load its module (modprobe), or correct the name",
					     "no driver %s is loaded", change->to.driver);
		break;
	case PCIBAR_DRIVER_UNBIND:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, -EIO, "see the kernel log (dmesg)",
				     "the driver %s of %s cannot be unbound: %s",
				     report->before.driver, change->address,
				     strerror(-report->error));
	default:
		break;
	}
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, -EIO, "",
			     "the system did not bind the driver %s to %s: %s",
			     *change->to.driver ? change->to.driver : "none", change->address,
			     strerror(-report->error));
}

int pcibar_refuse_change(struct pcibar_refuse_ctx *ctx, const struct pcibar_driver_change *change,
			 const struct pcibar_bind_request *request, int error)
{
	bool reported = change && error == change->report.error;

	if (change && pcibar_sysfs_check_there(change->dir))
		return pcibar_refuse_gone(ctx);
	if (reported && change->report.step == PCIBAR_DRIVER_BIND)
		return refuse_bind(ctx, change);

	if (change && error == -EROFS)
		return pcibar_refuse_read_only(ctx, change->root);
	if (error == -EACCES || error == -EPERM)
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EACCES, "run it as root",
				     "no permission to bind drivers");
	if (reported && error == -ENOENT && change->report.step == PCIBAR_DRIVER_READ)
		return pcibar_refuse(ctx, PCIBAR_REASON_UNSUPPORTED, -EOPNOTSUPP,
				     "use the files of Linux's sysfs",
				     "the function has no file driver_override");
	if (reported)
		return refuse_step(ctx, change);

	if (error == -EBUSY)
		return pcibar_refuse(ctx, PCIBAR_REASON_HELD, error, "close its handles first",
				     "this program has the IOMMU group of %s open through VFIO",
				     change->address);
	if (error == -ETIMEDOUT)
		return refuse_timeout(ctx, change, request);
	if (error == -ENOMEM)
		return pcibar_refuse_nomem(ctx);
	if (error == -ENODEV)
		return pcibar_refuse_gone(ctx);
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "", "no child process: %s",
			     strerror(-error));
}
