// SPDX-License-Identifier: BSD-2-Clause
/*
 * vfio-hold FUNCTION [returns]: opens a function through VFIO, prints "ready" and keeps
 * it; with "returns" until VFIO asks for it.
 */
#include "vfio-device.h"

int main(int argc, char **argv)
{
	uint64_t count;
	off_t offset;
	int device;

	if (argc < 2)
		return 2;

	device = vfio_device(argv[1], 0, &offset);
	if (argc > 2)
		device = vfio_request_event(device);
	puts("ready");
	fflush(stdout);
	if (argc > 2)
		MUST(read(device, &count, sizeof(count)));
	else
		pause();
	return 0;
}
