// SPDX-License-Identifier: BSD-2-Clause
/* pcibar irq wait and irq trigger: wait for interrupts */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pcibar/irq.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"

#include "cmd.h"
#include "irq-type.h"
#include "json.h"
#include "masked-write.h"
#include "operand.h"
#include "progress.h"

#define NS_PER_S	UINT64_C(1000000000)
/* How long the event of irq trigger may take */
#define TRIGGER_NS	NS_PER_S
/* How long a reset may remain unnoticed while the function sleeps */
#define SLEEP_NS	(NS_PER_S / 10)

struct irq_options {
	uint32_t type;
	struct range vectors;
	bool bus_master;
	unsigned int width;
	uint64_t count;		/* 0: not given */
	uint64_t timeout_ns;	/* 0: none */
	const char *ack;	/* text: the check of the value needs the width; NULL: none */
	const char *start;
	const char *exec;
};

/* BAR:OFFSET=VALUE[:MASK] */
struct action {
	const char *option;
	unsigned int bar;
	uint64_t offset;
	struct masked value;
	struct view view;
};

struct irq_wait {
	const struct irq_options *opt;
	struct vectors vectors;
	struct action ack, start;
	struct pcibar_irq **irqs;
	struct pollfd *pollers;		/* one for each, and one for the output */
	uint64_t limit;			/* events; 0: no end */
	uint64_t seen;
	uint64_t started;
	bool sleeps;		/* POLLPRI is left out for a while */
	const sigset_t *mask;
};

static int parse_action(struct context *ctx, struct action *action, const char *text)
{
	const struct irq_options *opt = ctx->own;
	const char *colon = strchr(text, ':'), *equals = strchr(text, '=');
	char bar[16], offset[32];
	const char *wrong;
	int status;

	if (!colon || !equals || equals < colon || (size_t)(colon - text) >= sizeof(bar) ||
	    (size_t)(equals - colon) > sizeof(offset))
		return usage_error(ctx, "--%s '%s': not BAR:OFFSET=VALUE", action->option, text);

	snprintf(bar, sizeof(bar), "%.*s", (int)(colon - text), text);
	snprintf(offset, sizeof(offset), "%.*s", (int)(equals - colon - 1), colon + 1);
	status = operand_bar(ctx, bar, &action->bar);
	if (status)
		return status;

	wrong = parse_u64(offset, UINT64_MAX - opt->width, &action->offset);
	if (!wrong)
		wrong = parse_masked(equals + 1, opt->width, &action->value);
	if (wrong)
		return usage_error(ctx, "--%s '%s': %s", action->option, text, wrong);
	return operand_fits(ctx, action->offset, opt->width, opt->width);
}

/* Maps what @action needs, and @other, if it is in the same BAR: a BAR is mapped once. */
static int map_action(struct context *ctx, struct action *action, struct action *other)
{
	const struct irq_options *opt = ctx->own;
	struct window window = { .bar = action->bar, .write = true, .offset = action->offset };
	uint64_t end = action->offset + opt->width;
	int status;

	if (other && other->offset < window.offset)
		window.offset = other->offset;
	if (other && other->offset + opt->width > end)
		end = other->offset + opt->width;
	window.length = end - window.offset;
	status = session_map(ctx, &window, &action->view);
	if (status || !other)
		return status;

	other->view = action->view;
	other->view.start += other->offset - window.offset;
	action->view.start += action->offset - window.offset;
	return STATUS_OK;
}

static int map_actions(struct context *ctx, struct irq_wait *w)
{
	int status = STATUS_OK;

	if (w->opt->ack && w->opt->start && w->ack.bar == w->start.bar)
		return map_action(ctx, &w->ack, &w->start);
	if (w->opt->ack)
		status = map_action(ctx, &w->ack, NULL);
	if (!status && w->opt->start)
		status = map_action(ctx, &w->start, NULL);
	return status;
}

static int do_action(struct context *ctx, const struct action *action)
{
	const struct irq_options *opt = ctx->own;
	struct masked_write change = {
		.offset = action->offset, .width = opt->width, .masked = &action->value,
	};
	int ret = 0;

	if (action->value.has_mask)
		ret = pcibar_map_read(action->view.map, action->view.start, opt->width,
				      &change.old);
	if (!ret)
		ret = pcibar_map_write(action->view.map, action->view.start, opt->width,
				       masked_write_new(&change));
	return ret ? refused(ctx, PHASE_ACCESS, action->bar, ret, NULL) : STATUS_OK;
}

