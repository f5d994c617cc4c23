// SPDX-License-Identifier: BSD-2-Clause
/* pcibar config: read and write configuration space */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <pcibar/config.h>

#include "common/config-space.h"
#include "common/error.h"
#include "common/parse.h"
#include "common/session.h"

#include "cmd.h"
#include "config-names.h"
#include "json.h"
#include "masked-write.h"
#include "operand.h"
#include "verb-options.h"

#define CONFIG_SIZE_MAX	4096u
#define HEADER_TYPES	3u

/* What both verbs have; reads only @count, writes the rest */
struct config_options {
	unsigned int width;	/* 0: that of the register, else 4 */
	uint64_t count;
	bool dry_run;
	bool verify;
};

struct config_job {
	const char *text;
	struct config_register reg;
	unsigned int width;
	unsigned int offset;	/* in configuration space, once the device is open */
	uint64_t count;
};

static int parse_register(struct context *ctx, const char *text, struct config_job *job)
{
	const struct config_options *opt = ctx->own;
	const char *wrong = config_name_parse(text, &job->reg);

	if (wrong)
		return usage_error(ctx, "register '%s': %s", text, wrong);
	job->text = text;
	job->width = opt->width ? opt->width : job->reg.width ? job->reg.width : 4;
	return STATUS_OK;
}

/* The capability with number @index among those with the ID */
struct search {
	const struct config_register *reg;
	unsigned int count;		/* of those with the ID so far */
	unsigned int offset;
};

static int search_one(void *data, unsigned int id, unsigned int offset)
{
	struct search *search = data;

	if (id != search->reg->id)
		return 0;
	search->offset = offset;
	return search->count++ == search->reg->index;
}

static int find_capability(struct context *ctx, const struct config_job *job, unsigned int *base)
{
	struct search search = { .reg = &job->reg };
	struct pcibar_device *dev = ctx->session->dev;
	int ret;

	if (job->reg.base == REGISTER_CAP)
		ret = pcibar_config_list_capabilities(dev, search_one, &search);
	else
		ret = pcibar_config_list_extended(dev, search_one, &search);
	if (ret < 0)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);

	if (ret) {
		*base = search.offset;
		return STATUS_OK;
	}
	if (search.count)
		return fail_device(ctx, STATUS_FAILED, NO_BAR, "the function has the capability of "
				   "'%s' %u time%s: the last is @%u", job->text, search.count,
				   search.count == 1 ? "" : "s", search.count - 1);
	return fail_device(ctx, STATUS_FAILED, NO_BAR,
			   "the function does not have the capability of '%s'", job->text);
}

/* Another header has another register there. */
static int check_type(struct context *ctx, const struct config_job *job)
{
	static const char *const names[] = { "a device", "a PCI bridge", "a CardBus bridge" };
	struct pcibar_device_info info = { .size = sizeof(info) };
	int ret;

	if (job->reg.types == (1u << HEADER_TYPES) - 1)
		return STATUS_OK;

	ret = pcibar_device_get_info(ctx->session->dev, &info);
	if (ret)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);
	if (info.header < HEADER_TYPES && job->reg.types & 1u << info.header)
		return STATUS_OK;
	return fail_device(ctx, STATUS_FAILED, NO_BAR, "the header of %s (type %u) does not have "
			   "'%s'; 'pcibar help registers' lists the names for each type",
			   info.header < HEADER_TYPES ? names[info.header] : "this function",
			   info.header, job->text);
}

/* Opens the device and finds out where the register is in it. */
static int locate(struct context *ctx, struct config_job *job, bool write)
{
	unsigned int base = 0;
	int status;

	status = session_open(ctx, write);
	if (status)
		return status;

	if (job->reg.base == REGISTER_FIXED)
		status = check_type(ctx, job);
	else
		status = find_capability(ctx, job, &base);
	if (status)
		return status;

	job->offset = base + job->reg.offset;
	return operand_fits(ctx, job->offset, job->width, job->width);
}

static void begin_json(const struct context *ctx, const struct config_job *job, struct json *json)
{
	json_begin(json, stdout);
	json_string(json, "selector", ctx->session->address);
	json_string(json, "register", job->text);
	json_hex(json, "offset", job->offset, 0);
	json_uint(json, "width", job->width);
	json_array(json, "values");
}

static int read_all(struct context *ctx, const struct config_job *job, struct json *json)
{
	unsigned int off = job->offset;
	uint64_t val;
	int ret;

	for (uint64_t i = 0; i < job->count; i++, off += job->width) {
		ret = config_get(ctx->session->dev, off, job->width, &val);
		if (ret)
			return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);
		if (ctx->opt.json) {
			json_hex(json, NULL, val, 2 * job->width);
			continue;
		}
		if (ctx->opt.verbose)
			printf("0x%08x: ", off);
		printf("0x%0*" PRIx64 "\n", 2 * (int)job->width, val);
	}
	return STATUS_OK;
}

