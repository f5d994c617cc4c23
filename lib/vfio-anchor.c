// SPDX-License-Identifier: BSD-2-Clause
/* Descriptors that the functions of one process share. */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vfio.h"

static struct pcibar_vfio_anchor *anchors;

struct pcibar_vfio_anchor *pcibar_vfio_anchor_find(const char *node)
{
	for (struct pcibar_vfio_anchor *anchor = anchors; anchor; anchor = anchor->next)
		if (!strcmp(anchor->node, node)) {
			anchor->refs++;
			return anchor;
		}
	return NULL;
}

struct pcibar_vfio_anchor *pcibar_vfio_anchor_add(const char *node, int fd)
{
	struct pcibar_vfio_anchor *anchor = malloc(sizeof(*anchor));

	if (!anchor) {
		close(fd);
		return NULL;
	}
	*anchor = (struct pcibar_vfio_anchor){ .next = anchors, .fd = fd, .refs = 1 };
	snprintf(anchor->node, sizeof(anchor->node), "%s", node);
	anchors = anchor;
	return anchor;
}

void pcibar_vfio_anchor_put(struct pcibar_vfio_anchor *anchor)
{
	struct pcibar_vfio_anchor **at;

	if (--anchor->refs)
		return;
	for (at = &anchors; *at != anchor; at = &(*at)->next)
		;
	*at = anchor->next;
	close(anchor->fd);
	free(anchor);
}
