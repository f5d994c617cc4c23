// SPDX-License-Identifier: BSD-2-Clause
/* What is particular to FreeBSD; see system.h. */
#include "system.h"

#define SECURELEVEL_REMEDY	"see 'sysctl kern.securelevel': it does not fall until the next " \
				"boot, for which /etc/rc.conf sets it"

const struct pcibar_system pcibar_system_freebsd = {
	/* Its PCIOCBARMMAP accepts the flag for it, and does nothing. */
	.activates = false,
	.text = {
		[PCIBAR_REASON_NO_BAR] = { .remedy = "'pcibar info' shows its BARs" },
		[PCIBAR_REASON_UNASSIGNED] = {
			.remedy = "turn on \"above 4G decoding\" in the firmware; 'devctl rescan' "
				  "of its bus or 'devctl reset {selector}' may help, too",
		},
		[PCIBAR_REASON_UNSUPPORTED] = {
			"the kernel does not support the request",
			"run a newer one, or a library that was built for this one",
		},
		[PCIBAR_REASON_DRIVER] = {
			.remedy = "detach it (devctl detach {selector}), or share with it (pcibar "
				  "--share-driver)",
		},
		/* Of a map: neither a driver nor another user prevents one. */
		[PCIBAR_REASON_CLAIMED] = {
			"the BAR does not decode, or is the expansion ROM, which FreeBSD does not "
			"map",
			"turn decoding on (pcibar enable)",
		},
		[PCIBAR_REASON_PERMISSION] = {
			.remedy = "run it as root, at a securelevel of 0 or less (sysctl "
				  "kern.securelevel)",
		},
		[PCIBAR_REASON_LOCKDOWN] = {
			"the securelevel forbids access to BARs from user space",
			SECURELEVEL_REMEDY,
		},
		[PCIBAR_REASON_DENIED] = {
			"the securelevel is above 0, which forbids opening /dev/pci for writing",
			SECURELEVEL_REMEDY,
		},
		[PCIBAR_REASON_MOVED] = {
			.remedy = "this may have the kernel write it again: devctl reset "
				  "{selector}",
		},
		[PCIBAR_REASON_NO_RESPONSE] = {
			.remedy = "check its power and its link; 'devctl rescan' of its bus or "
				  "'devctl reset {selector}' may find it again",
		},
	},
	.become_root = "run it as root",
	.leave_container = "run it outside of the jail",
};
