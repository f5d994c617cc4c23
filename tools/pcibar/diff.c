// SPDX-License-Identifier: BSD-2-Clause
/* What differs between a BAR and a file. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/parse.h"

#include "diff.h"
#include "input.h"
#include "progress.h"
#include "units.h"

/* A window of a BAR as a source */
struct bar_source {
	const struct view *view;
	unsigned int bar;
	unsigned int width;	/* of the accesses, or WIDTH_ANY */
	uint8_t *buffer;	/* of INPUT_CHUNK bytes */
};

static int get_bar(struct context *ctx, void *data, uint64_t off, size_t len,
		   const uint8_t **bytes)
{
	const struct bar_source *s = data;
	uint32_t flags = s->width == WIDTH_ANY ? PCIBAR_COPY_MEMORY : 0;
	int ret;

	ret = pcibar_map_copy_from(s->view->map, s->view->start + off, s->buffer, len, s->width,
				   flags);
	if (ret)
		return refused(ctx, PHASE_ACCESS, s->bar, ret, NULL);

	*bytes = s->buffer;
	return STATUS_OK;
}

static void compare(struct diff *diff, uint64_t off, const uint8_t *const bytes[2], size_t len)
{
	for (size_t i = 0; i < len; i += diff->width) {
		struct difference found = { .offset = off + i };

		if (!memcmp(bytes[0] + i, bytes[1] + i, diff->width))
			continue;
		for (int k = 0; k < 2; k++)
			found.values[k] = unit_get(bytes[k] + i, diff->width);
		if (!diff->differing++)
			diff->first = found;
		if (diff->each)
			diff->each(diff->data, &found);
	}
}

int diff_run(struct context *ctx, struct diff *diff, const struct source sources[2])
{
	struct progress progress;
	const uint8_t *bytes[2];
	int status = STATUS_OK;
	size_t n;

	progress_begin(&progress, diff->size);
	for (uint64_t done = 0; done < diff->size; done += n) {
		n = diff->size - done < INPUT_CHUNK ? (size_t)(diff->size - done) : INPUT_CHUNK;
		for (int k = 0; k < 2 && !status; k++)
			status = sources[k].get(ctx, sources[k].data, done, n, &bytes[k]);
		if (!status && interrupt_signal())
			status = STATUS_FAILED;
		if (status)
			break;

		diff->units += n / diff->width;
		if (memcmp(bytes[0], bytes[1], n) != 0) {
			progress_hide(&progress);
			compare(diff, diff->start + done, bytes, n);
			status = output_check(ctx, stdout);
		}
		progress_update(&progress, done + n);
	}

	progress_end(&progress);
	return status;
}

int diff_bar(struct context *ctx, struct diff *diff, const struct view *view, unsigned int bar,
	     unsigned int width, const struct source *file)
{
	struct bar_source own = { .view = view, .bar = bar, .width = width };
	const struct source sources[2] = { { get_bar, &own }, *file };
	int status;

	own.buffer = malloc(INPUT_CHUNK);
	if (!own.buffer)
		return fail(ctx, STATUS_FAILED, "out of memory");

	status = diff_run(ctx, diff, sources);
	free(own.buffer);
	return status;
}
