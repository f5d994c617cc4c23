// SPDX-License-Identifier: BSD-2-Clause
/* pcibar explain: report what prevents mapping a BAR */
#include <stdio.h>
#include <unistd.h>

#include <pcibar/explain.h>
#include <pcibar/irq.h>

#include "common/error.h"
#include "common/session.h"
#include "common/text.h"

#include "cmd.h"
#include "irq-type.h"
#include "json.h"
#include "operand.h"
#include "terminal.h"
#include "verb-options.h"

#define MAX_BACKENDS	32

struct explain_options {
	bool write;
	bool wc;
	const char *irq;	/* as it was typed; NULL: not about interrupts */
	uint32_t type;
	struct range vectors;
	bool bus_master;
};

/* Short words for programs; the sentences may change. */
static const char *code_name(uint32_t code)
{
	static const char *const names[] = {
		[PCIBAR_REASON_NONE] = "none",
		[PCIBAR_REASON_SELECTOR] = "selector",
		[PCIBAR_REASON_NO_DEVICE] = "no-device",
		[PCIBAR_REASON_AMBIGUOUS] = "ambiguous",
		[PCIBAR_REASON_NO_BACKEND] = "no-backend",
		[PCIBAR_REASON_NO_BAR] = "no-bar",
		[PCIBAR_REASON_UPPER_HALF] = "upper-half",
		[PCIBAR_REASON_UNASSIGNED] = "unassigned",
		[PCIBAR_REASON_IO_BAR] = "io-bar",
		[PCIBAR_REASON_ROM] = "rom",
		[PCIBAR_REASON_RANGE] = "range",
		[PCIBAR_REASON_ATTRIBUTE] = "attribute",
		[PCIBAR_REASON_UNSUPPORTED] = "unsupported",
		[PCIBAR_REASON_DRIVER] = "driver",
		[PCIBAR_REASON_CLAIMED] = "claimed",
		[PCIBAR_REASON_PAGE_SHARED] = "page-shared",
		[PCIBAR_REASON_DECODE_OFF] = "decode-off",
		[PCIBAR_REASON_ASLEEP] = "asleep",
		[PCIBAR_REASON_PERMISSION] = "permission",
		[PCIBAR_REASON_LOCKDOWN] = "lockdown",
		[PCIBAR_REASON_DENIED] = "denied",
		[PCIBAR_REASON_READ_ONLY] = "read-only",
		[PCIBAR_REASON_GONE] = "gone",
		[PCIBAR_REASON_SYSTEM] = "system",
		[PCIBAR_REASON_MOVED] = "moved",
		[PCIBAR_REASON_NO_RESPONSE] = "no-response",
		[PCIBAR_REASON_NOT_BOUND] = "not-bound",
		[PCIBAR_REASON_ISOLATION] = "isolation",
		[PCIBAR_REASON_GROUP] = "group",
		[PCIBAR_REASON_HELD] = "held",
		[PCIBAR_REASON_RESETS] = "resets",
		[PCIBAR_REASON_NO_VECTOR] = "no-vector",
		[PCIBAR_REASON_VECTOR_BUSY] = "vector-busy",
		[PCIBAR_REASON_BUS_MASTER_OFF] = "bus-master-off",
		[PCIBAR_REASON_EXHAUSTED] = "exhausted",
	};

	return names[code < sizeof(names) / sizeof(names[0]) ? code : PCIBAR_REASON_SYSTEM];
}

/* Whether reason @r concerns this back end; PCIBAR_BACKEND_AUTO concerns all. */
static bool concerns(const struct pcibar_reason *r, uint32_t backend)
{
	return r->backend == backend || r->backend == PCIBAR_BACKEND_AUTO;
}

