// SPDX-License-Identifier: BSD-2-Clause
/* What pciconf -l shows of a function after its first line. */
#include <errno.h>
#include <stdlib.h>

#include "detail.h"

void detail_piece(struct detail *d, detail_fn fn, unsigned int at)
{
	if (d->reader.error)
		return;

	d->out = open_memstream(&d->text, &d->len);
	if (!d->out) {
		d->reader.error = -errno;
		return;
	}
	fn(d, at);
	if (fclose(d->out))
		d->reader.error = -ENOMEM;
	if (!d->reader.error)
		fwrite(d->text, 1, d->len, stdout);
	free(d->text);
}
