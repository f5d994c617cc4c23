// SPDX-License-Identifier: BSD-2-Clause
/* pciio-bario FUNCTION BAR OFFSET WIDTH [VALUE]: one access to a BAR. */
#include "pciio-check.h"

int main(int argc, char **argv)
{
	struct pci_bar_ioreq io;

	if (argc < 5)
		return 2;

	io = (struct pci_bar_ioreq){ .pbi_sel = function(argv[1]), .pbi_op = PCIBARIO_READ,
				     .pbi_bar = (u_int32_t)atoi(argv[2]),
				     .pbi_offset = (u_int32_t)strtoul(argv[3], NULL, 0),
				     .pbi_width = (u_int32_t)atoi(argv[4]) };
	if (argc > 5) {
		io.pbi_op = PCIBARIO_WRITE;
		io.pbi_value = (u_int32_t)strtoul(argv[5], NULL, 0);
	}
	if (ioctl(node(O_RDWR), PCIOCBARIO, &io)) {
		puts(strerror(errno));
		return 1;
	}
	printf("0x%0*x\n", 2 * (int)(io.pbi_width > 4 ? 4 : io.pbi_width), io.pbi_value);
	return 0;
}
