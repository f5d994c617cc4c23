// SPDX-License-Identifier: BSD-2-Clause
/* What pciconf -l shows of a function after its first line. */
#include <stdlib.h>

#include "common/capability.h"

#include "pieces.h"

void piece_print(struct detail *d, detail_fn fn, unsigned int at)
{
	char *text = detail_text(d, fn, at);

	if (text)
		fputs(text, stdout);
	free(text);
}

static void print_capability(void *data, const struct capability *cap)
{
	(void)data;
	capability_print(cap);
}

void piece_capabilities(struct detail *d)
{
	capability_list(d, print_capability, NULL);
}
