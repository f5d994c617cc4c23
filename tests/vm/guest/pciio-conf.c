// SPDX-License-Identifier: BSD-2-Clause
/* pciio-conf FUNCTION REGISTER WIDTH [VALUE]: reads or writes configuration space. */
#include "pciio-check.h"

int main(int argc, char **argv)
{
	struct pci_io io;

	if (argc < 4)
		return 2;

	io = (struct pci_io){ .pi_sel = function(argv[1]), .pi_reg = atoi(argv[2]),
			      .pi_width = atoi(argv[3]) };
	if (argc > 4)
		io.pi_data = (u_int32_t)strtoul(argv[4], NULL, 0);
	if (ioctl(node(O_RDWR), argc > 4 ? PCIOCWRITE : PCIOCREAD, &io)) {
		puts(strerror(errno));
		return 1;
	}
	printf("0x%0*x\n", 2 * io.pi_width, io.pi_data);
	return 0;
}
