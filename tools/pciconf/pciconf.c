// SPDX-License-Identifier: BSD-2-Clause
/* FreeBSD's pciconf(8): the same command line, the same output */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>

#include <pcibar/explain.h>
#include <pcibar/version.h>

#include "common/error.h"
#include "common/options.h"
#include "common/output.h"
#include "common/session.h"
#include "common/text.h"

#include "pciconf.h"

static const char *const bar_registers[PCIBAR_BAR_COUNT] = {
	"0x10", "0x14", "0x18", "0x1c", "0x20", "0x24", "of the ROM",
};

static const struct sentence sentences[] = {
	{ PHASE_MAP, -ENODEV, STATUS_LOST,
	  "the device is gone; 'pciconf -l' shows what is there" },
	{ PHASE_ACCESS, -ENODEV, STATUS_LOST,
	  "the device was lost: removed, reset, switched off or taken by a driver" },
	{ PHASE_ACCESS, -EOPNOTSUPP, STATUS_USAGE,
	  "this BAR does not support this width; choose another with -b, -h or -x" },
	{ PHASE_CONFIG, -ENODEV, STATUS_LOST,
	  "the device is gone; 'pciconf -l' shows what is there" },
	{ PHASE_VPD, -ENODEV, STATUS_LOST,
	  "the device is gone; 'pciconf -l' shows what is there" },
	{ PHASE_VPD, -ETIMEDOUT, STATUS_FAILED,
	  "the device did not respond within the time that vital product data may take; it may "
	  "after a reset" },
	{ PHASE_VPD, -EIO, STATUS_FAILED,
	  "vital product data cannot be read; the kernel log may have the reason" },
	{ PHASE_VPD, -EACCES, STATUS_FAILED,
	  "no permission to read vital product data; run it as root" },
	{ PHASE_VPD, -EPERM, STATUS_FAILED,
	  "no permission to read vital product data; run it as root" },
	{ 0 }
};

static const struct remedy remedies[] = {
	{ PCIBAR_REASON_SELECTOR,
	  "name it as 'pciconf -l' prints it, such as pci0:0:4:0, or by its driver and unit" },
	{ PCIBAR_REASON_NO_DEVICE, "'pciconf -l' shows all" },
	{ 0 }
};

static const struct program program = {
	.name = "pciconf",
	.help = "pciconf --help",
	.bars = bar_registers,
	.sentences = sentences,
	.remedies = remedies,
};

/* What is done, and what it takes */
static const struct mode {
	char letter;
	const char *letters;		/* options */
	const char *usage;
	int min;			/* operands */
	int max;
	int (*run)(struct pciconf *pc, int argc, char **argv);
} modes[] = {
	{ 'l', "BbcCevV", "-l [-BbcevV] [-C class] [device]", 0, 1, pciconf_list },
	{ 't', "v", "-t [-v]", 0, 0, pciconf_tree },
	{ 'a', "", "-a device", 1, 1, pciconf_attached },
	{ 'r', "bh", "-r [-b | -h] device addr[:addr2]", 2, 2, pciconf_read },
	{ 'w', "bh", "-w [-b | -h] device addr value", 3, 3, pciconf_write },
	{ 'D', "bhxmv", "-D [-b | -h | -x] [-m uc | wc] [-v] device bar [start [count]]", 2, 4,
	  pciconf_dump_bar },
	{ 'R', "bhx", "-R [-b | -h | -x] device bar start[:end]", 3, 3, pciconf_read_bar },
	{ 'W', "bhx", "-W [-b | -h | -x] device bar offset value", 4, 4, pciconf_write_bar },
};

#define N_MODES	(sizeof(modes) / sizeof(modes[0]))

/* The first two are in the order of options_access. */
enum { LONG_BACKEND = 256, LONG_SYSFS, LONG_HELP, LONG_VERSION };

static const struct option longs[] = {
	{ "backend", required_argument, NULL, LONG_BACKEND },
	{ "sysfs", required_argument, NULL, LONG_SYSFS },
	{ "help", no_argument, NULL, LONG_HELP },
	{ "version", no_argument, NULL, LONG_VERSION },
	{ 0 }
};

/* Without letters: -h is a width, and -V prints vital product data. */
static const struct option_def programs_own[] = {
	OPTION_HELP(0), OPTION_VERSION(0), OPTION_END
};

static void print_help(void)
{
	for (size_t i = 0; i < N_MODES; i++)
		printf("%s pciconf %s\n", i ? "      " : "usage:", modes[i].usage);
	fputs("\n", stdout);
	options_print_help(stdout, options_access);
	options_print_help(stdout, programs_own);
}

static const struct mode *find_mode(int letter)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (modes[i].letter == letter)
			return &modes[i];
	return NULL;
}

static int set_mode(struct pciconf *pc, const struct mode *wanted, const struct mode **mode)
{
	if (*mode && *mode != wanted)
		return usage_error(&pc->ctx, "-%c and -%c do not go together", (*mode)->letter,
				   wanted->letter);
	pc->compact = *mode == wanted;
	*mode = wanted;
	return STATUS_OK;
}

