// SPDX-License-Identifier: BSD-2-Clause
/* What is particular to Linux; see system.h. */
#include "system.h"

#define REMOVE_AND_RESCAN	"echo 1 >{sysfs}/remove; echo 1 >{root}/bus/pci/rescan"

const struct pcibar_system pcibar_system_linux = {
	.activates = true,
	.text = {
		[PCIBAR_REASON_NO_BAR] = {
			.remedy = "'pcibar info' shows its BARs; one for which there was no room "
				  "is in the kernel log (dmesg | grep \"can't assign\")",
		},
		[PCIBAR_REASON_UNASSIGNED] = {
			.remedy = "turn on \"above 4G decoding\" in the firmware, boot with "
				  "pci=realloc, or remove the port above and rescan the bus: each "
				  "may help; see \"can't assign\" in the kernel log",
		},
		[PCIBAR_REASON_UNSUPPORTED] = {
			"the loaded module does not support the request",
			"unload the module and load the one that came with this library",
		},
		[PCIBAR_REASON_DRIVER] = {
			.remedy = "unbind it (pcibar bind {address} none), or share with it "
				  "(pcibar --share-driver)",
		},
		[PCIBAR_REASON_CLAIMED] = {
			"another user holds the BAR exclusively or with another attribute, or the "
			"kernel keeps it for itself",
			"see /proc/iomem and the module's debugfs file pciio/maps for who holds it",
		},
		[PCIBAR_REASON_PERMISSION] = { .remedy = "run it as root" },
		[PCIBAR_REASON_LOCKDOWN] = {
			"kernel lockdown forbids access to BARs from user space",
			"boot without lockdown (Secure Boot turns it on)",
		},
		[PCIBAR_REASON_DENIED] = {
			.what = "CAP_SYS_RAWIO is missing, or a container or a security module "
				"denies access to /dev/pci",
		},
		[PCIBAR_REASON_MOVED] = {
			.remedy = "have the kernel assign it again: " REMOVE_AND_RESCAN,
		},
		[PCIBAR_REASON_NO_RESPONSE] = {
			.remedy = "check its power and its link; this may find it again: "
				  REMOVE_AND_RESCAN,
		},
	},
	.become_root = "run it as root, with CAP_SYS_RAWIO",
	.leave_container = "run it as root of the machine, with CAP_SYS_RAWIO",
	/* There the module's parameters decide. */
	.keeps_bar = {
		"a driver or another user holds the BAR, and the freebsd back end cannot ask to "
		"share it",
		"set the module's parameter share_driver, or use another back end",
	},
	.keeps_page = {
		"the pages of the BAR hold other resources, and the freebsd back end cannot ask to "
		"share them",
		"set the module's parameter share_page, or use another back end",
	},
};
