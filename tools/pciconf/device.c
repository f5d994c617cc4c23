// SPDX-License-Identifier: BSD-2-Clause
/* From pciconf's names of devices to functions. */
#include <string.h>

#include "common/error.h"
#include "common/session.h"

#include "pciconf.h"

/* What is before '@' is ignored, so that the names that -l prints can be used. */
static int select_address(struct context *ctx, const char *text, struct pcibar_selector *sel)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	const char *at = strchr(text, '@');
	int ret;

	ctx->session->label = text;
	ret = pcibar_selector_parse(at ? at + 1 : text, sel, &why);
	if (ret)
		return refused(ctx, PHASE_OPEN, NO_BAR, ret, &why);
	if (!(sel->fields & PCIBAR_SEL_ADDRESS))
		return fail_device(ctx, STATUS_USAGE, NO_BAR, "IDs select no device here; "
				   "'pciconf -l' shows what does");

	return STATUS_OK;
}

static int select_unit(struct context *ctx, const char *text, const struct devlist *all,
		       struct pcibar_selector *sel)
{
	const struct function *found = devlist_find(all, text);

	ctx->session->label = text;
	if (!found)
		return fail_device(ctx, STATUS_NO_DEVICE, NO_BAR,
				   "no driver has a device of this name; 'pciconf -l' shows all");
	*sel = info_selector(&found->info);
	return STATUS_OK;
}

/* Every address has a colon in it, and no driver has. */
int device_select(struct context *ctx, const char *text, const struct devlist *all,
		  struct pcibar_selector *sel)
{
	struct devlist own;
	int status;

	*sel = (struct pcibar_selector){ .size = sizeof(*sel) };
	if (!*text)
		return usage_error(ctx, "the device is empty");
	if (strchr(text, ':'))
		return select_address(ctx, text, sel);
	if (all)
		return select_unit(ctx, text, all, sel);

	status = devlist_scan(ctx, &own);
	if (!status)
		status = select_unit(ctx, text, &own, sel);
	devlist_free(&own);
	return status;
}

int device_open(struct context *ctx, const char *text, bool write)
{
	char address[PCIBAR_SELECTOR_STRLEN];
	struct pcibar_selector sel;
	int status;

	status = device_select(ctx, text, NULL, &sel);
	if (status)
		return status;

	pcibar_selector_format(&sel, address, sizeof(address));
	ctx->session->selector = address;
	status = session_open(ctx, write);
	ctx->session->selector = ctx->session->label = text;
	return status;
}