static int set_attribute(struct pciconf *pc, const char *arg)
{
	pc->wc = !strcmp(arg, "wc");
	if (!pc->wc && strcmp(arg, "uc") != 0)
		return usage_error(&pc->ctx, "-m '%s': use uc or wc", arg);
	return STATUS_OK;
}

static int set_common(struct pciconf *pc, const struct option_def *def, const char *arg)
{
	const char *wrong = option_set(def, &pc->ctx.opt, arg);

	return wrong ? usage_error(&pc->ctx, "--%s '%s': %s", def->name, arg, wrong) :
		       STATUS_OK;
}

/* One option that is no mode; -b is a width, too. */
static int set_option(struct pciconf *pc, int letter, const char *arg)
{
	switch (letter) {
	case 'b':
		pc->bars = true;
		pc->width = 1;
		break;
	case 'h':
		pc->width = 2;
		break;
	case 'x':
		pc->width = 8;
		break;
	case 'B':
		pc->bridge = true;
		break;
	case 'c':
		pc->caps++;
		break;
	case 'C':
		pc->class_name = arg;
		break;
	case 'e':
		pc->errors = true;
		break;
	case 'v':
		pc->verbose = true;
		break;
	case 'V':
		pc->vpd = true;
		break;
	case 'm':
		return set_attribute(pc, arg);
	case LONG_BACKEND:
	case LONG_SYSFS:
		return set_common(pc, &options_access[letter - LONG_BACKEND], arg);
	case LONG_HELP:
		pc->ctx.opt.help = true;
		break;
	case LONG_VERSION:
		pc->ctx.opt.version = true;
		break;
	}

	return STATUS_OK;
}

static int bad_option(const struct pciconf *pc, int letter, char **argv)
{
	if (letter == ':')
		return usage_error(&pc->ctx, "%s needs an argument", argv[optind - 1]);
	if (optopt > 0 && optopt < LONG_BACKEND)
		return usage_error(&pc->ctx, "unknown option '-%c'", optopt);
	return usage_error(&pc->ctx, "unknown option '%s'", argv[optind - 1]);
}

/* Options end at the first operand, as on FreeBSD. @given collects the letters. */
static int parse_options(struct pciconf *pc, int argc, char **argv, const struct mode **mode,
			 char given[])
{
	int status = STATUS_OK;
	size_t count = 0;
	int letter;

	opterr = 0;
	while (!status) {
		letter = getopt_long(argc, argv, "+:aBbcC:DehlRrm:tVvWwx", longs, NULL);
		if (letter == -1)
			break;
		if (letter == '?' || letter == ':')
			return bad_option(pc, letter, argv);
		if (find_mode(letter)) {
			status = set_mode(pc, find_mode(letter), mode);
			continue;
		}
		status = set_option(pc, letter, optarg);
		if (letter < LONG_BACKEND && !memchr(given, letter, count))
			given[count++] = (char)letter;
	}

	given[count] = '\0';
	return status;
}

static int check_use(const struct pciconf *pc, const struct mode *mode, const char *given,
		     int operands)
{
	const char *useless = given + strspn(given, mode->letters);

	if (*useless)
		return usage_error(&pc->ctx, "-%c does not apply to -%c", *useless, mode->letter);
	if (operands < mode->min || operands > mode->max)
		return usage_error(&pc->ctx, "%s: it takes pciconf %s", operands < mode->min ?
				   "operands are missing" : "too many operands", mode->usage);
	return STATUS_OK;
}

static int run(struct pciconf *pc, int argc, char **argv)
{
	char given[32] = "";	/* more than there are letters */
	const struct mode *mode = NULL;
	int status;

	status = parse_options(pc, argc, argv, &mode, given);
	if (status)
		return status;
	if (pc->ctx.opt.version) {
		printf("pciconf %s\n", pcibar_version());
		return STATUS_OK;
	}
	if (pc->ctx.opt.help) {
		print_help();
		return STATUS_OK;
	}
	if (!mode)
		return usage_error(&pc->ctx, "say what to do: -l, -t, -a, -r, -w, -D, -R or -W");

	status = check_use(pc, mode, given, argc - optind);
	return status ? status : mode->run(pc, argc - optind, argv + optind);
}

/* As on FreeBSD: 1 for all that failed, 2 for -a when no driver is attached */
static int exit_status(int status)
{
	return status == STATUS_OK ? 0 : status == STATUS_NO ? 2 : 1;
}

/*
 * FreeBSD does not ask whether a driver has the device, names most devices by
 * their drivers, and maps whole pages: so the driver and the page are shared.
 */
int main(int argc, char **argv)
{
	struct session session = { .label = "" };
	struct pciconf pc = {
		.ctx = { .program = &program, .session = &session, .where = "" },
		.width = 4,
	};
	int status;

	if (output_init())
		return 1;

	text_init();
	/* A closed pipe is an error of write(2) then; output.c ends the command for it. */
	signal(SIGPIPE, SIG_IGN);
	pc.ctx.opt.share_driver = true;
	pc.ctx.opt.share_page = true;
	status = run(&pc, argc, argv);
	session_close(&session);
	return exit_status(output_close(&pc.ctx, stdout, status));
}
