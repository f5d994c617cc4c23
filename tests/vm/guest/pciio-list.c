// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-list [-p ENTRIES] [-w] [KEY=VALUE]... [or [KEY=VALUE]...]...: what
 * PCIOCGETCONF reports in its long layout, a line for each function, then the
 * status of the last call. The words are patterns; KEY is domain, bus, dev,
 * func, name, unit, vendor, device or class. -p: that many entries in a call;
 * -w: says "waiting" after the first call and continues when it reads a line.
 */
#define __FreeBSD_version 1500064
#include "pciio-check.h"

#define PATTERNS	8

_Static_assert(sizeof(struct pci_conf) == (sizeof(long) == 8 ? 128 : 116), "long layout");
_Static_assert(sizeof(struct pci_match_conf) == (sizeof(long) == 8 ? 56 : 44), "pattern");
_Static_assert(sizeof(struct pci_conf_io) == (sizeof(long) == 8 ? 48 : 36), "request");

static const char *const statuses[] = { "last", "changed", "more", "error" };

static void say_conf(const struct pci_conf *conf)
{
	CHECK(conf->pc_reported_len == offsetof(struct pci_conf, pc_spare));
	for (size_t i = 0; i < sizeof(conf->pc_spare); i++)
		CHECK(!conf->pc_spare[i]);
	printf("%04x:%02x:%02x.%x %02x %04x:%04x %04x:%04x %02x%02x%02x %02x %s %lu %d %u %u\n",
	       conf->pc_sel.pc_domain, conf->pc_sel.pc_bus, conf->pc_sel.pc_dev,
	       conf->pc_sel.pc_func, conf->pc_hdr, conf->pc_vendor, conf->pc_device,
	       conf->pc_subvendor, conf->pc_subdevice, conf->pc_class, conf->pc_subclass,
	       conf->pc_progif, conf->pc_revid, *conf->pd_name ? conf->pd_name : "-",
	       (unsigned long)conf->pd_unit, conf->pd_numa_domain, conf->pc_secbus,
	       conf->pc_subbus);
}

#define MEMBER(key, flag, member) { key, flag, offsetof(struct pci_match_conf, member), \
				    sizeof(((struct pci_match_conf *)NULL)->member) }

/* The host is little-endian: a number's low bytes come first, however long the member. */
static const struct {
	const char *key;
	int flag;
	size_t offset, size;
} members[] = {
	MEMBER("domain=", PCI_GETCONF_MATCH_DOMAIN, pc_sel.pc_domain),
	MEMBER("bus=", PCI_GETCONF_MATCH_BUS, pc_sel.pc_bus),
	MEMBER("dev=", PCI_GETCONF_MATCH_DEV, pc_sel.pc_dev),
	MEMBER("func=", PCI_GETCONF_MATCH_FUNC, pc_sel.pc_func),
	MEMBER("unit=", PCI_GETCONF_MATCH_UNIT, pd_unit),
	MEMBER("vendor=", PCI_GETCONF_MATCH_VENDOR, pc_vendor),
	MEMBER("device=", PCI_GETCONF_MATCH_DEVICE, pc_device),
	MEMBER("class=", PCI_GETCONF_MATCH_CLASS, pc_class),
	MEMBER("name=", PCI_GETCONF_MATCH_NAME, pd_name),
};

static bool add(struct pci_match_conf *pattern, const char *word)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		const char *text = word + strlen(members[i].key);
		unsigned long val;

		if (strncmp(word, members[i].key, strlen(members[i].key)))
			continue;
		pattern->flags |= members[i].flag;
		if (members[i].flag == PCI_GETCONF_MATCH_NAME) {
			strncpy(pattern->pd_name, text, sizeof(pattern->pd_name) - 1);
		} else {
			val = strtoul(text, NULL, 0);
			memcpy((char *)pattern + members[i].offset, &val, members[i].size);
		}
		return true;
	}
	return false;
}

static unsigned int parse(char **words, struct pci_match_conf *patterns)
{
	unsigned int count = *words ? 1 : 0;

	for (; *words; words++) {
		if (!strcmp(*words, "or")) {
			count++;
		} else if (count > PATTERNS || !add(&patterns[count - 1], *words)) {
			printf("%s is no part of a pattern\n", *words);
			exit(2);
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	struct pci_match_conf patterns[PATTERNS] = { 0 };
	struct pci_conf confs[64];
	struct pci_conf_io io = { .matches = confs, .match_buf_len = sizeof(confs) };
	int pci = node(O_RDONLY), option;
	bool wait = false;
	char line[16];

	while ((option = getopt(argc, argv, "p:w")) != -1) {
		if (option == 'p')
			io.match_buf_len = (u_int32_t)(atoi(optarg) * sizeof(*confs));
		wait |= option == 'w';
	}

	io.num_patterns = parse(argv + optind, patterns);
	io.pat_buf_len = io.num_patterns * sizeof(*patterns);
	io.patterns = io.num_patterns ? patterns : NULL;
	do {
		MUST(ioctl(pci, PCIOCGETCONF, &io));
		for (unsigned int i = 0; i < io.num_matches; i++)
			say_conf(&confs[i]);
		if (wait && puts("waiting") && !fflush(stdout) && !fgets(line, sizeof(line), stdin))
			return 1;
		wait = false;
	} while (io.status == PCI_GETCONF_MORE_DEVS);
	puts(statuses[io.status]);
	return verdict();
}
