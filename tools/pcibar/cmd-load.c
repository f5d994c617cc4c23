// SPDX-License-Identifier: BSD-2-Clause
/* pcibar load: write a file into a BAR */
#include <inttypes.h>
#include <stdio.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/session.h"

#include "cmd.h"
#include "diff.h"
#include "input.h"
#include "operand.h"
#include "progress.h"
#include "verb-options.h"

struct load_options {
	unsigned int width;
	uint64_t offset;
	bool wc;
	bool verify;
	bool fixed;
};

struct load {
	unsigned int bar;
	struct input input;
	struct view view;
};

static int load_all(struct context *ctx, struct load *load, uint64_t *ns)
{
	const struct load_options *opt = ctx->own;
	uint32_t flags = (opt->fixed ? PCIBAR_COPY_FIXED : 0) |
			 (opt->width == WIDTH_ANY ? PCIBAR_COPY_MEMORY : 0);
	uint64_t size = load->input.size;
	struct progress progress;
	int status = STATUS_OK;
	const uint8_t *data;
	size_t n;
	int ret;

	progress_begin(&progress, size);
	for (uint64_t done = 0; !status && done < size; done += n) {
		n = size - done < INPUT_CHUNK ? (size_t)(size - done) : INPUT_CHUNK;
		status = input_get(ctx, &load->input, done, n, &data);
		if (status)
			break;
		ret = pcibar_map_copy_to(load->view.map, load->view.start + (opt->fixed ? 0 : done),
					 data, n, opt->width, flags);
		if (ret)
			status = refused(ctx, PHASE_ACCESS, load->bar, ret, NULL);
		else if (interrupt_signal())
			status = STATUS_FAILED;
		progress_update(&progress, done + n);
	}

	pcibar_wc_flush();
	*ns = progress_end(&progress);
	return status;
}

static int get_input(struct context *ctx, void *data, uint64_t off, size_t len,
		     const uint8_t **bytes)
{
	return input_get(ctx, data, off, len, bytes);
}

static int verify(struct context *ctx, struct load *load)
{
	const struct load_options *opt = ctx->own;
	const struct source file = { get_input, &load->input };
	struct diff diff = {
		.start = opt->offset,
		.size = load->input.size,
		.width = opt->width == WIDTH_ANY ? 1 : opt->width,
	};
	int digits;
	int status;

	status = diff_bar(ctx, &diff, &load->view, load->bar, opt->width, &file);
	if (status || !diff.differing)
		return status;

	digits = 2 * (int)diff.width;
	return fail_device(ctx, STATUS_NO, load->bar,
			   "0x%08" PRIx64 " reads 0x%0*" PRIx64 " after loading 0x%0*" PRIx64 "; %"
			   PRIu64 " of %" PRIu64 " units differ", diff.first.offset, digits,
			   diff.first.values[0], digits, diff.first.values[1], diff.differing,
			   diff.units);
}

static int load_file(struct context *ctx, struct load *load)
{
	const struct load_options *opt = ctx->own;
	struct window window = {
		.bar = load->bar,
		.write = true,
		.wc = opt->wc,
		.offset = opt->offset,
		.length = opt->fixed ? opt->width : load->input.size,
	};
	uint64_t ns;
	int status;

	status = operand_fits(ctx, window.offset, load->input.size, opt->width);
	if (!status)
		status = session_open(ctx, true);
	if (!status && !opt->fixed)
		status = input_fits(ctx, &load->input, load->input.size, load->bar,
				    window.offset);
	if (status)
		return status;

	status = session_map(ctx, &window, &load->view);
	if (status)
		return status;

	status = load_all(ctx, load, &ns);
	if (status)
		return status;
	if (ctx->opt.verbose) {
		report_prefix(ctx);
		fprintf(stderr, "%" PRIu64 " bytes in %.3f s, %.1f MiB/s\n", load->input.size,
			(double)ns / 1e9, progress_rate(load->input.size, ns));
	}

	return opt->verify ? verify(ctx, load) : STATUS_OK;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct load_options *opt = ctx->own;
	struct load load;
	int status;

	(void)argc;
	if (opt->fixed && (opt->verify || opt->width == WIDTH_ANY))
		return usage_error(ctx, "--fixed cannot be combined with %s",
				   opt->verify ? "--verify" : "-w any");
	status = operand_bar(ctx, argv[0], &load.bar);
	if (status)
		return status;

	status = input_open(ctx, argv[1], &load.input);
	if (status)
		return status;

	status = load_file(ctx, &load);
	input_close(&load.input);
	return status;
}

static const struct option_def own[] = {
	OPT_WIDTH_ANY(struct load_options),
	OPT_OFFSET(struct load_options),
	OPT_WC(struct load_options),
	OPT_VERIFY(struct load_options),
	OPT_FIXED(struct load_options),
	OPTION_END
};

static const struct load_options defaults = { .width = 4 };

const struct cmd cmd_load = {
	.name = "load",
	.summary = "write a file into a BAR",
	.operands = "<bar> <file|->",
	.notes = "The size is checked before anything is written.\n"
		 "-w any and --wc are for BARs that are memory: writes may come in any order "
		 "then.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP),
	CMD_OWN(own, defaults),
	.min = 2,
	.max = 2,
	.run = run,
};
