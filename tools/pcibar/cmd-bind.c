// SPDX-License-Identifier: BSD-2-Clause
/* pcibar bind and unbind: another driver for a function, and back */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcibar/driver.h>

#include "common/error.h"
#include "common/session.h"

#include "cmd.h"
#include "verb-options.h"

#define NS_PER_MS	UINT64_C(1000000)
#define NO_DRIVER	"none"

struct bind_options {
	bool group;
	uint64_t timeout_ns;
};

/*
 * The kernel's own default path: the PATH of su and of cron jobs has no sbin. modprobe
 * reports why it fails.
 */
static bool load_module(const char *driver)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execl("/sbin/modprobe", "modprobe", "--", driver, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool is_not_loaded(const struct context *ctx, const struct pcibar_refusal *why)
{
	return why->count && why->reasons[0].code == PCIBAR_REASON_NO_DRIVER && !ctx->opt.sysfs;
}

static int bind(struct context *ctx, const char *driver)
{
	const struct bind_options *own = ctx->own;
	uint64_t ms = (own->timeout_ns + NS_PER_MS - 1) / NS_PER_MS;
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	struct pcibar_bind_opts opts = {
		.size = sizeof(opts),
		.flags = own->group ? PCIBAR_BIND_GROUP : 0,
		.timeout_ms = (uint32_t)ms,
		.driver = driver,
		.why = &why,
	};
	int ret, status;

	if (ms > UINT32_MAX)
		return usage_error(ctx, "--timeout: at most %u ms", UINT32_MAX);
	status = session_open(ctx, true);
	if (status)
		return status;

	ret = pcibar_device_bind(ctx->session->dev, &opts);
	if (ret && driver && is_not_loaded(ctx, &why) && load_module(driver))
		ret = pcibar_device_bind(ctx->session->dev, &opts);
	if (ret == -EINVAL && driver)
		return usage_error(ctx, "'%s' is not a valid name of a driver", driver);

	return ret ? refused(ctx, PHASE_CONFIG, NO_BAR, ret, &why) : STATUS_OK;
}

static int run_bind(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	if (!*argv[0])
		return usage_error(ctx, "'' is not a valid name of a driver");
	return bind(ctx, strcmp(argv[0], NO_DRIVER) ? argv[0] : "");
}

static int run_unbind(struct context *ctx, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return bind(ctx, NULL);
}

static const struct option_def own[] = {
	OPTION_FLAG(struct bind_options, group, "group", 0,
		    "all functions of the IOMMU group, except bridges"),
	OPTION_VALUE(struct bind_options, timeout_ns, "timeout", 0, "TIME",
		     "how long to wait for each function (default 10s)", option_set_duration),
	OPTION_END
};

static const struct bind_options defaults;

const struct cmd cmd_bind = {
	.name = "bind",
	.summary = "bind another driver: vfio-pci, pciio, a kernel driver, none",
	.operands = "<driver>",
	.notes = "The present driver is unbound, and a disk or network interface that it provides "
		 "is lost,\nwhether or not it is in use. The driver is loaded (modprobe) if "
		 "necessary. If one\nfunction cannot be bound, all get back what they had. "
		 "'pcibar unbind' restores what\nwas bound before. none: no driver.\n",
	.flags = CMD_SELECTOR,
	CMD_COMMON(CMD_DEVICE),
	CMD_OWN(own, defaults),
	.min = 1,
	.max = 1,
	.run = run_bind,
};

const struct cmd cmd_unbind = {
	.name = "unbind",
	.summary = "bind again what was there before 'bind'",
	.operands = "",
	.notes = "When that is not known, the kernel chooses a driver by the IDs.\n",
	.flags = CMD_SELECTOR,
	CMD_COMMON(CMD_DEVICE),
	CMD_OWN(own, defaults),
	.run = run_unbind,
};