static int run_read(struct context *ctx, int argc, char **argv)
{
	const struct config_options *opt = ctx->own;
	struct config_job job = { .count = opt->count };
	struct json json;
	int status;

	(void)argc;
	status = parse_register(ctx, argv[0], &job);
	if (status)
		return status;

	status = locate(ctx, &job, false);
	if (status)
		return status;
	if (ctx->opt.json)
		begin_json(ctx, &job, &json);
	status = read_all(ctx, &job, &json);
	if (ctx->opt.json) {
		json_array_end(&json);
		json_end(&json);
	}
	return status;
}

static int write_one(struct context *ctx, const struct config_job *job, unsigned int off,
		     const struct masked *masked)
{
	const struct config_options *opt = ctx->own;
	struct masked_write change = { .offset = off, .width = job->width, .masked = masked };
	int ret = 0;

	if (masked->has_mask)
		ret = config_get(ctx->session->dev, off, job->width, &change.old);
	if (!ret && !opt->dry_run)
		ret = config_put(ctx->session->dev, off, job->width, masked_write_new(&change));
	change.was_read_back = !opt->dry_run && (opt->verify || ctx->opt.verbose);
	if (!ret && change.was_read_back)
		ret = config_get(ctx->session->dev, off, job->width, &change.got);
	if (ret)
		return refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL);

	masked_write_show(ctx, opt->dry_run, &change);
	return opt->verify ? masked_write_verify(ctx, NO_BAR, &change) : STATUS_OK;
}

/* Several values: the last place is checked before the first is written. */
static int check_last(struct context *ctx, const struct config_job *job)
{
	uint64_t last = job->offset + job->count * job->width - 1;
	uint8_t val;
	int ret = 0;

	if (last >= CONFIG_SIZE_MAX)
		ret = -ERANGE;
	else if (job->count > 1)
		ret = pcibar_config_read8(ctx->session->dev, (unsigned int)last, &val);
	return ret ? refused(ctx, PHASE_CONFIG, NO_BAR, ret, NULL) : STATUS_OK;
}

static int write_all(struct context *ctx, struct config_job *job, struct masked *values,
		     char **argv)
{
	const struct config_options *opt = ctx->own;
	const char *wrong;
	int status;

	for (uint64_t i = 0; i < job->count; i++) {
		wrong = config_value_parse(argv[i], job->width, &values[i]);
		if (wrong)
			return usage_error(ctx, "value '%s': %s", argv[i], wrong);
	}
	status = locate(ctx, job, !opt->dry_run);
	if (!status)
		status = check_last(ctx, job);
	for (uint64_t i = 0; !status && i < job->count; i++)
		status = write_one(ctx, job, job->offset + (unsigned int)i * job->width,
				   &values[i]);

	/* It may have been the command register or a BAR. */
	session_forget(ctx->session);
	return status;
}

static int run_write(struct context *ctx, int argc, char **argv)
{
	const struct config_options *opt = ctx->own;
	struct config_job job = { .count = (uint64_t)argc - 1 };
	struct masked *values;
	int status;

	if (opt->verify && opt->dry_run)
		return usage_error(ctx, "--verify cannot be combined with --dry-run");
	status = parse_register(ctx, argv[0], &job);
	if (status)
		return status;

	values = calloc(job.count, sizeof(*values));
	if (!values)
		return fail(ctx, STATUS_FAILED, "out of memory");

	status = write_all(ctx, &job, values, argv + 1);
	free(values);
	return status;
}

#define NOTES \
	"A register is an offset or a name as setpci(8) has it (COMMAND, CAP_EXP+0x10), and may\n" \
	"have a width after it (.B, .W, .L); 'pcibar help registers' lists the names.\n" \
	"CAP_VNDR@1+4.w is in the second of several capabilities of a kind.\n" \
	"Numbers above 9 need 0x: setpci would take 10 for hexadecimal.\n" \
	"Configuration space wakes a suspended device.\n"

static const char *set_width(void *value, const char *arg)
{
	unsigned int *width = value;

	return parse_width(arg, width) || *width > 4 ?
		"not a width of configuration space: use 1, 2 or 4" : NULL;
}

#define WIDTH	OPTION_VALUE(struct config_options, width, "width", 'w', "1|2|4", \
			     "bytes of every access (default: the register's, else 4)", set_width)

static const struct option_def own_read[] = {
	WIDTH, OPT_COUNT(struct config_options), OPTION_END
};

static const struct option_def own_write[] = {
	WIDTH, OPT_VERIFY(struct config_options), OPT_DRY_RUN(struct config_options), OPTION_END
};

static const struct config_options defaults = { .count = 1 };

const struct cmd cmd_config_read = {
	.name = "config read",
	.summary = "read configuration space",
	.operands = "<offset|register>",
	.notes = NOTES,
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE, options_json),
	CMD_OWN(own_read, defaults),
	.min = 1,
	.max = 1,
	.run = run_read,
};

const struct cmd cmd_config_write = {
	.name = "config write",
	.summary = "write configuration space",
	.operands = "<offset|register> <value[:mask]>...",
	.notes = NOTES
		 "-v shows what the register reads after the write, --verify compares that.\n",
	.flags = CMD_SELECTOR | CMD_SCRIPT,
	CMD_COMMON(CMD_DEVICE),
	CMD_OWN(own_write, defaults),
	.min = 2,
	.max = INT32_MAX,
	.run = run_write,
};