static void print_text(const struct context *ctx, unsigned int bar,
		       const struct pcibar_refusal *refusal)
{
	bool color = terminal_color(&ctx->opt, STDOUT_FILENO);
	const struct explain_options *opt = ctx->own;

	printf("%s", ctx->session->label);
	if (opt->irq)
		printf(" interrupts, %s", irq_type_name(opt->type));
	if (bar != NO_BAR)
		printf(" BAR %s, %s, %s", bar_name(bar),
		       opt->write ? "read-write" : "read-only",
		       opt->wc ? "write-combining" : "uncached");
	putchar('\n');
	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++) {
		bool possible = refusal->possible & 1u << backend;

		if (!(refusal->backends & 1u << backend))
			continue;
		printf("%s: %s%s%s\n", pcibar_backend_name(backend),
		       !color ? "" : possible ? TERM_GREEN : TERM_RED,
		       possible ? "possible" : "not possible", color ? TERM_PLAIN : "");
		for (uint32_t i = 0; i < refusal->count; i++) {
			const struct pcibar_reason *r = &refusal->reasons[i];

			if (!concerns(r, backend))
				continue;
			text_print(stdout, "  - %s", r->what);
			putchar('\n');
			if (!*r->remedy)
				continue;
			text_print(stdout, "    remedy: %s", r->remedy);
			putchar('\n');
		}
	}
}

static void print_reasons_json(struct json *json, uint32_t backend,
			       const struct pcibar_refusal *refusal)
{
	json_array(json, "reasons");
	for (uint32_t i = 0; i < refusal->count; i++) {
		const struct pcibar_reason *r = &refusal->reasons[i];

		if (!concerns(r, backend))
			continue;
		json_object(json, NULL);
		json_string(json, "code", code_name(r->code));
		json_uint(json, "errno", (uint64_t)-(int64_t)r->error);
		json_string(json, "what", r->what);
		json_string(json, "remedy", *r->remedy ? r->remedy : NULL);
		json_object_end(json);
	}
	json_array_end(json);
}

static void print_json(const struct context *ctx, unsigned int bar,
		       const struct pcibar_refusal *refusal)
{
	const struct explain_options *opt = ctx->own;
	struct json json;

	json_begin(&json, stdout);
	json_string(&json, "selector", ctx->session->label);
	json_string(&json, "bar", bar == NO_BAR ? NULL : bar_name(bar));
	json_string(&json, "irq", opt->irq ? irq_type_name(opt->type) : NULL);
	json_bool(&json, "write", opt->write);
	json_bool(&json, "write_combining", opt->wc);
	json_bool(&json, "possible", refusal->possible);
	json_array(&json, "backends");
	for (uint32_t backend = 1; backend < MAX_BACKENDS; backend++) {
		if (!(refusal->backends & 1u << backend))
			continue;
		json_object(&json, NULL);
		json_string(&json, "name", pcibar_backend_name(backend));
		json_bool(&json, "possible", refusal->possible & 1u << backend);
		print_reasons_json(&json, backend, refusal);
		json_object_end(&json);
	}

	json_array_end(&json);
	json_end(&json);
}

/* What a verb would ask for: I/O BARs and the ROM are reached indirectly. */
static int make_intent(struct context *ctx, unsigned int bar, struct pcibar_intent *intent)
{
	const struct explain_options *opt = ctx->own;
	struct window window = { .bar = bar, .write = opt->write };
	const struct pcibar_bar_info *info;
	int status;

	*intent = (struct pcibar_intent){
		.size = sizeof(*intent),
		.bar = bar,
		.attr = opt->wc ? PCIBAR_ATTR_WC : PCIBAR_ATTR_UC,
	};
	if (bar == NO_BAR)
		return STATUS_OK;

	status = session_bar(ctx, bar, &info);
	if (!status)
		intent->map_flags = session_map_flags(&ctx->opt, &window, info);

	return status;
}

