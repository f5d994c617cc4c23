// SPDX-License-Identifier: BSD-2-Clause
/* pcibar watch: show what changes */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pcibar/event.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/session.h"

#include "cmd.h"
#include "condition.h"
#include "give-back.h"
#include "json.h"
#include "operand.h"
#include "progress.h"
#include "terminal.h"
#include "units.h"
#include "verb-options.h"

#define NS_PER_S	UINT64_C(1000000000)
/* A register set, not a memory: each look reads all of it. */
#define WATCH_MAX	(UINT64_C(1) << 16)
/* A changed word stays marked this long. */
#define MARK_NS		NS_PER_S
#define LINE_BYTES	16u
/* Between two reads: for a person to follow, and to wait for something */
#define FOLLOW_NS	UINT64_C(100000000)
#define UNTIL_NS	UINT64_C(1000000)
/* How often to ask the system whether the function is still there */
#define CHECK_NS	UINT64_C(100000000)

struct watch_options {
	unsigned int width;
	uint64_t interval_ns;	/* 0: not given */
	uint64_t timeout_ns;	/* 0: none */
	const char *until;	/* text: its check needs the width; NULL: none */
};

struct watch {
	const struct watch_options *opt;
	unsigned int bar;
	unsigned int width;
	struct range range;
	struct condition until;
	struct view view;
	int events;		/* reports a loss; -1 where the back end cannot */
	bool give_back;		/* the system waits for the function */
	uint64_t started;
	uint64_t checked;
	uint64_t changes;
	bool first;		/* nothing was shown yet */
	bool redraw;
	unsigned int drawn;	/* lines above the cursor */
	bool color;
	uint8_t *now;
	uint8_t *before;
	uint64_t *changed;	/* when each unit changed; 0: never */
};

static void print_elapsed(uint64_t ns)
{
	printf("%" PRIu64 ".%03" PRIu64, ns / NS_PER_S, ns % NS_PER_S / 1000000);
}

static void print_change(const struct watch *w, uint64_t i, uint64_t elapsed)
{
	int digits = 2 * (int)w->width;

	print_elapsed(elapsed);
	printf(" 0x%08" PRIx64 ": ", w->range.start + i * w->width);
	if (!w->first)
		printf("0x%0*" PRIx64 " -> ", digits, unit_get(w->before + i * w->width, w->width));
	printf("%s0x%0*" PRIx64 "%s\n", w->color && !w->first ? TERM_BOLD : "", digits,
	       unit_get(w->now + i * w->width, w->width), w->color && !w->first ? TERM_PLAIN : "");
}

static void print_json(const struct context *ctx, const struct watch *w, uint64_t i,
		       uint64_t elapsed)
{
	unsigned int digits = 2 * w->width;
	struct json json;

	json_begin(&json, stdout);
	json_string(&json, "selector", ctx->session->address);
	json_string(&json, "bar", bar_name(w->bar));
	json_uint(&json, "elapsed_us", elapsed / 1000);
	json_hex(&json, "offset", w->range.start + i * w->width, 0);
	json_uint(&json, "width", w->width);
	if (!w->first)
		json_hex(&json, "old", unit_get(w->before + i * w->width, w->width), digits);
	json_hex(&json, "new", unit_get(w->now + i * w->width, w->width), digits);
	json_end(&json);
}

/* Prints as much of @text as fits; the last column is not used, where terminals differ. */
static void put(unsigned int *room, const char *before, const char *text, const char *after)
{
	size_t len = strlen(text);
	int n = (int)(len < *room ? len : *room);

	printf("%s%.*s%s", before, n, text, after);
	*room -= (unsigned int)n;
}

static void draw_head(const struct context *ctx, const struct watch *w, unsigned int room,
		      uint64_t now)
{
	uint64_t ns = now - w->started;
	char text[128];

	snprintf(text, sizeof(text), "%s BAR %s  %" PRIu64 ".%03" PRIu64 " s, %" PRIu64 " %s",
		 ctx->session->address, bar_name(w->bar), ns / NS_PER_S, ns % NS_PER_S / 1000000,
		 w->changes, w->changes == 1 ? "change" : "changes");
	put(&room, "", text, "");
}

