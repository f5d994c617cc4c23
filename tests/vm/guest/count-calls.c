// SPDX-License-Identifier: BSD-2-Clause
/* count-calls PROGRAM [ARGUMENT]...: how many system calls the program makes; of it, no more. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(char **argv)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) ||
	    raise(SIGSTOP))
		_exit(1);
	execvp(*argv, argv);
	_exit(1);
}

int main(int argc, char **argv)
{
	int status, stops = 0;
	pid_t child;

	if (argc < 2)
		return 2;
	child = fork();
	if (!child)
		run(argv + 1);

	while (child > 0 && waitpid(child, &status, 0) == child) {
		int signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

		if (!signal) {
			printf("%d\n", stops / 2);	/* at its beginning and at its end */
			return status != 0;
		}
		stops += signal == SIGTRAP;
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL))
			break;
	}
	perror(argv[1]);
	return 1;
}
