// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -t */
#include <inttypes.h>
#include <string.h>

#include "common/output.h"
#include "common/text.h"

#include "pciconf.h"

#define INDENT	3			/* of each bus behind a bridge */
#define INDENT_MAX	(INDENT * 256)

struct tree {
	const struct devlist *all;
	const struct pciids *ids;	/* NULL: names are not wanted, or there are none */
	bool names;
	char indent[2 + INDENT_MAX + 1];
};

/* A bridge leads to a larger number: what firmware got wrong must not lead in circles. */
static bool leads_to(const struct pcibar_device_info *bridge, uint32_t domain, unsigned int bus)
{
	return bridge->domain == domain && bridge->secondary == bus && bus > bridge->bus;
}

static bool is_on(const struct function *function, uint32_t domain, unsigned int bus)
{
	return function->info.domain == domain && function->info.bus == bus;
}

static void print_names(const struct tree *tree, const struct pcibar_device_info *info)
{
	char name[PCIIDS_NAME];

	if (!*pciids_vendor(tree->ids, info->vendor, name)) {
		printf(" vendor=0x%04x device=0x%04x", info->vendor, info->device);
		return;
	}
	text_print(stdout, " %s", name);
	if (*pciids_device(tree->ids, info->vendor, info->device, name))
		text_print(stdout, " %s", name);
	else
		printf(" device=0x%04x", info->device);
}

static void print_function(const struct tree *tree, const struct function *function, bool last)
{
	const struct pcibar_device_info *info = &function->info;

	printf("%s%c--- ", tree->indent, last ? '`' : '|');
	if (*function->driver)
		text_print(stdout, "%s%u", function->driver, function->unit);
	else
		printf("pci%" PRIu32 ":%u:%u:%u", info->domain, info->bus, info->slot, info->func);
	if (tree->names)
		print_names(tree, info);
	putchar('\n');
}

/* The first function of the bus behind a bridge, or the count of all without one. */
static size_t first_below(const struct devlist *all, const struct pcibar_device_info *bridge)
{
	size_t i = 0;

	while (i < all->count &&
	       !leads_to(bridge, all->list[i].info.domain, all->list[i].info.bus))
		i++;
	return i;
}

/* The functions of a bus follow one another; @first is the first of them. */
static void print_bus(struct tree *tree, size_t first)
{
	const struct function *list = tree->all->list;
	const struct pcibar_device_info *bus = &list[first].info;
	size_t len = strlen(tree->indent);
	size_t below;
	bool last;

	for (size_t i = first; i < tree->all->count; i++) {
		if (!is_on(&list[i], bus->domain, bus->bus))
			break;
		last = i + 1 == tree->all->count || !is_on(&list[i + 1], bus->domain, bus->bus);
		print_function(tree, &list[i], last);
		below = first_below(tree->all, &list[i].info);
		if (below == tree->all->count || len + INDENT >= sizeof(tree->indent))
			continue;
		strcpy(tree->indent + len, last ? "   " : "|  ");
		print_bus(tree, below);
		tree->indent[len] = '\0';
	}
}

static bool is_below_bridge(const struct devlist *all, const struct pcibar_device_info *info)
{
	for (size_t i = 0; i < all->count; i++)
		if (leads_to(&all->list[i].info, info->domain, info->bus))
			return true;
	return false;
}

int pciconf_tree(struct pciconf *pc, int argc, char **argv)
{
	struct tree tree = { .names = pc->verbose, .indent = "  " };
	const struct pcibar_device_info *info;
	struct pciids *ids = NULL;
	struct devlist all;
	int status;

	(void)argc;
	(void)argv;
	status = devlist_scan(&pc->ctx, &all);
	if (pc->verbose)
		ids = pciconf_names();

	tree.all = &all;
	tree.ids = ids;
	for (size_t i = 0; i < all.count; i++) {
		info = &all.list[i].info;
		if ((i && is_on(&all.list[i - 1], info->domain, info->bus)) ||
		    is_below_bridge(&all, info))
			continue;
		printf("--- pci%" PRIu32 ":%u\n", info->domain, info->bus);
		print_bus(&tree, i);
	}
	pciids_close(ids);
	devlist_free(&all);
	return status ? status : output_check(&pc->ctx, stdout);
}
