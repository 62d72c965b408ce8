/* SPDX-License-Identifier: MIT */
/* What is known of descriptors. */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "preload/fdtable.h"
#include "preload/hook.h"
#include "unit.h"

/* The hooks' own, without the hooks. */
_Atomic unsigned int hook_state;

static const int highest_possible = 1048575;

static struct fd_entry entry_make(int fd)
{
	return (struct fd_entry){.token = UINT64_C(0xabcdef0000000000) + (uint64_t)fd,
				 .cookie = 4711 + (uint64_t)fd,
				 .port = (uint16_t)(20000 + fd),
				 .flags = FD_ASSOCIATED | FD_BOUND};
}

static void knows(int fd)
{
	struct fd_entry entry = fdtable_get(fd), wanted = entry_make(fd);

	OK(entry.token == wanted.token);
	OK(entry.cookie == wanted.cookie);
	IS(entry.port, wanted.port);
	IS(entry.flags, wanted.flags);
}

static void unknown(int fd)
{
	IS(fdtable_get(fd).flags, 0);
}

static void test_empty(void)
{
	static const int fds[] = {-1,	0,	 1,	  3,	     255,      256,
				  1023, 1048575, 1048576, INT32_MAX, INT32_MIN};

	IS(fdtable_highest(), 0);
	IS(hook_state, 0);
	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
		unknown(fds[i]);
		fdtable_clear(fds[i]);
	}
}

static void test_set(void)
{
	static const int fds[] = {0, 3, 255, 256, 257, 999, 1024, 65535, 1048575};
	enum { FDS = sizeof fds / sizeof fds[0] };

	for (size_t i = 0; i < FDS; i++) {
		OK(fdtable_set(fds[i], entry_make(fds[i])));
		IS(fdtable_highest(), fds[i]);
		for (size_t j = 0; j <= i; j++)
			knows(fds[j]);
		unknown(fds[i] + 1 == 256 ? 258 : fds[i] + 2);
	}
	OK(hook_state & STATE_TABLE);
	for (size_t i = 0; i < FDS; i++) {
		fdtable_clear(fds[i]);
		unknown(fds[i]);
		for (size_t j = i + 1; j < FDS; j++)
			knows(fds[j]);
	}
	/* A lower one does not lower it. */
	OK(fdtable_set(3, entry_make(3)));
	IS(fdtable_highest(), highest_possible);
	fdtable_clear(3);
}

static void test_replace(void)
{
	struct fd_entry anchor = {.cookie = 99, .flags = FD_ANCHOR}, got;

	OK(fdtable_set(10, entry_make(10)));
	OK(fdtable_set(10, anchor));
	got = fdtable_get(10);
	IS(got.flags, FD_ANCHOR);
	IS(got.cookie, 99);
	IS(got.token, 0);
	IS(got.port, 0);
	fdtable_clear(10);
}

static void test_widths(void)
{
	struct fd_entry widest = {UINT64_MAX, COOKIE_MASK, 65535, 255}, got;

	OK(fdtable_set(11, widest));
	got = fdtable_get(11);
	OK(got.token == UINT64_MAX);
	OK(got.cookie == COOKIE_MASK);
	IS(got.port, 65535);
	IS(got.flags, 255);
	/* A cookie's upper bits are not kept, and spoil nothing. */
	widest = (struct fd_entry){1, UINT64_MAX, 1, FD_UDP};
	OK(fdtable_set(11, widest));
	got = fdtable_get(11);
	OK(got.cookie == COOKIE_MASK);
	IS(got.port, 1);
	IS(got.flags, FD_UDP);
	IS(fd_protocol(&got), PROTOCOL_UDP);
	got.flags = FD_ASSOCIATED;
	IS(fd_protocol(&got), PROTOCOL_TCP);
	fdtable_clear(11);
}

static void test_outside(void)
{
	OK(!fdtable_set(-1, entry_make(1)));
	OK(!fdtable_set(INT32_MIN, entry_make(1)));
	OK(!fdtable_set(highest_possible + 1, entry_make(1)));
	OK(!fdtable_set(INT32_MAX, entry_make(1)));
	unknown(-1);
	unknown(highest_possible + 1);
}

struct visited {
	int fds[16], count;
	bool clear;
};

static void visit(int fd, struct fd_entry entry, void *context)
{
	struct visited *visited = context;

	OK(entry.token == entry_make(fd).token);
	if (visited->count < 16)
		visited->fds[visited->count] = fd;
	visited->count++;
	if (visited->clear)
		fdtable_clear(fd);
}

static void visits(unsigned int first, unsigned int last, bool clear, const int *fds, int count)
{
	struct visited visited = {.clear = clear};

	fdtable_visit(first, last, visit, &visited);
	IS(visited.count, count);
	for (int i = 0; i < count; i++)
		IS(visited.fds[i], fds[i]);
}

static void test_visit(void)
{
	static const int fds[] = {0, 5, 255, 256, 600, 100000, 1048575};
	enum { FDS = sizeof fds / sizeof fds[0] };

	for (size_t i = 0; i < FDS; i++)
		OK(fdtable_set(fds[i], entry_make(fds[i])));
	visits(0, UINT32_MAX, false, fds, FDS);
	visits(1, UINT32_MAX, false, fds + 1, FDS - 1);
	visits(5, 256, false, fds + 1, 3);
	visits(6, 254, false, NULL, 0);
	visits(601, 99999, false, NULL, 0);
	visits(1048575, 1048575, false, fds + 6, 1);
	visits(10, 5, false, NULL, 0);
	visits(2000000, UINT32_MAX, false, NULL, 0);
	visits(5, 255, true, fds + 1, 2);
	unknown(5);
	knows(256);
	visits(0, UINT32_MAX, true, (const int[]){0, 256, 600, 100000, 1048575}, 5);
	visits(0, UINT32_MAX, false, NULL, 0);
}

static void run_fork(void *none)
{
	(void)none;
	knows(20);
	OK(fdtable_set(21, entry_make(21)));
	knows(21);
	fdtable_clear(20);
}

static void test_fork(void)
{
	OK(fdtable_set(20, entry_make(20)));
	IS(unit_in_child(run_fork, NULL), 0);
	/* The child's is a copy. */
	knows(20);
	unknown(21);
	fdtable_clear(20);
}

static int set_in_vfork(void *context)
{
	*(volatile int *)context = fdtable_set(31, entry_make(31));
	return 0;
}

static void test_vfork(void)
{
	enum { STACK = 1 << 18 };
	static char stack[STACK] __attribute__((aligned(16)));
	volatile int set = -1;
	pid_t pid;

	OK(fdtable_set(30, entry_make(30)));
	pid = clone(set_in_vfork, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)&set);
	IS(waitpid(pid, NULL, 0), pid);
	IS(set, 0);
	unknown(31);
	knows(30);
	fdtable_clear(30);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"nothing is known at first", test_empty},
		{"what was set is known, and nothing else, up to the highest number", test_set},
		{"an entry replaces another as a whole", test_replace},
		{"every field keeps its width", test_widths},
		{"numbers outside of the table are refused", test_outside},
		{"known ones are visited in order, and may be cleared", test_visit},
		{"a forked child has a copy", test_fork},
		{"a vfork child sets nothing", test_vfork});

	return unit_main("fdtable", tests);
}