static void draw_line(const struct watch *w, uint64_t at, unsigned int bytes, unsigned int room,
		      uint64_t now)
{
	char text[24];

	snprintf(text, sizeof(text), "%08" PRIx64 " ", w->range.start + at);
	put(&room, "", text, "");
	for (uint64_t off = at; off < at + bytes && off < w->range.length; off += w->width) {
		uint64_t changed = w->changed[off / w->width];
		bool mark = changed && now - changed < MARK_NS;

		snprintf(text, sizeof(text), "%0*" PRIx64, 2 * (int)w->width,
			 unit_get(w->now + off, w->width));
		put(&room, "", " ", "");
		put(&room, mark && w->color ? TERM_REVERSE : "", text,
		    mark && w->color ? TERM_PLAIN : "");
		if (mark && !w->color)
			put(&room, "", "*", "");
	}
}

/* A terminal of one line would scroll it away. */
static void end_line(struct watch *w, const struct terminal_size *size)
{
	fputs(TERM_CLEAR_LINE, stdout);
	if (size->lines > 1) {
		putchar('\n');
		w->drawn++;
	}
}

/* Bytes of a line: 16, or fewer where those are too wide, each with room for its mark */
static unsigned int line_bytes(const struct watch *w, unsigned int room)
{
	unsigned int unit = 2 * w->width + 1 + !w->color;
	int offset = snprintf(NULL, 0, "%08" PRIx64 " ", w->range.start + w->range.length);
	unsigned int bytes = LINE_BYTES;

	while (bytes > w->width && (unsigned int)offset + bytes / w->width * unit > room)
		bytes /= 2;
	return bytes;
}

/*
 * Draws as many lines as fit above the one where the cursor stays. After a resize nothing
 * is known about where the last picture is: terminals wrap its lines again.
 */
static void draw(const struct context *ctx, struct watch *w, bool resized, uint64_t now)
{
	struct terminal_size size = terminal_size(STDOUT_FILENO);
	unsigned int lines = size.lines > 1 ? size.lines - 1 : 1;
	bool head = lines > 1;
	unsigned int room = size.columns - 1;
	unsigned int bytes = line_bytes(w, room);
	uint64_t wanted = (w->range.length + bytes - 1) / bytes;
	uint64_t shown = wanted < lines - head ? wanted : lines - head;
	bool more = shown < wanted && shown > 1;
	char text[64];

	if (resized)
		fputs(TERM_HOME TERM_CLEAR_BELOW, stdout);
	else if (w->drawn)
		printf("\033[%uA", w->drawn);
	putchar('\r');

	w->drawn = 0;
	if (head) {
		draw_head(ctx, w, room, now);
		end_line(w, &size);
	}
	for (uint64_t i = 0; i < shown - more; i++) {
		draw_line(w, i * bytes, bytes, room, now);
		end_line(w, &size);
	}
	if (more) {
		snprintf(text, sizeof(text), "0x%" PRIx64 " more bytes: too few lines here",
			 w->range.length - (shown - 1) * bytes);
		put(&room, "", text, "");
		end_line(w, &size);
	}
}

/*
 * A map may outlive its function and keep reading whatever responds there: a back end
 * that has no events does not take it away either, and only the system knows.
 */
static int check_presence(struct context *ctx, struct watch *w)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };
	uint64_t now = clock_now();
	int ret;

	if (w->events >= 0 || now - w->checked < CHECK_NS)
		return STATUS_OK;
	w->checked = now;
	ret = pcibar_bar_get_info(ctx->session->dev, w->bar, 0, &info);
	return ret ? refused(ctx, PHASE_ACCESS, w->bar, ret, NULL) : STATUS_OK;
}

