// SPDX-License-Identifier: BSD-2-Clause
/* Messages about errors, and the exit status of each. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <pcibar/bar.h>
#include <pcibar/explain.h>

#include "error.h"
#include "session.h"
#include "system.h"
#include "text.h"

const char *bar_name(unsigned int bar)
{
	static const char *const names[PCIBAR_BAR_COUNT] = { "0", "1", "2", "3", "4", "5", "rom" };

	return bar < PCIBAR_BAR_COUNT ? names[bar] : "?";
}

void report_prefix(const struct context *ctx)
{
	fflush(stdout);
	text_print(stderr, "%s%s%s: %s", ctx->program->name, ctx->verb ? " " : "",
		   ctx->verb ? ctx->verb : "", ctx->where);
}

int usage_error(const struct context *ctx, const char *fmt, ...)
{
	va_list args;

	report_prefix(ctx);
	va_start(args, fmt);
	text_vprint(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "; see '%s%s%s'\n", ctx->program->help, ctx->verb ? " " : "",
		ctx->verb ? ctx->verb : "");
	return STATUS_USAGE;
}

int fail(const struct context *ctx, int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_prefix(ctx);
	text_vprint(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return status;
}

int fail_device(const struct context *ctx, int status, unsigned int bar, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_prefix(ctx);
	text_put(stderr, ctx->session->label);
	if (bar != NO_BAR)
		fprintf(stderr, " BAR %s",
			ctx->program->bars ? ctx->program->bars[bar] : bar_name(bar));
	fputs(": ", stderr);
	text_vprint(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return status;
}

/* What the library does not say itself: calls without a struct pcibar_refusal */
static const struct sentence sentences[] = {
	{ PHASE_OPEN, -ENODEV, STATUS_NO_DEVICE, "no such function; 'pcibar list' shows all" },
	{ PHASE_OPEN, -ENOTUNIQ, STATUS_NO_DEVICE,
	  "several functions match; name one by its address" },
	{ PHASE_MAP, -ENODEV, STATUS_LOST,
	  "the function is gone; 'pcibar list' shows what is there now" },
	{ PHASE_ACCESS, -ENODEV, STATUS_LOST,
	  "the device was lost: removed, reset, switched off or taken by a driver; "
	  "'pcibar explain' shows the reason" },
	{ PHASE_ACCESS, -EINVAL, STATUS_USAGE,
	  "no such access to this BAR; choose a width with -w 1, 2, 4 or 8" },
	{ PHASE_ACCESS, -ERANGE, STATUS_USAGE, "outside the BAR" },
	{ PHASE_ACCESS, -EOPNOTSUPP, STATUS_USAGE,
	  "this BAR does not support this width; use another -w" },
	{ PHASE_ACCESS, -EACCES, STATUS_FAILED, "it is read-only" },
	{ PHASE_ACCESS, -EBUSY, STATUS_FAILED,
	  "a driver or another user holds the BAR; " SYSTEM_TAKE_OFF SYSTEM_SHARE_BAR },
	{ PHASE_ACCESS, -EPERM, STATUS_FAILED, SYSTEM_BAR_EPERM },
	{ PHASE_CONFIG, -ENODEV, STATUS_LOST,
	  "the function is gone; 'pcibar list' shows what is there now" },
	{ PHASE_CONFIG, -EINVAL, STATUS_USAGE, "the offset is not a multiple of the width" },
	{ PHASE_CONFIG, -ERANGE, STATUS_USAGE, "outside configuration space" },
	{ PHASE_CONFIG, -EACCES, STATUS_FAILED, SYSTEM_CONFIG_EACCES },
	{ PHASE_CONFIG, -EPERM, STATUS_FAILED, SYSTEM_CONFIG_EPERM },
	{ PHASE_CONFIG, -EBUSY, STATUS_FAILED,
	  "a kernel driver owns the function; " SYSTEM_TAKE_OFF ", or use --share-driver" },
	{ PHASE_CONFIG, -EOPNOTSUPP, STATUS_FAILED,
	  "decoding of a virtual function is turned on and off by its physical function" },
	{ PHASE_CONFIG, -EROFS, STATUS_FAILED,
	  "sysfs is mounted read-only; remount it (mount -o remount,rw /sys); a container that may "
	  "not has to be started with a writable one" },
	{ PHASE_CONFIG, -EIO, STATUS_FAILED, SYSTEM_CONFIG_EIO },
	{ PHASE_IRQ, -ENODEV, STATUS_LOST,
	  "the vector has ended: the function was removed, or unbound from its driver" },
	{ PHASE_IRQ, -ECONNRESET, STATUS_LOST,
	  "the function was reset, or the system slept: the device may have forgotten that it is "
	  "to interrupt" },
	{ PHASE_IRQ, -EACCES, STATUS_FAILED,
	  "no permission to read which interrupts the function has; run it as root, or if it "
	  "is bound to vfio-pci with --backend vfio, which resets it" },
	{ PHASE_IRQ, -EOPNOTSUPP, STATUS_FAILED,
	  "this back end cannot do that with this type of interrupt; 'pcibar irq' shows what it "
	  "can" },
	{ 0 }
};

static const struct sentence *find_sentence(const struct program *program, enum phase phase,
					    int err)
{
	const struct sentence *const tables[] = { program->sentences, sentences };

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct sentence *s = tables[i]; s && s->text; s++)
			if (s->phase == phase && s->err == err)
				return s;
	return NULL;
}

