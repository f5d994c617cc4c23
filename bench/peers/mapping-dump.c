// SPDX-License-Identifier: BSD-2-Clause
/*
 * mapping-dump FILE LENGTH WIDTH: what a raw dump costs at least: map the file,
 * read it with a plain volatile loop of this width, write the bytes out. Width 0: write
 * them from the mapping itself.
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

static uint64_t buf[CHUNK / sizeof(uint64_t)];

static const void *chunk(const char *from, int width)
{
	switch (width) {
	case 0:
		return from;
	case 1:
		COPY(uint8_t);
		break;
	case 2:
		COPY(uint16_t);
		break;
	case 4:
		COPY(uint32_t);
		break;
	default:
		COPY(uint64_t);
	}
	return buf;
}

int main(int argc, char **argv)
{
	size_t len = argc == 4 ? strtoull(argv[2], NULL, 0) : 0;
	int fd = argc == 4 ? open(argv[1], O_RDONLY) : -1;
	const char *from = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (from == MAP_FAILED) {
		perror("mapping-dump FILE LENGTH WIDTH");
		return 1;
	}
	for (const char *end = from + len; from < end; from += CHUNK)
		if (write(1, chunk(from, atoi(argv[3])), CHUNK) != CHUNK) {
			perror("write");
			return 1;
		}

	return 0;
}
