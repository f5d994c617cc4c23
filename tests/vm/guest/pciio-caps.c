// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-caps EDU: root without CAP_SYS_RAWIO, and root of a user namespace, look
 * but do not touch; a descriptor from better times stays what it was. Decoding
 * of EDU is on.
 */
#define _GNU_SOURCE
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pciio-check.h"

static struct pcisel edu;

static void drop_rawio(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	MUST(syscall(SYS_capget, &head, data));
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1u << CAP_SYS_RAWIO);
	MUST(syscall(SYS_capset, &head, data));
}

static void write_text(const char *path, const char *text)
{
	int fd = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));

	MUST(write(fd, text, strlen(text)));
	close(fd);
}

/* With all capabilities, but in there. */
static void become_namespace_root(void)
{
	MUST(unshare(CLONE_NEWUSER));
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/self/gid_map", "0 0 1");
	EQUAL(geteuid(), 0);
}

/* What every user may, and no more. */
static void only_looks(void)
{
	struct pci_list_vpd_io vpd = { .plvi_sel = edu };
	struct pci_bar_io bar = { .pbi_sel = edu, .pbi_reg = BAR(0) };
	struct pci_io reg = { .pi_sel = edu, .pi_width = 4 };
	struct pci_conf_io conf = { 0 };
	int pci;

	REFUSED(open("/dev/pci", O_RDWR), EPERM);
	REFUSED(open("/dev/pci", O_WRONLY), EPERM);
	pci = node(O_RDONLY);
	EQUAL(ioctl(pci, PCIOCGETCONF, &conf), 0);
	EQUAL(ioctl(pci, PCIOCGETBAR, &bar), 0);
	EQUAL(bar.pbi_length, 1 << 20);
	REFUSED(ioctl(pci, PCIOCREAD, &reg), EPERM);
	REFUSED(ioctl(pci, PCIOCLISTVPD, &vpd), EPERM);
	close(pci);
}

/* The right was given when it was opened. */
static void still_serves(int pci)
{
	struct pci_bar_mmap map = { .pbm_sel = edu, .pbm_reg = BAR(0), .pbm_memattr = UC };
	struct pci_io reg = { .pi_sel = edu, .pi_width = 4 };
	unsigned int val = 0;
	int bar;

	EQUAL(ioctl(pci, PCIOCREAD, &reg), 0);
	EQUAL(reg.pi_data, 0x11e81234);
	EQUAL(ioctl(pci, PCIOCBARMMAP, &map), 0);
	CHECK(touch(map.pbm_map_base, &val));
	EQUAL(val, 0x010000ed);
	bar = bar_open(pci, edu, BAR(0), PCIIO_BAR_OPEN_RW, UC);
	CHECK(bar >= 0);
	close(bar);
}

static void in_a_child(void (*lessen)(void), int pci)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = (pid_t)MUST(fork());
	if (!pid) {
		lessen();
		only_looks();
		still_serves(pci);
		exit(verdict());
	}
	MUST(waitpid(pid, &status, 0));
	EQUAL(status, 0);
}

int main(int argc, char **argv)
{
	int pci;

	if (argc != 2)
		return 2;
	edu = function(argv[1]);
	catch_bus_errors();
	pci = node(O_RDWR);
	in_a_child(drop_rawio, pci);
	in_a_child(become_namespace_root, pci);
	return verdict();
}
