/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors between processes (SCM_RIGHTS), and processes of the user nobody. */
#ifndef PCIIO_PASS_H
#define PCIIO_PASS_H

#include <sys/socket.h>

#include "pciio-check.h"

#define NOBODY	65534

union passed_fd {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static inline void send_fd(int sock, int fd)
{
	union passed_fd control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
					      .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	MUST(sendmsg(sock, &msg, 0));
}

static inline int receive_fd(int sock)
{
	union passed_fd control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	MUST(recvmsg(sock, &msg, 0));
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

/* All ids, and with them every capability. */
static inline void become_nobody(void)
{
	MUST(setgid(NOBODY));
	MUST(setuid(NOBODY));
}

#endif
