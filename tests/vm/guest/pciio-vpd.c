// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-vpd FUNCTION: what PCIOCLISTVPD returns, a line for each element: keyword,
 * flags and bytes; or the errno.
 */
#include "pciio-check.h"

static char room[4096];
static struct pci_list_vpd_io io;
static int pci;

static void say(const struct pci_vpd_element *element)
{
	char keyword[3] = { element->pve_keyword[0], element->pve_keyword[1] };

	printf("%s %x ", *keyword ? keyword : "-", element->pve_flags);
	for (int i = 0; i < element->pve_datalen; i++)
		printf("%02x", element->pve_data[i]);
	puts("");
}

/* The length that was asked for is enough, and not a byte less. */
static void refusals(size_t len)
{
	io.plvi_len = len - 1;
	REFUSED(ioctl(pci, PCIOCLISTVPD, &io), ENOMEM);
	EQUAL(io.plvi_len, len - 1);
	io.plvi_len = sizeof(room);
	io.plvi_data = (void *)16;
	REFUSED(ioctl(pci, PCIOCLISTVPD, &io), EFAULT);
	io.plvi_data = (void *)room;
	io.plvi_len = (size_t)-1;
	EQUAL(ioctl(pci, PCIOCLISTVPD, &io), 0);
	EQUAL(io.plvi_len, len);
	for (size_t i = len; i < sizeof(room); i++)
		CHECK(!room[i]);
	memset(room, 0, sizeof(room));
	io.plvi_len = len;
	EQUAL(ioctl(pci, PCIOCLISTVPD, &io), 0);
	EQUAL(io.plvi_len, len);
}

int main(int argc, char **argv)
{
	struct pci_vpd_element *element = (void *)room;

	if (argc != 2)
		return 2;

	io.plvi_sel = function(argv[1]);
	pci = node(O_RDONLY);
	if (ioctl(pci, PCIOCLISTVPD, &io)) {
		puts(strerror(errno));
		return 1;
	}
	refusals(io.plvi_len);
	for (; (char *)element < room + io.plvi_len; element = PVE_NEXT(element))
		say(element);
	CHECK((char *)element == room + io.plvi_len);
	return verdict();
}
