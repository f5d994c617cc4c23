// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -D, -R and -W */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include <dev/pci/pcireg.h>

#include "common/error.h"
#include "common/output.h"
#include "common/session.h"

#include "pciconf.h"

#define BAR_LAST	0x24u

/* Read at once; what was read before a loss is written whole. */
#define PIECE		(64u << 10)

/* A BAR, which FreeBSD names by the offset of its register */
struct target {
	uint64_t reg;
	struct window window;
	const struct pcibar_bar_info *info;
	struct view view;
};

static int no_bar(const struct context *ctx, uint64_t reg)
{
	return fail_device(ctx, STATUS_USAGE, NO_BAR, "no BAR at 0x%" PRIx64
			   "; 'pciconf -lb' lists them", reg);
}

/* A BAR without an address, of which only its register is left, is for the library to refuse. */
static bool is_hidden(const struct context *ctx, const struct target *target)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	return !pcibar_bar_get_info(ctx->session->dev, target->window.bar,
				    PCIBAR_BAR_INFO_CONFIG, &info) &&
	       info.flags & PCIBAR_BAR_F_UNASSIGNED;
}

static int find_bar(struct context *ctx, struct target *target)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	uint64_t reg = target->reg;
	int status;
	int ret;

	ret = pcibar_device_get_info(ctx->session->dev, &info);
	if (ret)
		return refused(ctx, PHASE_MAP, NO_BAR, ret, NULL);
	if (reg == (info.header == PCIM_HDRTYPE_BRIDGE ? PCIR_BIOS_1 : PCIR_BIOS))
		target->window.bar = PCIBAR_BAR_ROM;
	else if (reg >= PCIR_BARS && reg <= BAR_LAST && reg % 4 == 0)
		target->window.bar = (unsigned int)(reg - PCIR_BARS) / 4;
	else
		return no_bar(ctx, reg);

	status = session_bar(ctx, target->window.bar, &target->info);
	if (status || target->info->kind != PCIBAR_BAR_KIND_NONE || is_hidden(ctx, target))
		return status;
	if (target->info->flags & PCIBAR_BAR_F_UPPER_HALF)
		return fail_device(ctx, STATUS_USAGE, NO_BAR, "0x%" PRIx64 " is the upper half of "
				   "the 64-bit BAR at 0x%" PRIx64, reg, reg - 4);

	return no_bar(ctx, reg);
}

/* Opens the device @argv[0] and finds out about its BAR @argv[1]. */
static int open_bar(struct pciconf *pc, char **argv, struct target *target)
{
	int status;

	target->window.wc = pc->wc;
	status = operand_number(&pc->ctx, "BAR", argv[1], UINT32_MAX, &target->reg);
	if (!status)
		status = device_open(&pc->ctx, argv[0], target->window.write);
	return status ? status : find_bar(&pc->ctx, target);
}

/* Maps what is asked for and reads it; @put gets the number of the first unit of a piece. */
static int read_pieces(struct pciconf *pc, const struct target *target,
		       int (*put)(struct pciconf *pc, uint64_t unit, const uint8_t *data,
				  size_t len))
{
	const struct view *view = &target->view;
	uint8_t *data = malloc(PIECE);
	int status = STATUS_OK;
	int lost = 0;
	size_t n;

	if (!data)
		return fail(&pc->ctx, STATUS_FAILED, "out of memory");

	for (uint64_t done = 0; !status && done < view->length; done += n) {
		n = view->length - done < PIECE ? (size_t)(view->length - done) : PIECE;
		lost = pcibar_map_copy_from(view->map, view->start + done, data, n, pc->width, 0);
		if (lost)
			break;
		status = put(pc, done / pc->width, data, n);
	}
	free(data);
	if (lost)
		status = refused(&pc->ctx, PHASE_ACCESS, target->window.bar, lost, NULL);

	return status;
}

static int put_raw(struct pciconf *pc, uint64_t unit, const uint8_t *data, size_t len)
{
	(void)unit;
	return output_write(&pc->ctx, stdout, data, len);
}

/*
 * As on FreeBSD, which maps the BAR whole: the dump begins at base + off + from units. Here base
 * may be outside the mapping, because only the pages that are read are mapped. Ports have none.
 */
