/* SPDX-License-Identifier: MIT */
/*
 * Old kernels have no close_range, and sandboxes forbid it: EPERM, ENOSYS. closefrom()
 * must not fail, and libc's then goes through /proc/self/fd, where descriptors above a
 * limit that was lowered are, too. A library in between that looks at one error only, or
 * at the numbers below the limit, leaves descriptors open; and one that forgets before it
 * is refused loses what is still there.
 */
#include "../preload/sandbox.h"
#include "modes.h"
#include <sys/resource.h>

enum { LOW = 100, HIGH = 110, LIMIT = 64 };

static uint32_t answer;

static int open_above(int first)
{
	int count = 0;

	for (int fd = first; fd < 4096; fd++)
		count += truly_open(fd);
	return count;
}

/* What closefrom leaves is the tree's anchor. */
static int all_closed(void *lower)
{
	struct block block = mode_block(TCP, 3);
	struct rlimit limit;
	int fd;

	if (mode == PRELOADED && !associate(socket_open(TCP, "127.0.0.1", 0), block.token) &&
	    !block_taken(&block))
		return 0;
	for (fd = LOW; fd <= HIGH; fd++)
		if (dup2(STDERR_FILENO, fd) != fd)
			bail_out("dup2");
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = LIMIT;
	if (*(int *)lower && setrlimit(RLIMIT_NOFILE, &limit))
		bail_out("setrlimit");
	forbid(SYS_close_range, answer);
	closefrom(3);
	if (open_above(3) != (mode == RESERVED))
		return 0;
	if (mode == PRELOADED)
		return settled(block_free, &block);
	fd = member_bound(&block);
	return fd == 3 && belongs(&block, port_of(fd));
}

/* Refused is refused: the socket is there, and so is all that it was. */
static int nothing_lost(void *unused)
{
	struct block block = mode_block(TCP, 3), other;
	int fd = member(&block), refused;

	(void)unused;
	forbid(SYS_close_range, answer);
	refused = close_range(3, ~0U, 0) && errno == (int)(answer & SECCOMP_RET_DATA);
	refused &= close_range((unsigned)fd, (unsigned)fd, 0) == -1;
	refused &= block.fd < 0 || close_range((unsigned)block.fd, (unsigned)block.fd, 0) == -1;
	refused &= !socket_bind(fd, "127.0.0.1", 0, 0) && belongs(&block, port_of(fd));
	if (mode != PRELOADED)
		return refused;
	/* who acquires looks for reservations that have lost their sockets */
	other = reserve(UDP, 2);
	close(other.fd);
	refused &= block_taken(&block);
	close(fd);
	close(block.fd);
	return refused && settled(block_free, &block);
}

int main(int argc, char **argv)
{
	static const int errors[] = {EPERM, ENOSYS};
	char what[100];

	(void)argc;
	modes_begin(argv);
	for (int i = 0; i < 2; i++) {
		const char *name = strerrorname_np(errors[i]);

		answer = SECCOMP_RET_ERRNO | (uint32_t)errors[i];
		snprintf(what, sizeof what, "close_range is %s: closefrom closes all", name);
		confined(all_closed, &(int){0}, what);
		snprintf(what, sizeof what, "%s: also above a limit that was lowered", name);
		confined(all_closed, &(int){1}, what);
		snprintf(what, sizeof what, "%s: what was not closed is not forgotten", name);
		confined(nothing_lost, NULL, what);
	}
	return modes_end(argv);
}