/* Seconds since the start; one that a script did not wait for may be older. */
static uint64_t elapsed(const struct irq_wait *w, const struct pcibar_irq_event *event)
{
	uint64_t time = event->flags & PCIBAR_IRQ_EVENT_TIME ? event->time : clock_now();

	return time > w->started ? time - w->started : 0;
}

static int print_event(struct context *ctx, const struct irq_wait *w, uint32_t vector,
		       const struct pcibar_irq_event *event)
{
	uint64_t us = elapsed(w, event) / 1000;
	struct json json;

	if (ctx->opt.json) {
		json_begin(&json, stdout);
		json_string(&json, "selector", ctx->session->address);
		json_string(&json, "type", irq_type_name(w->vectors.type));
		json_uint(&json, "vector", vector);
		json_uint(&json, "elapsed_us", us);
		json_uint(&json, "count", event->count);
		json_end(&json);
	} else {
		printf("%" PRIu64 ".%06" PRIu64 " %s %" PRIu32 ": %" PRIu64 "\n", us / 1000000,
		       us % 1000000, irq_type_name(w->vectors.type), vector, event->count);
	}
	return output_flush(ctx, stdout);
}

/* The shell gets signals as the program did, and not what it catches or ignores. */
static void run_shell(const struct irq_wait *w, uint32_t vector, uint64_t count)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu32, vector);
	setenv("PCIBAR_VECTOR", text, 1);
	snprintf(text, sizeof(text), "%" PRIu64, count);
	setenv("PCIBAR_COUNT", text, 1);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, w->mask, NULL);
	execl("/bin/sh", "sh", "-c", w->opt->exec, (char *)NULL);
	_exit(127);
}

static int run_command(struct context *ctx, const struct irq_wait *w, uint32_t vector,
		       uint64_t count)
{
	pid_t child = fork();
	int state;

	if (child < 0)
		return fail(ctx, STATUS_FAILED, "--exec: %s", strerror(errno));
	if (!child)
		run_shell(w, vector, count);

	while (waitpid(child, &state, 0) < 0)
		if (errno != EINTR)
			return fail(ctx, STATUS_FAILED, "--exec: %s", strerror(errno));
	if (WIFSIGNALED(state))
		return fail(ctx, STATUS_FAILED, "--exec: the command ended by signal %d",
			    WTERMSIG(state));
	if (WEXITSTATUS(state))
		return fail(ctx, STATUS_FAILED, "--exec: the command ended with exit status %d",
			    WEXITSTATUS(state));
	return STATUS_OK;
}

/* The device is made quiet before it may interrupt again. */
static int handle_event(struct context *ctx, struct irq_wait *w, uint32_t i,
			const struct pcibar_irq_event *event)
{
	uint32_t vector = w->vectors.first + i;
	int status, ret;

	w->seen++;
	status = print_event(ctx, w, vector, event);
	if (!status && w->opt->ack)
		status = do_action(ctx, &w->ack);
	if (!status && w->opt->exec)
		status = run_command(ctx, w, vector, event->count);
	if (status)
		return status;

	ret = pcibar_irq_done(w->irqs[i]);
	return ret ? refused(ctx, PHASE_IRQ, NO_BAR, ret, NULL) : STATUS_OK;
}

static bool is_enough(const struct irq_wait *w)
{
	return w->limit && w->seen == w->limit;
}

/* POLLPRI is a reset, which a read reports, or lasts as long as the function sleeps. */
static void set_sleeps(struct irq_wait *w, bool sleeps)
{
	w->sleeps = sleeps;
	for (uint32_t i = 0; i < w->vectors.count; i++)
		w->pollers[i].events = sleeps ? POLLIN : POLLIN | POLLPRI;
}

