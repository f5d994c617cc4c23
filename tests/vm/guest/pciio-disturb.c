// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-disturb SECONDS SEED [noreset:]FUNCTION[=DRIVER,...]...: takes functions
 * away from those who use them, in every way. Those without a driver also lose
 * decoding.
 */
#define _GNU_SOURCE
#include "pciio-random.h"

#define COMMAND		4
#define DECODING	2

enum kind { REMOVE, RESCAN, BIND, UNBIND, RESET, ENABLE, DECODE, KINDS };

static const char *const names[KINDS] = {
	"remove", "rescan", "bind", "unbind", "reset", "enable", "decoding off or on",
};

struct victim {
	const char *address;
	struct pcisel sel;
	char *drivers[4];
	unsigned int count;
	bool resets;
};

static struct victim victims[8];
static unsigned int count;

static long put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long ret = fd < 0 ? -1 : write(fd, text, strlen(text));
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return ret < 0 ? -1 : 0;
}

static long put_attribute(const struct victim *victim, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", victim->address, name);
	return put(path, text);
}

static void bind_one(const struct victim *victim)
{
	if (!victim->count)
		return;
	put_attribute(victim, "driver_override", victim->drivers[below(victim->count)]);
	counted(BIND, put("/sys/bus/pci/drivers_probe", victim->address));
}

static void set_decoding(const struct victim *victim)
{
	struct pci_io io = { .pi_sel = victim->sel, .pi_reg = COMMAND, .pi_width = 2 };
	unsigned int on = below(2) * DECODING;

	/* Under a driver it would find that out, and complain. */
	if (victim->count || ioctl(rw, PCIOCREAD, &io))
		return;
	io.pi_data = (io.pi_data & ~(u_int32_t)DECODING) | on;
	counted(DECODE, ioctl(rw, PCIOCWRITE, &io));
}

static void step(void)
{
	const struct victim *victim = &victims[below(count)];

	switch (below(KINDS)) {
	case REMOVE:
		/* Rarely, or little else would come about. */
		if (one_in(4))
			counted(REMOVE, put_attribute(victim, "remove", "1"));
		break;
	case RESCAN:
		counted(RESCAN, put("/sys/bus/pci/rescan", "1"));
		break;
	case BIND:
		bind_one(victim);
		break;
	case UNBIND:
		counted(UNBIND, put_attribute(victim, "driver/unbind", victim->address));
		break;
	case RESET:
		/* Some last a second, in which no other process gets the function. */
		if (victim->resets && one_in(4))
			counted(RESET, put_attribute(victim, "reset", "1"));
		break;
	case ENABLE:
		counted(ENABLE, put_attribute(victim, "enable", one_in(3) ? "0" : "1"));
		break;
	default:
		set_decoding(victim);
	}
}

static void learn(char *text)
{
	struct victim *victim = &victims[count++];
	char *driver;

	victim->resets = strncmp(text, "noreset:", 8);
	victim->address = strtok(text + (victim->resets ? 0 : 8), "=,");
	victim->sel = function(victim->address);
	while ((driver = strtok(NULL, "=,")) && victim->count < ARRAY_SIZE(victim->drivers))
		victim->drivers[victim->count++] = driver;
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 4 || argc > 3 + (int)ARRAY_SIZE(victims))
		return 2;

	end = now() + atoi(argv[1]);
	reseed(strtoull(argv[2], NULL, 0), 0);
	tally_init(KINDS);
	rw = node(O_RDWR);
	for (i = 3; i < argc; i++)
		learn(argv[i]);
	while (time_left())
		step();
	tally_print(names, KINDS);
	return 0;
}
