// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

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

int pcibar_refuse_init(struct pcibar_refuse_ctx *ctx, struct pcibar_refusal *why)
{
	int ret;

	*ctx = (struct pcibar_refuse_ctx){ .why = why };
	if (!why)
		return 0;
	ret = pcibar_check_size(why, sizeof(*why), sizeof(*why));
	if (ret)
		return ret;
	why->count = 0;
	why->backends = 0;
	why->possible = 0;
	return 0;
}

int pcibar_refuse(struct pcibar_refuse_ctx *ctx, enum pcibar_reason_code code, int error,
		  const char *remedy, const char *fmt, ...)
{
	struct pcibar_reason *reason;
	va_list args;

	if (!ctx->error)
		ctx->error = error;
	if (!ctx->why || ctx->why->count == PCIBAR_REASONS_MAX)
		return error;
	reason = &ctx->why->reasons[ctx->why->count++];
	reason->code = code;
	reason->backend = ctx->backend;
	reason->error = error;
	reason->reserved = 0;
	va_start(args, fmt);
	vsnprintf(reason->what, sizeof(reason->what), fmt, args);
	va_end(args);
	snprintf(reason->remedy, sizeof(reason->remedy), "%s", remedy);
	return error;
}
