// SPDX-License-Identifier: BSD-2-Clause
/*
 * without-caps NUMBER... -- COMMAND...: runs a command as root that lacks these
 * capabilities. "all": that has none.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void drop(unsigned long cap)
{
	if (prctl(PR_CAPBSET_DROP, cap)) {
		perror("PR_CAPBSET_DROP");
		exit(125);
	}
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "all") != 0) {
			drop(strtoul(argv[i], NULL, 10));
			continue;
		}
		for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
			drop(cap);
	}
	if (i + 1 >= argc) {
		fputs("usage: without-caps NUMBER... -- COMMAND...\n", stderr);
		return 125;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 125;
}
