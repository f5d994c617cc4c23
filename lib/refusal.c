// SPDX-License-Identifier: BSD-2-Clause
/* Why a call is refused, and the sizes of the structures of callers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "system.h"

/* How much a later version may add. Without a limit, garbage as a size reads 4 GiB of tail. */
#define TAIL_MAX	4096

int pcibar_check_size(const void *arg, size_t min, size_t known)
{
	const unsigned char *bytes = arg;
	uint32_t size;

	memcpy(&size, arg, sizeof(size));
	if (size < min)
		return -EINVAL;
	if (size > known + TAIL_MAX)
		return -E2BIG;

	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return -E2BIG;

	return 0;
}

static size_t room_for_reasons(const struct pcibar_refusal *why)
{
	return (why->size - offsetof(struct pcibar_refusal, reasons)) / why->reason_size;
}

int pcibar_refuse_init(struct pcibar_refuse_ctx *ctx, struct pcibar_refusal *why)
{
	*ctx = (struct pcibar_refuse_ctx){ .why = why };
	if (!why)
		return 0;

	if (why->reason_size < sizeof(struct pcibar_reason) ||
	    why->reason_size % _Alignof(struct pcibar_reason) || why->reserved)
		return -EINVAL;
	if (why->size < sizeof(*why) || !room_for_reasons(why))
		return -EINVAL;

	/* Whatever a newer program has at the end is filled in, so it need not be zero. */
	if (why->size > sizeof(*why) + TAIL_MAX)
		return -E2BIG;

	why->count = 0;
	why->backends = 0;
	why->possible = 0;
	return 0;
}

int pcibar_refuse(struct pcibar_refuse_ctx *ctx, enum pcibar_reason_code code, int error,
		  const char *remedy, const char *fmt, ...)
{
	struct pcibar_refusal *why = ctx->why;
	struct pcibar_reason *reason;
	va_list args;

	if (!ctx->error)
		ctx->error = error;
	if (!why || why->count == room_for_reasons(why))
		return error;

	reason = (void *)((char *)why->reasons + (size_t)why->count * why->reason_size);
	memset(reason, 0, why->reason_size);
	why->count++;

	reason->code = code;
	reason->backend = ctx->backend;
	reason->error = error;
	va_start(args, fmt);
	vsnprintf(reason->what, sizeof(reason->what), fmt, args);
	va_end(args);
	snprintf(reason->remedy, sizeof(reason->remedy), "%s", remedy);
	return error;
}

int pcibar_refuse_nomem(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, -ENOMEM, "", "out of memory");
}

int pcibar_refuse_gone(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse(ctx, PCIBAR_REASON_GONE, -ENODEV,
			     "'pcibar list' shows what is there now", "the function is gone");
}

int pcibar_refuse_text(struct pcibar_refuse_ctx *ctx, enum pcibar_reason_code code, int error,
		       const struct pcibar_text *text)
{
	return pcibar_refuse(ctx, code, error, text->remedy, "%s", text->what);
}

int pcibar_refuse_lockdown(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse_text(ctx, PCIBAR_REASON_LOCKDOWN, -EPERM,
				  &pcibar_system()->text[PCIBAR_REASON_LOCKDOWN]);
}

int pcibar_refuse_unwritable(struct pcibar_refuse_ctx *ctx)
{
	return pcibar_refuse(ctx, PCIBAR_REASON_READ_ONLY, -EACCES, "open it for writing",
			     "the device was opened read-only");
}

int pcibar_refuse_read_only(struct pcibar_refuse_ctx *ctx, const char *root)
{
	char remedy[192];

	snprintf(remedy, sizeof(remedy), "remount it (mount -o remount,rw %s); a container that "
		 "may not has to be started with a writable one", root);
	return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, -EROFS, remedy,
			     "sysfs is mounted read-only");
}

int pcibar_refuse_activation(struct pcibar_refuse_ctx *ctx, const struct pcibar_device *dev,
			     int error)
{
	switch (error) {
	case -EPERM:
		return pcibar_refuse_lockdown(ctx);
	case -EROFS:
		return pcibar_refuse_read_only(ctx, dev->root);
	case -EACCES:
		return pcibar_refuse(ctx, PCIBAR_REASON_PERMISSION, error,
				     pcibar_system()->text[PCIBAR_REASON_PERMISSION].remedy,
				     "decoding cannot be turned on: %s", strerror(-error));
	case -ENODEV:
		return pcibar_refuse_gone(ctx);
	default:
		return pcibar_refuse(ctx, PCIBAR_REASON_SYSTEM, error, "",
				     "decoding cannot be turned on: %s", strerror(-error));
	}
}
