// SPDX-License-Identifier: BSD-2-Clause
/* Files that a command writes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "interrupt.h"
#include "output.h"

int output_init(void)
{
	struct pollfd fds[] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) < 0)
		return -1;

	for (int fd = 0; fd <= 2; fd++) {
		if (!(fds[fd].revents & POLLNVAL))
			continue;
		/* The wrong direction, so that a use of it still fails. */
		if (open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return -1;
	}
	return 0;
}

static const char *name_of(const struct context *ctx, const FILE *out)
{
	return out == stdout ? "standard output" : ctx->output;
}

static int write_failed(const struct context *ctx, const char *name)
{
	if (errno == EINTR && interrupt_signal())
		return STATUS_FAILED;
	/* The reader of a pipe has what it wanted: head(1) is no reason for a message. */
	if (errno == EPIPE)
		return STATUS_FAILED;
	return fail(ctx, STATUS_FAILED, "%s: %s", name, errno ? strerror(errno) : "write error");
}

int output_open(struct context *ctx, const char *name, FILE **out)
{
	int fd;

	*out = stdout;
	ctx->output = name;
	if (!name)
		return STATUS_OK;

	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	*out = fd < 0 ? NULL : fdopen(fd, "w");
	if (*out)
		return STATUS_OK;
	if (fd >= 0)
		close(fd);

	return write_failed(ctx, name);
}

int output_begin(const struct context *ctx, FILE *out)
{
	struct stat st;

	if (out == stdout || fstat(fileno(out), &st) || !S_ISREG(st.st_mode) ||
	    !ftruncate(fileno(out), 0))
		return STATUS_OK;
	return write_failed(ctx, name_of(ctx, out));
}

int output_write(const struct context *ctx, FILE *out, const void *buf, size_t len)
{
	errno = 0;
	return fwrite(buf, 1, len, out) == len ? STATUS_OK : write_failed(ctx, name_of(ctx, out));
}

int output_check(const struct context *ctx, FILE *out)
{
	return ferror(out) ? write_failed(ctx, name_of(ctx, out)) : STATUS_OK;
}

int output_flush(const struct context *ctx, FILE *out)
{
	errno = 0;
	return fflush(out) || ferror(out) ? write_failed(ctx, name_of(ctx, out)) : STATUS_OK;
}

int output_close(const struct context *ctx, FILE *out, int status)
{
	const char *name = name_of(ctx, out);

	if (!status || status == STATUS_NO)
		status = output_flush(ctx, out) ? STATUS_FAILED : status;
	if (out == stdout)
		return status;
	errno = 0;
	if (fclose(out) && !status)
		status = write_failed(ctx, name);
	return status;
}