/* A BAR that does not exist is wrong usage, and its reason is put first. */
static bool names_no_bar(struct pcibar_refusal *refusal)
{
	for (uint32_t i = 0; i < refusal->count; i++)
		if (refusal->reasons[i].code == PCIBAR_REASON_NO_BAR ||
		    refusal->reasons[i].code == PCIBAR_REASON_UPPER_HALF) {
			refusal->reasons[0] = refusal->reasons[i];
			return true;
		}
	return false;
}

static int explain(struct context *ctx, unsigned int bar)
{
	struct pcibar_open_opts opts = session_open_opts(ctx);
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal refusal = PCIBAR_REFUSAL_INIT;
	const struct explain_options *opt = ctx->own;
	const struct pcibar_irq_opts irq = {
		.size = sizeof(irq), .type = opt->type, .first = (uint32_t)opt->vectors.start,
		.count = (uint32_t)opt->vectors.length,
		.flags = opt->bus_master ? PCIBAR_IRQ_BUS_MASTER : 0,
	};
	struct pcibar_intent intent;
	int status;
	int ret;

	/* No such device, or no such selector, is no obstacle to explain. */
	status = session_open(ctx, false);
	if (status)
		return status;

	status = make_intent(ctx, bar, &intent);
	if (status)
		return status;

	if (opt->irq) {
		intent.bar = PCIBAR_INTENT_IRQ;
		intent.attr = 0;
		intent.irq = &irq;
	}
	ret = pcibar_selector_parse(ctx->session->address, &sel, NULL);
	if (!ret)
		ret = pcibar_explain(&sel, &intent, &opts, &refusal);
	if (ret)
		return refused(ctx, PHASE_MAP, bar, ret, NULL);
	if (names_no_bar(&refusal))
		return refused(ctx, PHASE_MAP, bar, refusal.reasons[0].error, &refusal);
	if (ctx->opt.json)
		print_json(ctx, bar, &refusal);
	else
		print_text(ctx, bar, &refusal);

	return refusal.possible ? STATUS_OK : STATUS_FAILED;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct explain_options *opt = ctx->own;
	unsigned int bar = NO_BAR;
	int status;

	if (!opt->irq && (opt->bus_master || opt->vectors.start || opt->vectors.length != 1))
		return usage_error(ctx, "--%s needs --irq",
				   opt->bus_master ? "bus-master" : "vector");
	if (opt->irq && (argc || opt->write || opt->wc))
		return usage_error(ctx, "--irq cannot be combined with %s",
				   argc ? "a BAR" : opt->write ? "--write" : "--wc");
	if (!argc && (opt->write || opt->wc))
		return usage_error(ctx, "--%s needs a BAR", opt->write ? "write" : "wc");
	status = argc ? operand_bar(ctx, argv[0], &bar) : STATUS_OK;
	return status ? status : explain(ctx, bar);
}

static const char *set_irq(void *value, const char *arg)
{
	struct explain_options *opt = value;

	opt->irq = arg;
	return option_set_irq_type(&opt->type, arg);
}

static const struct option_def own[] = {
	OPTION_FLAG(struct explain_options, write, "write", 0, "ask about write access, too"),
	OPT_WC(struct explain_options),
	{ .name = "irq", .arg = "best|msix|msi|intx",
	  .help = "ask about interrupts of this type (irq wait --type), not about a BAR",
	  .set = set_irq },
	OPT_VECTORS(struct explain_options),
	OPT_BUS_MASTER(struct explain_options, "as irq wait --bus-master; nothing is changed"),
	OPTION_END
};

static const struct explain_options defaults = { .vectors = { .length = 1 } };

const struct cmd cmd_explain = {
	.name = "explain",
	.summary = "report what prevents mapping a BAR or interrupts, and what helps",
	.operands = "[bar]",
	.notes = "For each back end: possible or not, and why. Without a BAR: of opening the "
		 "function.\nExit status 0 when some back end can, 1 when none can. Nothing is "
		 "changed or accessed.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_color, options_json),
	CMD_OWN(own, defaults),
	.max = 1,
	.run = run,
};
