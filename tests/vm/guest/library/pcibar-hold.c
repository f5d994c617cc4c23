// SPDX-License-Identifier: BSD-2-Clause
/*
 * pcibar-hold FUNCTION BAR [write] [activate] [exclusive] [share-driver]: maps a
 * BAR through the library, with the guard installed, and executes commands from
 * its standard input, a line each, with a line of output for each:
 *
 *	read OFFSET		the word by a checked call, or the error
 *	raw OFFSET		the word by the address
 *	write OFFSET VALUE	"ok" or the error, by a checked call
 *	event			"revoked", "gone" or "none"
 *	wait			the same, once there is one
 *	state			"live" or "lost", and " gone" when that is known
 *	map			releases the map and makes it again: "ok" or the error
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/pcibar.h>

#define WAIT_MS	20000

static const struct { const char *word; uint32_t flag; } words[] = {
	{ "write", PCIBAR_MAP_WRITE },
	{ "activate", PCIBAR_MAP_ACTIVATE },
	{ "exclusive", PCIBAR_MAP_EXCLUSIVE },
	{ "share-driver", PCIBAR_MAP_SHARE_DRIVER },
};

static struct pcibar_device *dev;
static struct pcibar_map *map;
static unsigned int bar;
static struct pcibar_map_opts opts = { .size = sizeof(opts) };

static void say(int ret, const char *word)
{
	puts(ret ? strerror(-ret) : word);
}

static int make_map(void)
{
	int ret;

	pcibar_map_release(map);
	map = NULL;
	ret = pcibar_bar_map(dev, bar, &opts, &map);
	return ret;
}

static void say_event(int timeout)
{
	struct pollfd poller = { .fd = pcibar_device_get_event_fd(dev), .events = POLLIN };
	struct pcibar_event event = { .size = sizeof(event) };
	int ret;

	poll(&poller, 1, timeout);
	ret = pcibar_device_read_event(dev, &event);
	if (ret == -EAGAIN)
		puts(poller.revents ? "none, and yet readable" : "none");
	else
		say(ret, event.type == PCIBAR_EVENT_GONE ? "gone" : "revoked");
}

static void obey(const char *line)
{
	unsigned long long off, val;
	char text[32];
	uint64_t got = 0;

	if (sscanf(line, "read %lli", (long long *)&off) == 1) {
		int ret = pcibar_map_read(map, off, 4, &got);

		snprintf(text, sizeof(text), "0x%08llx", (unsigned long long)got);
		say(ret, text);
	} else if (sscanf(line, "raw %lli", (long long *)&off) == 1) {
		const volatile char *regs = pcibar_map_addr(map);

		printf("0x%08x\n", pcibar_read32(regs + off));
	} else if (sscanf(line, "write %lli %lli", (long long *)&off, (long long *)&val) == 2) {
		say(pcibar_map_write(map, off, 4, val), "ok");
	} else if (!strcmp(line, "event\n")) {
		say_event(0);
	} else if (!strcmp(line, "wait\n")) {
		say_event(WAIT_MS);
	} else if (!strcmp(line, "state\n")) {
		printf("%s%s\n", pcibar_map_is_lost(map) ? "lost" : "live",
		       pcibar_device_is_gone(dev) ? " gone" : "");
	} else if (!strcmp(line, "map\n")) {
		say(make_map(), "ok");
	} else {
		puts("what?");
	}
}

int main(int argc, char **argv)
{
	struct pcibar_open_opts open_opts = {
		.size = sizeof(open_opts), .flags = PCIBAR_OPEN_WRITE,
		.backend = PCIBAR_BACKEND_PCIIO,
	};
	char line[128];
	int ret;

	if (argc < 3)
		return 2;

	bar = (unsigned int)atoi(argv[2]);
	for (int i = 3; i < argc; i++)
		for (size_t j = 0; j < sizeof(words) / sizeof(*words); j++)
			if (!strcmp(argv[i], words[j].word))
				opts.flags |= words[j].flag;
	ret = pcibar_guard_install();
	if (!ret)
		ret = pcibar_device_open(argv[1], &open_opts, &dev);
	if (!ret)
		ret = make_map();

	/* From here on, so that "wait" finds what happened before it was asked. */
	if (!ret && pcibar_device_get_event_fd(dev) < 0)
		ret = pcibar_device_get_event_fd(dev);
	say(ret, "ready");
	fflush(stdout);
	while (!ret && fgets(line, sizeof(line), stdin)) {
		obey(line);
		fflush(stdout);
	}
	pcibar_map_release(map);
	pcibar_device_close(dev);
	return ret ? 1 : 0;
}