static void show_mapping(const struct pciconf *pc, const struct target *target)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	uintptr_t addr = (uintptr_t)pcibar_map_addr(target->view.map);
	uintptr_t bar = addr ? addr + target->view.start - target->window.offset : 0;
	uintptr_t off = bar & ((uintptr_t)sysconf(_SC_PAGESIZE) - 1);

	pcibar_device_get_info(pc->ctx.session->dev, &info);
	fprintf(stderr, "Dumping pci%" PRIu32 ":%u:%u:%u BAR %" PRIx64 " mapped base 0x%" PRIxPTR
		" off %#" PRIxPTR " length %#" PRIx64 " from %#" PRIx64 " count %#" PRIx64
		" in %u-bytes\n", info.domain, info.bus, info.slot, info.func, target->reg,
		bar - off, off, target->info->length, target->window.offset / pc->width,
		target->window.length / pc->width, pc->width);
}

/* Start and count are in units. What lies behind the end of the BAR is left out, as on FreeBSD. */
int pciconf_dump_bar(struct pciconf *pc, int argc, char **argv)
{
	uint64_t start = 0, count = 0, units, end;
	struct target target = { 0 };
	int status = STATUS_OK;

	if (argc > 2)
		status = operand_number(&pc->ctx, "start", argv[2], UINT64_MAX, &start);
	if (!status && argc > 3)
		status = operand_number(&pc->ctx, "count", argv[3], UINT64_MAX, &count);
	if (!status && (__builtin_add_overflow(start, count, &end) ||
			__builtin_mul_overflow(end, (uint64_t)pc->width, &end)))
		status = usage_error(&pc->ctx, "start and count reach beyond 64 bits");
	if (status)
		return status;

	status = open_bar(pc, argv, &target);
	if (status)
		return status;

	units = target.info->length / pc->width;
	if (target.info->length && start >= units)
		return STATUS_OK;
	if (!count || count > units - start)
		count = units - start;
	target.window.offset = start * pc->width;
	target.window.length = count * pc->width;
	status = session_map(&pc->ctx, &target.window, &target.view);
	if (status)
		return status;
	if (pc->verbose)
		show_mapping(pc, &target);

	return read_pieces(pc, &target, put_raw);
}

/* The bytes of each unit in the order of memory */
static int put_hex(struct pciconf *pc, uint64_t unit, const uint8_t *data, size_t len)
{
	char digits[2 * sizeof(uint64_t) + 1];

	for (size_t i = 0; i < len; i += pc->width) {
		for (unsigned int byte = 0; byte < pc->width; byte++)
			snprintf(digits + 2 * byte, 3, "%02x", data[i + byte]);
		put_unit(unit++, pc->width, digits);
	}
	return output_check(&pc->ctx, stdout);
}

int pciconf_read_bar(struct pciconf *pc, int argc, char **argv)
{
	struct target target = { 0 };
	uint64_t count, end;
	int status;

	(void)argc;
	status = operand_span(&pc->ctx, argv[2], pc->width, UINT64_MAX - 1, &target.window.offset,
			      &count);
	if (!status && (__builtin_mul_overflow(count, (uint64_t)pc->width,
					       &target.window.length) ||
			__builtin_add_overflow(target.window.offset, target.window.length, &end)))
		status = usage_error(&pc->ctx, "'%s' reaches beyond 64 bits", argv[2]);
	if (!status)
		status = open_bar(pc, argv, &target);
	if (!status)
		status = session_map(&pc->ctx, &target.window, &target.view);
	if (!status)
		status = read_pieces(pc, &target, put_hex);
	if (!status)
		put_units_end(count, pc->width);

	return status;
}

int pciconf_write_bar(struct pciconf *pc, int argc, char **argv)
{
	struct target target = { .window = { .write = true, .length = pc->width } };
	uint64_t val;
	int status;
	int ret;

	(void)argc;
	status = operand_number(&pc->ctx, "offset", argv[2], UINT64_MAX - pc->width,
				&target.window.offset);
	if (status)
		return status;

	status = operand_aligned(&pc->ctx, target.window.offset, pc->width);
	if (status)
		return status;

	status = operand_number(&pc->ctx, "value", argv[3],
				UINT64_MAX >> (64 - 8 * pc->width), &val);
	if (status)
		return status;

	status = open_bar(pc, argv, &target);
	if (status)
		return status;

	status = session_map(&pc->ctx, &target.window, &target.view);
	if (status)
		return status;

	ret = pcibar_map_write(target.view.map, target.view.start, pc->width, val);
	return ret ? refused(&pc->ctx, PHASE_ACCESS, target.window.bar, ret, NULL) : STATUS_OK;
}