static const char *find_remedy(const struct program *program, const struct pcibar_reason *reason)
{
	for (const struct remedy *r = program->remedies; r && r->text; r++)
		if (r->reason == reason->code)
			return r->text;
	return reason->remedy;
}

static int status_of_reason(enum phase phase, uint32_t code)
{
	switch (code) {
	case PCIBAR_REASON_SELECTOR:
	case PCIBAR_REASON_NO_BAR:
	case PCIBAR_REASON_UPPER_HALF:
	case PCIBAR_REASON_RANGE:
	case PCIBAR_REASON_NO_VECTOR:
		return STATUS_USAGE;
	case PCIBAR_REASON_NO_DEVICE:
	case PCIBAR_REASON_AMBIGUOUS:
		return STATUS_NO_DEVICE;
	case PCIBAR_REASON_NO_RESPONSE:
		return STATUS_LOST;
	case PCIBAR_REASON_TIMEOUT:
		return STATUS_NO;
	case PCIBAR_REASON_GONE:
		return phase == PHASE_OPEN ? STATUS_NO_DEVICE : STATUS_LOST;
	default:
		return STATUS_FAILED;
	}
}

static int report_reason(const struct context *ctx, enum phase phase, unsigned int bar,
			 const struct pcibar_reason *reason)
{
	const char *remedy = find_remedy(ctx->program, reason);

	return fail_device(ctx, status_of_reason(phase, reason->code), bar, "%s%s%s",
			   reason->what, *remedy ? "; " : "", remedy);
}

/* States that the library explains better than the error of another call does */
static const struct {
	int err;
	uint32_t code;
} states[] = {
	{ -ENODEV, PCIBAR_REASON_NO_RESPONSE },
	{ -ENXIO, PCIBAR_REASON_MOVED },
	{ -EBUSY, PCIBAR_REASON_DRIVER },
	{ -EACCES, PCIBAR_REASON_DENIED },
	{ -EOPNOTSUPP, PCIBAR_REASON_DECODE_OFF },	/* of a virtual function */
};

/* Whether @reason, of a map through the same back end, is that of @err, too. */
static bool is_same(const struct pcibar_reason *reason, uint32_t backend, int err)
{
	/* Writes take the function as a map does. */
	if (backend == PCIBAR_BACKEND_VFIO && reason->backend == backend)
		return reason->error == err;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].err == err && states[i].code == reason->code)
			return true;
	return false;
}

/* Whether @bar is in a state that explains the error. */
static bool is_in(const struct context *ctx, unsigned int bar, uint32_t backend, int err,
		  struct pcibar_reason *reason)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .backend = ctx->opt.backend, .sysfs_root = ctx->opt.sysfs,
	};
	struct pcibar_intent intent = { .size = sizeof(intent), .bar = bar };
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;

	if (pcibar_selector_parse(ctx->session->address, &sel, NULL) ||
	    pcibar_explain(&sel, &intent, &opts, &why))
		return false;

	for (uint32_t i = 0; i < why.count; i++)
		if (is_same(&why.reasons[i], backend, err)) {
			*reason = why.reasons[i];
			return true;
		}
	return false;
}

/* The state of *@bar, or of any BAR if that is NO_BAR, that explains the error. */
static bool find_state(const struct context *ctx, enum phase phase, int err, unsigned int *bar,
		       struct pcibar_reason *reason)
{
	unsigned int first = *bar == NO_BAR ? 0 : *bar;
	unsigned int last = *bar == NO_BAR ? PCIBAR_BAR_ROM : *bar;
	struct pcibar_device_info info = { .size = sizeof(info) };
	bool known = false;

	/* An access has other errors as well, which have other reasons. */
	if (phase == PHASE_OPEN || !ctx->session->dev || (err != -ENODEV && phase != PHASE_CONFIG))
		return false;

	pcibar_device_get_info(ctx->session->dev, &info);
	/* There a vector ends before the function does. */
	if (phase == PHASE_IRQ && info.backend == PCIBAR_BACKEND_VFIO)
		return false;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		known |= states[i].err == err;
	if (!known && info.backend != PCIBAR_BACKEND_VFIO)
		return false;

	for (unsigned int i = first; i <= last; i++)
		if (is_in(ctx, i, info.backend, err, reason)) {
			*bar = reason->code == PCIBAR_REASON_MOVED ? i : *bar;
			return true;
		}
	return false;
}

int refused(const struct context *ctx, enum phase phase, unsigned int bar, int err,
	    const struct pcibar_refusal *why)
{
	const struct sentence *sentence = find_sentence(ctx->program, phase, err);
	struct pcibar_reason reason;

	if (why && why->count)
		return report_reason(ctx, phase, bar, &why->reasons[0]);
	if (find_state(ctx, phase, err, &bar, &reason))
		return report_reason(ctx, phase, bar, &reason);
	if (sentence)
		return fail_device(ctx, sentence->status, bar, "%s", sentence->text);

	return fail_device(ctx, STATUS_FAILED, bar, "%s", strerror(-err));
}

int refused_each(const struct context *ctx, int err, const struct pcibar_refusal *why)
{
	int status = refused(ctx, PHASE_OPEN, NO_BAR, err, why);

	for (uint32_t i = 1; i < why->count; i++)
		report_reason(ctx, PHASE_OPEN, NO_BAR, &why->reasons[i]);
	return status;
}
