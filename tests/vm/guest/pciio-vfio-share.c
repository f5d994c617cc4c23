// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-vfio-share FUNCTION BAR bar|device|both: opens a function through VFIO and
 * a BAR descriptor of it that is shared with the driver, and prints "ready". When
 * VFIO asks for the function, it closes the one, then the other; or with "both" it
 * waits to be killed, with the BAR descriptor opened after the function.
 */
#include "vfio-device.h"

#define COMMAND		4
#define MEMORY		2

/* vfio-pci turns decoding on only when its user does. */
static void decode(int device)
{
	struct vfio_region_info info = { .argsz = sizeof(info),
					 .index = VFIO_PCI_CONFIG_REGION_INDEX };
	unsigned short command;

	MUST(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info));
	MUST(pread(device, &command, sizeof(command), (off_t)info.offset + COMMAND));
	command |= MEMORY;
	MUST(pwrite(device, &command, sizeof(command), (off_t)info.offset + COMMAND));
}

int main(int argc, char **argv)
{
	int device, bar, event;
	uint64_t count;
	off_t offset;

	if (argc != 4)
		return 2;

	device = vfio_device(argv[1], 0, &offset);
	decode(device);
	event = vfio_request_event(device);
	bar = (int)MUST(bar_open(node(O_RDWR), function(argv[1]), BAR(atoi(argv[2])),
				 PCIIO_BAR_OPEN_SHARE_DRIVER, UC));
	puts("ready");
	fflush(stdout);
	if (!strcmp(argv[3], "both"))
		for (;;)
			pause();
	MUST(read(event, &count, sizeof(count)));
	if (!strcmp(argv[3], "bar")) {
		MUST(close(bar));
		MUST(close(device));
	} else {
		MUST(close(device));
		MUST(close(bar));
	}
	puts("closed");
	return 0;
}
