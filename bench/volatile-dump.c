// SPDX-License-Identifier: BSD-2-Clause
/*
 * volatile-dump FILE LENGTH WIDTH: what a raw dump costs at least: map the file,
 * read it with a plain volatile loop of this width, write the bytes out.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK	(1 << 20)

#define COPY(type)							\
	for (size_t i = 0; i < CHUNK / sizeof(type); i++)		\
		((type *)buf)[i] = ((const volatile type *)from)[i]

int main(int argc, char **argv)
{
	static uint64_t buf[CHUNK / sizeof(uint64_t)];
	size_t len = argc == 4 ? strtoull(argv[2], NULL, 0) : 0;
	int fd = argc == 4 ? open(argv[1], O_RDONLY) : -1;
	const char *from = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (from == MAP_FAILED) {
		perror("volatile-dump FILE LENGTH WIDTH");
		return 1;
	}
	for (const char *end = from + len; from < end; from += CHUNK) {
		switch (atoi(argv[3])) {
		case 1:
			COPY(uint8_t);
			break;
		case 2:
			COPY(uint16_t);
			break;
		case 8:
			COPY(uint64_t);
			break;
		default:
			COPY(uint32_t);
		}
		if (write(1, buf, CHUNK) != CHUNK) {
			perror("write");
			return 1;
		}
	}
	return 0;
}
