// SPDX-License-Identifier: BSD-2-Clause
/* A file to load, or to compare with. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/interrupt.h"
#include "common/session.h"

#include "input.h"

/* What is read into memory at most; larger data must come from a file of raw bytes. */
#define PIPE_MAX	(UINT64_C(1) << 30)

static int failed(const struct context *ctx, const struct input *input, const char *what)
{
	return fail(ctx, STATUS_FAILED, "%s: %s", input->name, what);
}

static int read_all(const struct context *ctx, struct input *input)
{
	size_t room = INPUT_CHUNK;
	uint8_t *data;
	ssize_t n;

	input->whole = true;
	do {
		if (input->size == room || !input->data) {
			room *= input->data ? 2 : 1;
			data = realloc(input->data, room);
			if (!data)
				return failed(ctx, input, "out of memory");
			input->data = data;
		}
		n = read(input->fd, input->data + input->size, room - input->size);
		if (n < 0 && interrupt_signal())
			return STATUS_FAILED;
		if (n < 0 && errno != EINTR)
			return failed(ctx, input, strerror(errno));
		if (n > 0)
			input->size += (uint64_t)n;
		if (input->size > PIPE_MAX)
			return failed(ctx, input, "more than 1 GiB from a pipe or of a hex dump; "
				      "use a raw file");
	} while (n);

	return STATUS_OK;
}

static int take_file(const struct context *ctx, struct input *input, off_t size)
{
	off_t pos = lseek(input->fd, 0, SEEK_CUR);

	if (pos < 0)
		return failed(ctx, input, strerror(errno));
	input->base = (uint64_t)pos;
	input->size = pos < size ? (uint64_t)(size - pos) : 0;
	input->data = malloc(INPUT_CHUNK);
	return input->data ? STATUS_OK : failed(ctx, input, "out of memory");
}

int input_open(const struct context *ctx, const char *name, struct input *input)
{
	bool std_in = !strcmp(name, "-");
	struct stat st;
	int status;

	/* A line of the script before it may write the file. */
	if (ctx->check_only)
		return STATUS_CHECKED;

	*input = (struct input){ .name = std_in ? "standard input" : name };
	input->fd = std_in ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (input->fd < 0)
		return failed(ctx, input, strerror(errno));
	if (fstat(input->fd, &st))
		status = failed(ctx, input, strerror(errno));
	else if (S_ISREG(st.st_mode) && st.st_size > INPUT_CHUNK)
		status = take_file(ctx, input, st.st_size);
	else
		status = read_all(ctx, input);
	if (!status && !input->size)
		status = fail(ctx, STATUS_USAGE, "%s: it is empty", input->name);
	if (status)
		input_close(input);

	return status;
}

int input_load(const struct context *ctx, struct input *input)
{
	if (input->whole)
		return STATUS_OK;
	free(input->data);
	input->data = NULL;
	input->size = 0;
	return read_all(ctx, input);
}

int input_fits(struct context *ctx, const struct input *input, uint64_t size, unsigned int bar,
	       uint64_t offset)
{
	const struct pcibar_bar_info *info;
	int status;

	status = session_bar(ctx, bar, &info);
	/* No such BAR, or no such offset: mapping it says so. */
	if (status || info->length <= offset || size <= info->length - offset)
		return status;
	return fail_device(ctx, STATUS_USAGE, bar, "%s has 0x%" PRIx64 " bytes, and from 0x%" PRIx64
			   " on there are only 0x%" PRIx64, input->name, size, offset,
			   info->length - offset);
}

int input_get(const struct context *ctx, struct input *input, uint64_t off, size_t len,
	      const uint8_t **data)
{
	size_t done = 0;
	ssize_t n;

	if (input->whole) {
		*data = input->data + off;
		return STATUS_OK;
	}
	while (done < len) {
		n = pread(input->fd, input->data + done, len - done,
			  (off_t)(input->base + off + done));
		if (!n)
			return failed(ctx, input, "it has become shorter in the meantime");
		if (n < 0 && errno != EINTR)
			return failed(ctx, input, strerror(errno));
		if (n > 0)
			done += (size_t)n;
	}
	*data = input->data;
	return STATUS_OK;
}

void input_close(struct input *input)
{
	if (input->fd != STDIN_FILENO)
		close(input->fd);
	free(input->data);
}