/* One look: reads all, shows what changed. */
static int look(struct context *ctx, struct watch *w)
{
	uint64_t now;
	int ret;

	ret = pcibar_map_copy_from(w->view.map, w->view.start, w->now, w->range.length, w->width,
				   0);
	if (ret)
		return refused(ctx, PHASE_ACCESS, w->bar, ret, NULL);

	now = clock_now();
	for (uint64_t i = 0; i < w->range.length / w->width; i++) {
		if (!w->first && !memcmp(w->now + i * w->width, w->before + i * w->width, w->width))
			continue;
		if (!w->first) {
			w->changed[i] = now;
			w->changes++;
		}
		if (ctx->opt.json)
			print_json(ctx, w, i, now - w->started);
		else if (!w->redraw)
			print_change(w, i, now - w->started);
	}
	if (w->redraw)
		draw(ctx, w, false, now);
	memcpy(w->before, w->now, w->range.length);
	w->first = false;
	return output_flush(ctx, stdout);
}

static bool holds(const struct watch *w)
{
	return w->opt->until && condition_holds(&w->until, unit_get(w->now, w->width));
}

/*
 * Waits for a point in time, an event, or a signal that @mask does not block; draws again
 * when the terminal has another size. The next check shows what most events mean for this
 * map. Returns false when the reader of the output has gone: nothing might be written for
 * a long time.
 */
static bool wait_until(struct context *ctx, struct watch *w, uint64_t when, const sigset_t *mask)
{
	struct pcibar_event event = { .size = sizeof(event) };
	struct pollfd pollers[] = {
		{ .fd = w->events, .events = POLLIN }, { .fd = STDOUT_FILENO },
	};
	int ready;

	do {
		uint64_t now = clock_now();
		uint64_t ns = when > now ? when - now : 0;
		struct timespec left = {
			.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S),
		};

		if (terminal_resized() && w->redraw) {
			draw(ctx, w, true, now);
			fflush(stdout);
		}
		ready = ppoll(pollers, 2, &left, mask);
	} while (ready < 0 && errno == EINTR && !interrupt_signal());
	if (ready <= 0)
		return true;

	while (pollers[0].revents && !pcibar_device_read_event(ctx->session->dev, &event))
		w->give_back |= event.type == PCIBAR_EVENT_GIVE_BACK;
	/* POLLERR of a pipe, POLLHUP of a socket or a terminal */
	return !pollers[1].revents;
}

/*
 * Ctrl-C is the way to end it; other signals end the program. The terminal has printed
 * "^C", after which a prompt must not continue.
 */
static int ended(const struct watch *w)
{
	if (interrupt_signal() != SIGINT)
		return STATUS_FAILED;
	interrupt_clear();
	if (isatty(STDOUT_FILENO))
		putchar('\n');
	return w->opt->until ? STATUS_NO : STATUS_OK;
}

static int timed_out(const struct context *ctx, const struct watch *w)
{
	if (!w->opt->until)
		return fail_device(ctx, STATUS_NO, w->bar, "timed out");
	return condition_fail(ctx, &w->until, unit_get(w->now, w->width), w->opt->timeout_ns);
}

/* Drawing costs more than reading: a terminal gets no more than a person can follow. */
static uint64_t interval(const struct watch *w)
{
	if (w->opt->interval_ns)
		return w->opt->interval_ns;
	return w->opt->until && !w->redraw ? UNTIL_NS : FOLLOW_NS;
}

static int watch(struct context *ctx, struct watch *w, const sigset_t *mask)
{
	uint64_t next = w->started = w->checked = clock_now();
	uint64_t end = w->opt->timeout_ns ? w->started + w->opt->timeout_ns : UINT64_MAX;
	int status;

	w->events = pcibar_device_get_event_fd(ctx->session->dev);
	for (;;) {
		status = check_presence(ctx, w);
		if (!status)
			status = look(ctx, w);
		if (status || holds(w))
			return status;
		if (clock_now() >= end)
			return timed_out(ctx, w);

		/* Looks that came too late are left out, not made up for. */
		if (next <= clock_now())
			next += interval(w);
		if (next < clock_now())
			next = clock_now();
		if (!wait_until(ctx, w, next < end ? next : end, mask))
			return STATUS_FAILED;
		if (w->give_back)
			return fail_device(ctx, STATUS_LOST, w->bar,
					   GIVE_BACK);
		if (interrupt_signal())
			return ended(w);
	}
}