static int take_events(struct context *ctx, struct irq_wait *w)
{
	struct pcibar_irq_event event = { .size = sizeof(event) };
	int status = STATUS_OK, ret;

	for (uint32_t i = 0; !status && !is_enough(w) && i < w->vectors.count; i++) {
		if (!w->pollers[i].revents)
			continue;
		ret = pcibar_irq_read(w->irqs[i], &event);
		if (!ret)
			status = handle_event(ctx, w, i, &event);
		else if (ret != -EAGAIN)
			status = refused(ctx, PHASE_IRQ, NO_BAR, ret, NULL);
		else if (w->pollers[i].revents & (POLLHUP | POLLERR))
			status = refused(ctx, PHASE_IRQ, NO_BAR, -ENODEV, NULL);
		else if (w->pollers[i].revents & POLLPRI)
			set_sleeps(w, true);
	}
	return status;
}

static int timed_out(const struct context *ctx, const struct irq_wait *w, uint64_t ns)
{
	return fail_device(ctx, STATUS_NO, NO_BAR, "timed out after %g s, with %" PRIu64 " event%s",
			   (double)ns / 1e9, w->seen, w->seen == 1 ? "" : "s");
}

/* Ctrl-C is the way to end it; other signals end the program. */
static int ended(const struct irq_wait *w)
{
	if (interrupt_signal() != SIGINT)
		return STATUS_FAILED;
	interrupt_clear();
	if (isatty(STDOUT_FILENO))
		putchar('\n');
	return w->limit ? STATUS_NO : STATUS_OK;
}

/* Returns what ppoll() does. @end: of clock_now() */
static int wait_until(struct irq_wait *w, uint64_t end)
{
	uint64_t now = clock_now();
	uint64_t ns = end > now ? end - now : 0;
	struct timespec left;

	if (w->sleeps && ns > SLEEP_NS)
		ns = SLEEP_NS;
	left = (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S),
	};
	return ppoll(w->pollers, w->vectors.count + 1, ns == UINT64_MAX - now ? NULL : &left,
		     w->mask);
}

/* @timeout_ns: 0: without a limit */
static int wait_for_events(struct context *ctx, struct irq_wait *w, uint64_t timeout_ns)
{
	uint64_t end = timeout_ns ? w->started + timeout_ns : UINT64_MAX;
	struct pollfd *output = &w->pollers[w->vectors.count];
	int status = STATUS_OK, ready;

	while (!status && !is_enough(w)) {
		ready = wait_until(w, end);
		if (interrupt_signal())
			return ended(w);
		if (!ready && clock_now() >= end)
			return timed_out(ctx, w, timeout_ns);
		/* The reader of the output has gone: nothing might be written for a long time. */
		if (ready > 0 && output->revents)
			return STATUS_FAILED;
		if (ready > 0)
			status = take_events(ctx, w);
		else
			set_sleeps(w, false);
	}
	return status;
}

/* Signals are let in only while it waits, so that none comes between a check and the wait. */
static int wait_with_signals(struct context *ctx, struct irq_wait *w, bool trigger)
{
	uint64_t timeout_ns = trigger ? TRIGGER_NS : w->opt->timeout_ns;
	int status = STATUS_OK, ret = 0;
	sigset_t old;

	interrupt_catch(true);
	interrupt_block(&old);
	w->mask = &old;
	w->started = clock_now();
	if (w->opt->start)
		status = do_action(ctx, &w->start);
	for (uint32_t i = 0; trigger && !ret && i < w->vectors.count; i++)
		ret = pcibar_irq_trigger(w->irqs[i]);
	if (ret)
		status = refused(ctx, PHASE_IRQ, NO_BAR, ret, NULL);
	if (!status)
		status = wait_for_events(ctx, w, timeout_ns);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return status;
}

/* Without anything that makes the device quiet, a line would have no end of events. */
static uint64_t limit(const struct irq_wait *w, bool trigger)
{
	if (trigger)
		return w->vectors.count;
	if (!w->opt->count && w->vectors.level && !w->opt->ack && !w->opt->exec)
		return 1;
	return w->opt->count;
}

/* Bus mastering ends with the vectors, also when a signal ends the program. */
static int set_up(struct context *ctx, struct irq_wait *w)
{
	int status;

	interrupt_catch(false);
	status = map_actions(ctx, w);
	if (!status)
		status = session_irqs(ctx, &w->vectors, w->irqs);
	if (status)
		return status;

	for (uint32_t i = 0; i < w->vectors.count; i++)
		w->pollers[i].fd = pcibar_irq_fd(w->irqs[i]);
	set_sleeps(w, false);
	w->pollers[w->vectors.count] = (struct pollfd){ .fd = STDOUT_FILENO };
	return STATUS_OK;
}

