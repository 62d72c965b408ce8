/* SPDX-License-Identifier: MIT */
/*
 * Guards kept by a holder process, for reservations that would put too many
 * descriptors in flight. The holder is nobody's child: the program's own wait()
 * never meets it, no SIGCHLD comes of it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guard/held.h"
#include "real/real.h"
#include "real/text.h"

#define STACK_SIZE 65536
/* Generous: a holder answers in milliseconds, and its end is noticed at once. */
#define ANSWER_TIMEOUT_MS 30000

static char program[PATH_MAX];

void held_program_set(const char *path)
{
	struct text text = TEXT(program);

	text_add(&text, path);
	if (text.full)
		program[0] = '\0';
}

/* Beside the library in a build tree, else where it was installed. */
static const char *program_find(char *buffer, size_t size)
{
	struct text text = {.buffer = buffer, .size = size};
	Dl_info info;

	if (program[0])
		return program;
	if (dladdr(program, &info) && info.dli_fname && strchr(info.dli_fname, '/')) {
		text_add(&text, info.dli_fname);
		text.length = (size_t)(strrchr(buffer, '/') - buffer);
		text_add(&text, "/../portres-hold");
		if (!text.full && access(buffer, X_OK) == 0)
			return buffer;
	}
	return PORTRES_LIBEXECDIR "/portres-hold";
}

/* Shared with the two processes on the way to the holder, which use our memory. */
struct launch {
	const char *program;
	int channel;
	char *stack;
	volatile int error;
};

static int launch_holder(void *context)
{
	struct launch *launch = context;
	const char *arguments[] = {"portres-hold", NULL}, *environment[] = {NULL};

	/* System calls only: libc's state is the program's. */
	syscall(SYS_setsid);
	if (launch->channel == STDIN_FILENO)
		syscall(SYS_fcntl, STDIN_FILENO, 2 /* F_SETFD */, 0);
	else if (syscall(SYS_dup3, launch->channel, STDIN_FILENO, 0) < 0)
		launch->error = errno;
	if (!launch->error) {
		syscall(SYS_execve, launch->program, arguments, environment);
		launch->error = errno;
	}
	syscall(SYS_exit_group, 127);
	return 0;
}

/* In between, so that the holder is an orphan from the start. */
static int launch_between(void *context)
{
	struct launch *launch = context;

	if (clone(launch_holder, launch->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD,
		  launch) < 0)
		launch->error = errno;
	syscall(SYS_exit_group, 0);
	return 0;
}

static int launch_run(struct launch *launch)
{
	sigset_t all, saved;
	pid_t between;

	launch->stack = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (launch->stack == MAP_FAILED)
		return -ENOMEM;
	/* No handler of the program may run in a process that borrows its memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &saved);
	/* No exit signal: its end is no SIGCHLD and no wait() without __WALL sees it. */
	between = clone(launch_between, launch->stack + 2 * STACK_SIZE, CLONE_VM | CLONE_VFORK,
			launch);
	if (between < 0)
		launch->error = errno;
	else
		while (waitpid(between, NULL, __WALL) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &saved, NULL);
	munmap(launch->stack, 2 * STACK_SIZE);
	return -launch->error;
}

int held_open(void)
{
	char path[PATH_MAX];
	struct launch launch = {.program = program_find(path, sizeof path)};
	int pair[2], error;

	if (real_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	launch.channel = pair[1];
	error = launch_run(&launch);
	real_close(pair[1]);
	if (!error)
		return pair[0];
	real_close(pair[0]);
	/* Not what the caller asked about: the means are missing. */
	return error == -ENOENT || error == -EACCES ? -EOPNOTSUPP : error;
}

static int64_t milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int ask(int fd, const struct hold_request *request, struct hold_answer *answer)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int64_t end = milliseconds() + ANSWER_TIMEOUT_MS;
	ssize_t got;

	if (real_sendto(fd, request, sizeof *request, MSG_NOSIGNAL, NULL, 0) < 0)
		return errno == EPIPE || errno == ECONNRESET ? -EOPNOTSUPP : -errno;
	for (;;) {
		int left = (int)(end - milliseconds());
		int events = left > 0 ? real_poll(&ready, 1, left) : 0;

		if (events < 0 && errno == EINTR)
			continue;
		if (events <= 0)
			return events ? -errno : -ENOBUFS;
		got = real_recvfrom(fd, answer, sizeof *answer, MSG_DONTWAIT, NULL, NULL);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0 && errno != ECONNRESET)
			return -errno;
		if (got != (ssize_t)sizeof *answer)
			return -EOPNOTSUPP; /* it has died */
		return answer->error;
	}
}

int held_fill(int fd, const struct block *block, enum guard_choice choice, uint16_t *failed)
{
	struct hold_request request = {.command = HOLD_PLACE,
				       .first = block->first,
				       .count = block->count,
				       .protocols = block->protocols,
				       .choice = (uint16_t)choice};
	struct hold_answer answer = {.failed = block->first};
	int error = ask(fd, &request, &answer);

	*failed = (uint16_t)answer.failed;
	return error;
}

void held_release(int fd)
{
	struct hold_request request = {.command = HOLD_RELEASE};
	struct hold_answer answer;

	/* Answered once the guards are gone, so that the ports are free when we return. */
	ask(fd, &request, &answer);
}
