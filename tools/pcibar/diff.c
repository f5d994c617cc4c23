// SPDX-License-Identifier: BSD-2-Clause
/* Compares a BAR with a file. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/parse.h"

#include "diff.h"
#include "progress.h"
#include "units.h"

static void compare(struct diff *diff, uint64_t start, const uint8_t *got, const uint8_t *want,
		    size_t len)
{
	diff->units += len / diff->width;
	if (!memcmp(got, want, len))
		return;

	for (size_t i = 0; i < len; i += diff->width) {
		if (!memcmp(got + i, want + i, diff->width))
			continue;
		if (!diff->differing++) {
			diff->first = start + i;
			diff->in_bar = unit_get(got + i, diff->width);
			diff->in_file = unit_get(want + i, diff->width);
		}
	}
}

int diff_run(struct context *ctx, unsigned int bar, uint64_t start, unsigned int width,
	     const struct view *view, struct input *input, struct diff *diff)
{
	uint32_t flags = width == WIDTH_ANY ? PCIBAR_COPY_MEMORY : 0;
	struct progress progress;
	const uint8_t *want;
	uint8_t *got;
	int status = STATUS_OK;
	size_t n;
	int ret;

	*diff = (struct diff){ .width = width == WIDTH_ANY ? 1 : width };
	got = malloc(INPUT_CHUNK);
	if (!got)
		return fail(ctx, STATUS_FAILED, "out of memory");

	progress_begin(&progress, input->size);
	for (uint64_t done = 0; !status && done < input->size; done += n) {
		n = input->size - done < INPUT_CHUNK ? (size_t)(input->size - done) : INPUT_CHUNK;
		status = input_get(ctx, input, done, n, &want);
		if (status)
			break;
		ret = pcibar_map_copy_from(view->map, view->start + done, got, n, width, flags);
		if (ret)
			status = refused(ctx, PHASE_ACCESS, bar, ret, NULL);
		else if (interrupt_signal())
			status = STATUS_FAILED;
		else
			compare(diff, start + done, got, want, n);
		progress_update(&progress, done);
	}
	progress_end(&progress);
	free(got);
	return status;
}
