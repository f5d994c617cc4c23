// SPDX-License-Identifier: BSD-2-Clause
/* pciconf -a, -r and -w */
#include <inttypes.h>

#include "common/config-space.h"
#include "common/error.h"
#include "common/output.h"
#include "common/session.h"
#include "common/text.h"

#include "pciconf.h"

int pciconf_attached(struct pciconf *pc, int argc, char **argv)
{
	struct pcibar_device_info info = { .size = sizeof(info) };
	int status;
	int ret;

	(void)argc;
	status = device_open(&pc->ctx, argv[0], false);
	if (status)
		return status;

	ret = pcibar_device_get_info(pc->ctx.session->dev, &info);
	if (ret)
		return refused(&pc->ctx, PHASE_MAP, NO_BAR, ret, NULL);

	text_print(stdout, "%s: %sattached", argv[0], *info.driver ? "" : "not ");
	putchar('\n');
	return *info.driver ? STATUS_OK : STATUS_NO;
}

static int read_units(struct pciconf *pc, uint64_t start, uint64_t count)
{
	char digits[2 * sizeof(uint32_t) + 1];
	uint64_t done;
	uint64_t val;
	int ret = 0;

	for (done = 0; done < count; done++) {
		ret = config_get(pc->ctx.session->dev, (unsigned int)(start + done * pc->width),
				 pc->width, &val);
		if (ret)
			break;
		snprintf(digits, sizeof(digits), "%0*" PRIx64, 2 * (int)pc->width, val);
		put_unit(done, pc->width, digits);
	}
	put_units_end(done, pc->width);
	return ret ? refused(&pc->ctx, PHASE_CONFIG, NO_BAR, ret, NULL) :
		     output_check(&pc->ctx, stdout);
}

int pciconf_read(struct pciconf *pc, int argc, char **argv)
{
	uint64_t start, count;
	int status;

	(void)argc;
	status = operand_span(&pc->ctx, argv[1], pc->width, UINT32_MAX, &start, &count);
	if (!status)
		status = device_open(&pc->ctx, argv[0], false);
	return status ? status : read_units(pc, start, count);
}

int pciconf_write(struct pciconf *pc, int argc, char **argv)
{
	uint64_t off, val;
	int status;
	int ret;

	(void)argc;
	status = operand_number(&pc->ctx, "offset", argv[1], UINT32_MAX, &off);
	if (status)
		return status;

	status = operand_aligned(&pc->ctx, off, pc->width);
	if (status)
		return status;

	status = operand_number(&pc->ctx, "value", argv[2],
				UINT64_MAX >> (64 - 8 * pc->width), &val);
	if (status)
		return status;

	status = device_open(&pc->ctx, argv[0], true);
	if (status)
		return status;

	ret = config_put(pc->ctx.session->dev, (unsigned int)off, pc->width, val);
	return ret ? refused(&pc->ctx, PHASE_CONFIG, NO_BAR, ret, NULL) : STATUS_OK;
}
