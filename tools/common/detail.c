// SPDX-License-Identifier: BSD-2-Clause
/* Text about registers of configuration space. */
#include <errno.h>
#include <stdlib.h>

#include "detail.h"

char *detail_text(struct detail *d, detail_fn fn, unsigned int at)
{
	char *text = NULL;
	size_t len;

	if (d->reader.error)
		return NULL;

	d->out = open_memstream(&text, &len);
	if (!d->out) {
		d->reader.error = -errno;
		return NULL;
	}
	fn(d, at);
	if (fclose(d->out) && !d->reader.error)
		d->reader.error = -ENOMEM;
	d->out = NULL;
	if (!d->reader.error)
		return text;

	free(text);
	return NULL;
}