/* Signals are let in only while it waits, so that none comes between look and wait. */
static int watch_signals(struct context *ctx, struct watch *w)
{
	sigset_t old;
	int status;

	interrupt_catch(true);
	interrupt_block(&old);
	if (w->redraw)
		terminal_catch_resize();
	status = watch(ctx, w, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (w->redraw && !w->drawn)
		putchar('\n');
	return status;
}

static int parse_job(struct context *ctx, struct watch *w, char **argv)
{
	const char *until = w->opt->until;
	const char *wrong;
	int status;

	status = operand_bar(ctx, argv[0], &w->bar);
	if (status)
		return status;

	status = operand_range(ctx, argv[1], &w->range);
	if (status)
		return status;
	if (!w->range.length)
		w->range.length = w->width;

	if (w->range.length > WATCH_MAX)
		return usage_error(ctx, "'%s': at most 0x%" PRIx64 " bytes can be watched", argv[1],
				   WATCH_MAX);
	status = operand_fits(ctx, w->range.start, w->range.length, w->width);
	if (status || !until)
		return status;
	if (w->range.length != w->width)
		return usage_error(ctx, "--until checks one value, but '%s' holds %" PRIu64,
				   argv[1], w->range.length / w->width);
	w->until = (struct condition){
		.bar = w->bar, .width = w->width, .offset = w->range.start,
	};
	wrong = parse_masked(until, w->width, &w->until.wanted);
	return wrong ? usage_error(ctx, "--until '%s': %s", until, wrong) : STATUS_OK;
}

static int run(struct context *ctx, int argc, char **argv)
{
	const struct watch_options *opt = ctx->own;
	struct watch w = { .opt = opt, .width = opt->width, .first = true };
	struct window window = { 0 };
	int status;

	(void)argc;
	status = parse_job(ctx, &w, argv);
	if (!status)
		status = session_open(ctx, false);
	window.bar = w.bar;
	window.offset = w.range.start;
	window.length = w.range.length;
	if (status)
		return status;

	status = session_map(ctx, &window, &w.view);
	if (status)
		return status;

	w.color = terminal_color(&ctx->opt, STDOUT_FILENO);
	w.redraw = !ctx->opt.json && terminal_redraws(STDOUT_FILENO);
	w.now = malloc(w.range.length);
	w.before = malloc(w.range.length);
	w.changed = calloc(w.range.length / w.width, sizeof(*w.changed));
	if (w.now && w.before && w.changed)
		status = watch_signals(ctx, &w);
	else
		status = fail(ctx, STATUS_FAILED, "out of memory");
	free(w.now);
	free(w.before);
	free(w.changed);
	return status;
}

static const char *set_until(void *value, const char *arg)
{
	const char **until = value;

	*until = arg;
	return NULL;
}

static const struct option_def own[] = {
	OPT_WIDTH(struct watch_options),
	OPTION_VALUE(struct watch_options, interval_ns, "interval", 'i', "TIME",
		     "time between two reads (default 100ms, or 1ms with --until)",
		     option_set_duration),
	OPTION_VALUE(struct watch_options, until, "until", 0, "VALUE[:MASK]",
		     "exit when the masked bits have this value", set_until),
	OPTION_VALUE(struct watch_options, timeout_ns, "timeout", 0, "TIME",
		     "exit with status 5 after this time", option_set_duration),
	OPTION_END
};

static const struct watch_options defaults = { .width = 4 };

const struct cmd cmd_watch = {
	.name = "watch",
	.summary = "read again and again, and show what changes",
	.operands = "<bar> <offset|start+length>",
	.notes = "On a terminal changed words are marked; elsewhere each change is a line that "
		 "begins\nwith the seconds since the start. With --until: exit 0 when the "
		 "condition holds.\n--timeout ends it with exit status 5; Ctrl-C with 0, or 5 when "
		 "--until waits.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_MAP, options_color, options_json),
	CMD_OWN(own, defaults),
	.min = 2,
	.max = 2,
	.run = run,
};
