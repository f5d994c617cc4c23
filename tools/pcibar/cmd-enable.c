// SPDX-License-Identifier: BSD-2-Clause
/* pcibar enable and disable: turn decoding and bus mastering on or off */
#include <errno.h>
#include <stdio.h>

#include <pcibar/enable.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"

struct enable_options {
	bool io;
	bool mem;
	bool bus_master;
};

static const struct {
	uint32_t bit;
	const char *name;
} kinds[] = {
	{ PCIBAR_DECODE_IO, "I/O decoding" },
	{ PCIBAR_DECODE_MEM, "memory decoding" },
	{ PCIBAR_BUS_MASTER, "bus mastering" },
};

static uint32_t named_bits(const struct enable_options *opt)
{
	return (opt->io ? PCIBAR_DECODE_IO : 0) | (opt->mem ? PCIBAR_DECODE_MEM : 0) |
	       (opt->bus_master ? PCIBAR_BUS_MASTER : 0);
}

/* The kinds of BARs the function has; bus mastering only when it is named. */
static int default_bits(struct context *ctx, uint32_t *mask)
{
	const struct pcibar_bar_info *info;
	int status;

	for (unsigned int bar = 0; bar < PCIBAR_BAR_COUNT; bar++) {
		status = session_bar(ctx, bar, &info);
		if (status)
			return status;
		if (info->kind == PCIBAR_BAR_KIND_IO)
			*mask |= PCIBAR_DECODE_IO;
		else if (info->kind != PCIBAR_BAR_KIND_NONE)
			*mask |= PCIBAR_DECODE_MEM;
	}
	if (!*mask)
		return fail_device(ctx, STATUS_FAILED, NO_BAR,
				   "the function has no BAR; name what is meant: --io, --mem or "
				   "--bus-master");

	return STATUS_OK;
}

static void print_changes(const struct context *ctx, uint32_t mask, uint32_t before, uint32_t value)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!(mask & kinds[i].bit))
			continue;
		report_prefix(ctx);
		fprintf(stderr, "%s: %s %s %s\n", ctx->session->label, kinds[i].name,
			(before ^ value) & kinds[i].bit ? "turned" : "was already",
			value & kinds[i].bit ? "on" : "off");
	}
}

static int set(struct context *ctx, bool on)
{
	uint32_t flags = ctx->opt.share_driver ? PCIBAR_ENABLE_F_SHARE_DRIVER : 0;
	uint32_t mask = named_bits(ctx->own);
	uint32_t before = 0;
	int status;
	int ret;

	status = session_open(ctx, true);
	if (!status && !mask)
		status = default_bits(ctx, &mask);
	if (status)
		return status;

	ret = pcibar_device_get_enable(ctx->session->dev, &before);
	if (!ret)
		ret = pcibar_device_set_enable(ctx->session->dev, mask, on ? mask : 0, flags);

	/* Mapping checks decoding, using a map does not. */
	session_forget(ctx->session);
	if (ret)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);
	if (ctx->opt.verbose)
		print_changes(ctx, mask, before, on ? mask : 0);

	return STATUS_OK;
}

static int run_enable(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return set(ctx, true);
}

static int run_disable(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return set(ctx, false);
}

static const struct option_def own[] = {
	OPTION_FLAG(struct enable_options, io, "io", 0, "I/O decoding"),
	OPTION_FLAG(struct enable_options, mem, "mem", 0, "memory decoding"),
	OPTION_FLAG(struct enable_options, bus_master, "bus-master", 0,
		    "bus mastering: the device may do DMA"),
	OPTION_END
};

static const struct enable_options defaults;

const struct cmd cmd_enable = {
	.name = "enable",
	.summary = "turn decoding or bus mastering on, until further notice",
	.operands = "",
	.notes = "Without an option: decoding of the kinds of BARs that the function has. Bus\n"
		 "mastering is turned on only when named. To have decoding on just for one "
		 "command,\nuse --activate with that.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(options_share_driver, CMD_DEVICE),
	CMD_OWN(own, defaults),
	.run = run_enable,
};

const struct cmd cmd_disable = {
	.name = "disable",
	.summary = "turn decoding or bus mastering off",
	.operands = "",
	.notes = "Without an option: decoding of the kinds of BARs that the function has. Every "
		 "program\nthat has a BAR mapped reads all-ones from then on.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(options_share_driver, CMD_DEVICE),
	CMD_OWN(own, defaults),
	.run = run_disable,
};
