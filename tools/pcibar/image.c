// SPDX-License-Identifier: BSD-2-Clause
/* The bytes that a file holds, as they are or as a hex dump. */
#include <stdlib.h>

#include "common/error.h"

#include "image.h"

/* The first line of a dump ends within so many bytes. */
#define FIRST_LINE	((uint64_t)HEXDUMP_LINE)

static int open_dump(const struct context *ctx, struct image *image)
{
	struct hexdump_reader *dump = &image->dump;
	const char *wrong;
	int status;

	status = input_load(ctx, &image->input);
	if (status)
		return status;

	wrong = hexdump_open(dump, (const char *)image->input.data, (size_t)image->input.size);
	if (wrong)
		return fail(ctx, STATUS_USAGE, "%s: line %lu: %s", image->input.name, dump->line,
			    wrong);

	image->size = dump->end - dump->start;
	image->buffer = malloc(INPUT_CHUNK);
	return image->buffer ? STATUS_OK : fail(ctx, STATUS_FAILED, "out of memory");
}

/* Takes the input as what it is, or what the user says it is. */
static int recognize(const struct context *ctx, struct image *image, enum image_format format)
{
	size_t len = (size_t)(image->input.size < FIRST_LINE ? image->input.size : FIRST_LINE);
	const uint8_t *head;
	int status;

	if (format == IMAGE_AUTO) {
		status = input_get(ctx, &image->input, 0, len, &head);
		if (status)
			return status;
		image->is_dump = hexdump_is((const char *)head, len);
	} else {
		image->is_dump = format == IMAGE_HEX;
	}

	image->size = image->input.size;
	return image->is_dump ? open_dump(ctx, image) : STATUS_OK;
}

int image_open(const struct context *ctx, const char *name, enum image_format format,
	       struct image *image)
{
	int status;

	*image = (struct image){ 0 };
	status = input_open(ctx, name, &image->input);
	if (status)
		return status;

	status = recognize(ctx, image, format);
	if (status)
		image_close(image);
	return status;
}

int image_get(struct context *ctx, void *data, uint64_t off, size_t len, const uint8_t **bytes)
{
	struct image *image = data;

	if (!image->is_dump)
		return input_get(ctx, &image->input, off, len, bytes);

	hexdump_get(&image->dump, image->buffer, len);
	*bytes = image->buffer;
	return STATUS_OK;
}

void image_close(struct image *image)
{
	input_close(&image->input);
	free(image->buffer);
}