static int run_with(struct context *ctx, bool trigger)
{
	const struct irq_options *opt = ctx->own;
	struct irq_wait w = {
		.opt = opt, .ack.option = "ack", .start.option = "start",
		.vectors = { .type = opt->type, .first = (uint32_t)opt->vectors.start,
			     .count = (uint32_t)opt->vectors.length,
			     .bus_master = opt->bus_master },
	};
	int status = STATUS_OK;

	if (opt->ack)
		status = parse_action(ctx, &w.ack, opt->ack);
	if (!status && opt->start)
		status = parse_action(ctx, &w.start, opt->start);
	if (!status)
		status = session_open(ctx, true);
	if (status)
		return status;

	w.irqs = calloc(w.vectors.count, sizeof(*w.irqs));
	w.pollers = calloc(w.vectors.count + 1, sizeof(*w.pollers));
	if (w.irqs && w.pollers)
		status = set_up(ctx, &w);
	else
		status = fail(ctx, STATUS_FAILED, "out of memory");
	if (!status) {
		w.limit = limit(&w, trigger);
		status = wait_with_signals(ctx, &w, trigger);
	}
	free(w.irqs);
	free(w.pollers);
	return status;
}

static int run_wait(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run_with(ctx, false);
}

static int run_trigger(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run_with(ctx, true);
}

static const char *set_text(void *value, const char *arg)
{
	const char **text = value;

	*text = arg;
	return NULL;
}

static const struct option_def own_wait[] = {
	OPT_IRQ_TYPE(struct irq_options),
	OPT_VECTORS(struct irq_options),
	OPTION_VALUE(struct irq_options, count, "count", 'c', "COUNT", "exit after so many events",
		     option_set_count),
	OPTION_VALUE(struct irq_options, timeout_ns, "timeout", 0, "TIME",
		     "exit with status 5 after this time", option_set_duration),
	OPTION_VALUE(struct irq_options, ack, "ack", 0, "BAR:OFFSET=VALUE[:MASK]",
		     "write it after each event: makes the device quiet", set_text),
	OPTION_VALUE(struct irq_options, start, "start", 0, "BAR:OFFSET=VALUE[:MASK]",
		     "write it once, when the vectors are open", set_text),
	OPTION_VALUE(struct irq_options, exec, "exec", 0, "COMMAND",
		     "run it by the shell after each event", set_text),
	OPT_WIDTH(struct irq_options),
	OPT_BUS_MASTER(struct irq_options, HELP_BUS_MASTER),
	OPTION_END
};

static const struct option_def own_trigger[] = {
	OPT_IRQ_TYPE(struct irq_options),
	OPT_VECTORS(struct irq_options),
	OPT_BUS_MASTER(struct irq_options, HELP_BUS_MASTER),
	OPTION_END
};

static const struct irq_options defaults = { .vectors = { .length = 1 }, .width = 4 };

const struct cmd cmd_irq_wait = {
	.name = "irq wait",
	.summary = "wait for interrupts, and show each",
	.operands = "",
	.notes = "Each event is a line: seconds since the start, type, vector, and how many "
		 "interrupts\nthere were since the last one. A message needs bus mastering. INTx "
		 "is masked by an\nevent until --ack and --exec are done; without them it ends "
		 "after one, unless -c says\notherwise. --timeout ends it with exit status 5, the "
		 "loss of the device with 4; Ctrl-C\nwith 0, or 5 with -c. In a script, vectors "
		 "stay open.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_json),
	CMD_OWN(own_wait, defaults),
	.run = run_wait,
};

const struct cmd cmd_irq_trigger = {
	.name = "irq trigger",
	.summary = "make an event without the device, and wait for it",
	.operands = "",
	.notes = "For tests of what waits: the event is the system's, the device does nothing. "
		 "Exit\nstatus 5 when it does not arrive within a second.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_json),
	CMD_OWN(own_trigger, defaults),
	.run = run_trigger,
};
