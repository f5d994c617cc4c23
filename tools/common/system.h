/* SPDX-License-Identifier: BSD-2-Clause */
/* Words of messages for what differs between the systems that the commands run on. */
#ifndef TOOLS_COMMON_SYSTEM_H
#define TOOLS_COMMON_SYSTEM_H

#ifdef __linux__

/* Where the list of functions comes from */
# define SYSTEM_LIST		"/sys"

/* Remedies against a driver, without and with what else there is */
# define SYSTEM_TAKE_OFF	"unbind the driver ('pcibar bind SELECTOR none')"
# define SYSTEM_SHARE_BAR	", or set the module's parameter share_driver"

/* Errors of BARs and of configuration space */
# define SYSTEM_BAR_EPERM	"kernel lockdown forbids access to BARs from user space; boot " \
				"without lockdown"
# define SYSTEM_CONFIG_EPERM	"the kernel is locked down, which forbids writing configuration " \
				"space; boot without lockdown"
# define SYSTEM_CONFIG_EACCES	"no permission for this part of configuration space; run it as " \
				"root, with CAP_SYS_ADMIN"
# define SYSTEM_CONFIG_EIO	"the system refused the access, or it had no effect; in a " \
				"container, the file config may be hidden"

#else /* FreeBSD */

# define SYSTEM_LIST		"/dev/pci"

# define SYSTEM_TAKE_OFF	"detach the driver ('devctl detach pciD:B:S:F')"
# define SYSTEM_SHARE_BAR	""

# define SYSTEM_BAR_EPERM	"the securelevel forbids access to BARs from user space; see " \
				"'sysctl kern.securelevel'"
# define SYSTEM_CONFIG_EPERM	"the securelevel forbids access to configuration space; see " \
				"'sysctl kern.securelevel'"
/* Reading it, too, takes a descriptor that is open for writing. */
# define SYSTEM_CONFIG_EACCES	"no permission to open /dev/pci for writing, which access to " \
				"configuration space needs; run it as root, at a securelevel of " \
				"0 or less (sysctl kern.securelevel)"
# define SYSTEM_CONFIG_EIO	"the system refused the access, or it had no effect"

#endif
#endif
