// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "interrupt.h"
#include "report.h"
#include "session.h"

/* What is read into memory at most; larger data must come from a file. */
#define PIPE_MAX	(UINT64_C(1) << 30)

static int failed(const struct context *ctx, const struct image *image, const char *what)
{
	return fail(ctx, STATUS_FAILED, "%s: %s", image->name, what);
}

static int read_all(const struct context *ctx, struct image *image)
{
	size_t room = IMAGE_CHUNK;
	uint8_t *data;
	ssize_t n;

	image->whole = true;
	do {
		if (image->size == room || !image->data) {
			room *= image->data ? 2 : 1;
			data = realloc(image->data, room);
			if (!data)
				return failed(ctx, image, "out of memory");
			image->data = data;
		}
		n = read(image->fd, image->data + image->size, room - image->size);
		if (n < 0 && interrupt_signal())
			return STATUS_FAILED;
		if (n < 0 && errno != EINTR)
			return failed(ctx, image, strerror(errno));
		if (n > 0)
			image->size += (uint64_t)n;
		if (image->size > PIPE_MAX)
			return failed(ctx, image, "more than 1 GiB from a pipe; use a file");
	} while (n);
	return STATUS_OK;
}

static int take_file(const struct context *ctx, struct image *image, off_t size)
{
	off_t pos = lseek(image->fd, 0, SEEK_CUR);

	if (pos < 0)
		return failed(ctx, image, strerror(errno));
	image->base = (uint64_t)pos;
	image->size = pos < size ? (uint64_t)(size - pos) : 0;
	image->data = malloc(IMAGE_CHUNK);
	return image->data ? STATUS_OK : failed(ctx, image, "out of memory");
}

int image_open(const struct context *ctx, const char *name, struct image *image)
{
	bool std_in = !strcmp(name, "-");
	struct stat st;
	int status;

	*image = (struct image){ .name = std_in ? "standard input" : name };
	image->fd = std_in ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0)
		return failed(ctx, image, strerror(errno));
	if (fstat(image->fd, &st))
		status = failed(ctx, image, strerror(errno));
	else if (S_ISREG(st.st_mode) && st.st_size > IMAGE_CHUNK)
		status = take_file(ctx, image, st.st_size);
	else
		status = read_all(ctx, image);
	if (!status && !image->size)
		status = fail(ctx, STATUS_USAGE, "%s: it is empty", image->name);
	if (status)
		image_close(image);
	return status;
}

int image_fits(struct context *ctx, const struct image *image, unsigned int bar, uint64_t offset)
{
	const struct pcibar_bar_info *info;
	int status;

	status = session_bar(ctx, bar, &info);
	/* No such BAR, or no such offset: mapping it says so. */
	if (status || info->length <= offset || image->size <= info->length - offset)
		return status;
	return fail_device(ctx, STATUS_USAGE, bar, "%s has 0x%" PRIx64 " bytes, and from 0x%" PRIx64
			   " on there are only 0x%" PRIx64, image->name, image->size, offset,
			   info->length - offset);
}

int image_get(const struct context *ctx, struct image *image, uint64_t off, size_t len,
	      const uint8_t **data)
{
	size_t done = 0;
	ssize_t n;

	if (image->whole) {
		*data = image->data + off;
		return STATUS_OK;
	}
	while (done < len) {
		n = pread(image->fd, image->data + done, len - done,
			  (off_t)(image->base + off + done));
		if (!n)
			return failed(ctx, image, "it has become shorter meanwhile");
		if (n < 0 && errno != EINTR)
			return failed(ctx, image, strerror(errno));
		if (n > 0)
			done += (size_t)n;
	}
	*data = image->data;
	return STATUS_OK;
}

void image_close(struct image *image)
{
	if (image->fd != STDIN_FILENO)
		close(image->fd);
	free(image->data);
}
