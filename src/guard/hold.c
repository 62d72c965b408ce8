/* SPDX-License-Identifier: MIT */
/*
 * portres-hold - keeps the guards of one reservation
 *
 * Started by the library with one end of a socket pair as its standard input; the
 * other end is the reservation's anchor. It lives and dies with that: when the
 * last copy of the anchor is closed, it ends, and the kernel lets the guards go.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard/guard.h"
#include "guard/held.h"
#include "real/real.h"

/* Besides the channel and what libc may open for a moment. */
#define SPARE_DESCRIPTORS 16

/* Every descriptor but the channel is a guard: no list of them is needed. */
static void guards_close(void)
{
	real_close_range(STDIN_FILENO + 1, ~0U, 0);
}

static int guard_keep(struct guard_sink *sink, int fd)
{
	(void)sink;
	(void)fd;
	return 0;
}

static int no_room(struct guard_sink *sink)
{
	(void)sink;
	return -EMFILE;
}

/* Our own limit: nobody else's process is touched. */
static void limit_raise(unsigned int guards)
{
	struct rlimit limit;
	rlim_t wanted = guards + SPARE_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted; /* for the privileged */
	if (setrlimit(RLIMIT_NOFILE, &limit) && !getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static struct hold_answer place(const struct hold_request *request)
{
	struct block block = {
		.first = request->first,
		.count = request->count,
		.protocols = request->protocols & 3,
	};
	struct guard_sink sink = {guard_keep, no_room};
	struct hold_answer answer = {0};
	uint16_t failed = block.first;

	limit_raise(block.count * 2U);
	answer.error =
		guard_place_block(&block, (enum guard_choice)request->choice, &sink, &failed);
	answer.failed = failed;
	if (answer.error)
		guards_close();
	return answer;
}

/* From the linker: the program's code and what it only reads. */
extern const char __executable_start[], etext[];

/*
 * We only wait from here on. What was needed to get here, most of a libc, leaves our
 * memory; the few pages that the next message needs come back by themselves.
 */
static void memory_give_back(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = ((uintptr_t)__executable_start + page - 1) & ~(page - 1);
	uintptr_t end = (uintptr_t)etext & ~(page - 1);

	if (start < end)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

int main(void)
{
	struct hold_request request;
	struct hold_answer answer;
	sigset_t none;
	ssize_t got;

	/* The program that needs us has given us its descriptors, its signal mask, its folder. */
	guards_close();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/"))
		return 1;
	prctl(PR_SET_NAME, "portres-hold");

	for (;;) {
		memory_give_back();
		got = real_recvfrom(STDIN_FILENO, &request, sizeof request, 0, NULL, NULL);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)sizeof request)
			return 0;
		memset(&answer, 0, sizeof answer);
		if (request.command == HOLD_PLACE)
			answer = place(&request);
		else if (request.command == HOLD_RELEASE)
			guards_close();
		else
			answer.error = -EINVAL;
		if (real_sendto(STDIN_FILENO, &answer, sizeof answer, MSG_NOSIGNAL, NULL, 0) < 0)
			return 0;
		if (request.command == HOLD_RELEASE)
			return 0;
	}
}
