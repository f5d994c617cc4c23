// SPDX-License-Identifier: BSD-2-Clause
/* The interrupt vectors that a command works with. */
#include <stdlib.h>

#include "error.h"
#include "session.h"

struct session_irq {
	struct session_irq *next;
	uint32_t type;
	uint32_t index;
	struct pcibar_irq *irq;
};

static struct pcibar_irq *find(const struct session *s, uint32_t type, uint32_t index)
{
	for (const struct session_irq *entry = s->irqs; entry; entry = entry->next)
		if (entry->type == type && entry->index == index)
			return entry->irq;
	return NULL;
}

/* Whether none of them is open: then one call opens all. */
static bool none_is_open(const struct session *s, const struct vectors *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (find(s, v->type, v->first + i))
			return false;
	return true;
}

static int keep(struct context *ctx, uint32_t type, uint32_t index, struct pcibar_irq *irq)
{
	struct session_irq *entry = malloc(sizeof(*entry));

	if (!entry) {
		pcibar_irq_close(irq);
		return fail(ctx, STATUS_FAILED, "out of memory");
	}

	*entry = (struct session_irq){ ctx->session->irqs, type, index, irq };
	ctx->session->irqs = entry;
	return STATUS_OK;
}

/* A script that has vectors open means these when it names no type. */
static int find_type(struct session *s, struct vectors *v)
{
	struct pcibar_irq_info info = { .size = sizeof(info) };
	int ret;

	if (!v->type && s->irqs)
		v->type = s->irqs->type;
	ret = pcibar_irq_get_info(s->dev, v->type, &info);
	if (ret)
		return ret;

	if (info.count)
		v->type = info.type;
	v->level = info.flags & PCIBAR_IRQ_LEVEL;
	return 0;
}

static int open_vectors(struct context *ctx, struct vectors *v, uint32_t first, uint32_t count,
			struct pcibar_irq **irqs)
{
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_irq_opts opts = {
		.size = sizeof(opts), .type = v->type, .first = first, .count = count,
		.flags = v->bus_master ? PCIBAR_IRQ_BUS_MASTER : 0, .why = &why,
	};
	int ret, status = STATUS_OK;

	ret = pcibar_irq_open(ctx->session->dev, &opts, irqs);
	if (ret)
		return refused(ctx, PHASE_IRQ, NO_BAR, ret, &why);
	/* Through VFIO an ordinary user may read the capabilities now that the function is open. */
	if (!v->type)
		find_type(ctx->session, v);

	for (uint32_t i = 0; i < count; i++) {
		int kept = keep(ctx, v->type, first + i, irqs[i]);

		status = status ? status : kept;
	}
	return status;
}

int session_irqs(struct context *ctx, struct vectors *v, struct pcibar_irq **irqs)
{
	int status = STATUS_OK;

	/* Opening has the better reason when this fails, and may succeed all the same. */
	find_type(ctx->session, v);
	if (none_is_open(ctx->session, v))
		return open_vectors(ctx, v, v->first, v->count, irqs);

	for (uint32_t i = 0; !status && i < v->count; i++) {
		irqs[i] = find(ctx->session, v->type, v->first + i);
		if (!irqs[i])
			status = open_vectors(ctx, v, v->first + i, 1, &irqs[i]);
	}
	return status;
}

void session_irqs_close(struct session *s)
{
	struct session_irq *entry = s->irqs;

	while (entry) {
		struct session_irq *next = entry->next;

		pcibar_irq_close(entry->irq);
		free(entry);
		entry = next;
	}
	s->irqs = NULL;
}
