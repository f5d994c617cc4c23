// SPDX-License-Identifier: BSD-2-Clause
/* pcibar irq: show which interrupts a function has */
#include <inttypes.h>
#include <stdio.h>

#include <pcibar/enable.h>
#include <pcibar/irq.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"
#include "irq-type.h"
#include "json.h"

static const struct ability {
	uint32_t bit;
	const char *key;
	const char *text;
} abilities[] = {
	{ PCIBAR_IRQ_LEVEL, "level", "masked by each event" },
	{ PCIBAR_IRQ_SHARED_LINE, "shared", "the line may be shared" },
	{ PCIBAR_IRQ_CAN_MASK, "mask", "can be masked" },
	{ PCIBAR_IRQ_CAN_GROW, "grow", "can be added later" },
	{ PCIBAR_IRQ_HAS_TIME, "time", "events have a time" },
	{ PCIBAR_IRQ_CAN_TRIGGER, "trigger", "can be triggered" },
};

#define N_ABILITIES	(sizeof(abilities) / sizeof(abilities[0]))

static void print_type(const struct pcibar_irq_info *irq)
{
	const char *before = irq->count == 1 ? "   " : "  ";

	printf("    %-4s %4" PRIu32 " vector%s", irq_type_name(irq->type), irq->count,
	       irq->count == 1 ? "" : "s");
	if (irq->open) {
		printf("%s%" PRIu32 " open", before, irq->open);
		before = ", ";
	}
	for (size_t i = 0; i < N_ABILITIES; i++)
		if (irq->flags & abilities[i].bit) {
			printf("%s%s", before, abilities[i].text);
			before = ", ";
		}
	putchar('\n');
}

static void print_type_json(struct json *json, const struct pcibar_irq_info *irq)
{
	json_object(json, NULL);
	json_string(json, "type", irq_type_name(irq->type));
	json_uint(json, "vectors", irq->count);
	json_uint(json, "open", irq->open);
	for (size_t i = 0; i < N_ABILITIES; i++)
		json_bool(json, abilities[i].key, irq->flags & abilities[i].bit);
	json_object_end(json);
}

static void print_head(const struct context *ctx, const struct pcibar_device_info *info,
		       bool master)
{
	bool delivers = info->caps & PCIBAR_CAP_IRQ;

	printf("%s  back end %s%s, bus mastering %s\n", ctx->session->address,
	       pcibar_backend_name(info->backend),
	       delivers ? "" : ", which does not deliver interrupts", master ? "on" : "off");
}

static int show(struct context *ctx, struct pcibar_device_info *info, bool master)
{
	struct pcibar_irq_info irq = { .size = sizeof(irq) };
	struct json json;
	int ret = 0;

	if (ctx->opt.json) {
		json_begin(&json, stdout);
		json_string(&json, "selector", ctx->session->address);
		json_string(&json, "backend", pcibar_backend_name(info->backend));
		json_bool(&json, "bus_master", master);
		json_array(&json, "interrupts");
	} else {
		print_head(ctx, info, master);
	}

	for (uint32_t type = PCIBAR_IRQ_INTX; !ret && type <= PCIBAR_IRQ_MSIX; type++) {
		ret = pcibar_irq_get_info(ctx->session->dev, type, &irq);
		if (ret || !irq.count)
			continue;
		if (ctx->opt.json)
			print_type_json(&json, &irq);
		else
			print_type(&irq);
	}
	if (ctx->opt.json) {
		json_array_end(&json);
		json_end(&json);
	}
	return ret ? refused(ctx, PHASE_IRQ, NO_BAR, ret, NULL) : STATUS_OK;
}

static int run(struct context *ctx, int argc, char **argv)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	uint32_t enabled = 0;
	int status, ret;

	(void)argc;
	(void)argv;
	status = session_open(ctx, false);
	if (status)
		return status;

	ret = pcibar_device_get_info(ctx->session->dev, &info);
	if (!ret)
		ret = pcibar_device_get_enable(ctx->session->dev, &enabled);
	if (ret)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);

	return show(ctx, &info, enabled & PCIBAR_BUS_MASTER);
}

const struct cmd cmd_irq = {
	.name = "irq",
	.summary = "show which interrupts a function has",
	.operands = "",
	.notes = "For each type: how many vectors, and what the back end can do with them.\n"
		 "Configuration space is read, which wakes a suspended device. What prevents\n"
		 "opening vectors: 'pcibar explain --irq best'.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_json),
	.run = run,
};
