/* SPDX-License-Identifier: MIT */
/* Calls that copy and close descriptors, also those that do it within the C library. */
#include "sequence.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

int __close(int fd);
int __dup2(int fd, int to);

void call_dup(void)
{
	int fd = pick_number();

	begin("dup(%d)", fd);
	result(dup(fd));
}

void call_dup2(void)
{
	int fd = pick_number(), to = odd(15) ? fd : pick_target();

	if (odd(20)) {
		begin("__dup2(%d, %d)", fd, to);
		result(__dup2(fd, to));
	} else {
		begin("dup2(%d, %d)", fd, to);
		result(dup2(fd, to));
	}
}

void call_dup3(void)
{
	static const int odd_flags[] = {1, O_NONBLOCK, -1, INT_MIN, O_CLOEXEC | 1};
	int fd = pick_number(), to = odd(15) ? fd : pick_target();
	int flags = odd(12) ? PICK(odd_flags) : chance(50) ? O_CLOEXEC : 0;

	begin("dup3(%d, %d, %#x)", fd, to, (unsigned int)flags);
	result(dup3(fd, to, flags));
}

void call_close(void)
{
	int fd = odd(20) ? pick_target() : pick_number();

	if (odd(20)) {
		begin("__close(%d)", fd);
		result(__close(fd));
	} else {
		begin("close(%d)", fd);
		result(close(fd));
	}
}

void call_close_range(void)
{
	static const unsigned int ends[] = {0,
					    3,
					    100,
					    HIGH,
					    HIGH + 1,
					    ANCHOR_HIGHEST - 1,
					    ANCHOR_HIGHEST,
					    ANCHOR_HIGHEST + 1,
					    LIMIT,
					    ~0U,
					    1U << 31};
	static const int flags[] = {CLOSE_RANGE_UNSHARE,
				    CLOSE_RANGE_CLOEXEC,
				    CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC,
				    1,
				    8,
				    -1};
	unsigned int first = odd(15) ? PICK(ends) : 3 + pick(NUMBERS), last = first + pick(6);
	int flag = chance(40) ? PICK(flags) : 0;

	if (chance(20))
		last = PICK(ends);
	begin("close_range(%u, %u, %#x)", first, last, (unsigned int)flag);
	result(close_range(first, last, flag));
}

void call_closefrom(void)
{
	static const int rare[] = {-1,	     INT_MIN,	     0,	    100,    HIGH,
				   HIGH + 1, ANCHOR_HIGHEST, LIMIT, INT_MAX};
	int first = odd(30) ? PICK(rare) : (int)pick(NUMBERS);

	begin("closefrom(%d)", first);
	closefrom(first);
	result(0);
}

/* The stream closes the descriptor, or finds that it has been closed before. */
void call_fdopen(void)
{
	static const char *const modes[] = {"r", "w", "r+", "a", "re"};
	const char *mode = odd(5) ? "x" : PICK(modes);
	int fd = pick_fd(chance(75) ? A_SOCKET : ANYTHING);
	FILE *stream;

	begin("fdopen(%d, \"%s\")", fd, mode);
	stream = fdopen(fd, mode);
	result(stream ? 0 : -1);
	if (!stream)
		return;
	if (odd(20)) {
		begin("close(%d)", fd);
		result(close(fd));
	}
	begin("fclose(%d)", fd);
	result(fclose(stream));
}

void call_freopen(void)
{
	/* Without a path it is the mode that changes. */
	const char *path = odd(20) ? "/nonexistent" : chance(20) ? NULL : "/dev/null";
	int fd = pick_fd(chance(75) ? A_SOCKET : ANYTHING);
	FILE *stream;

	begin("fdopen(%d, \"r\")", fd);
	stream = fdopen(fd, "r");
	result(stream ? 0 : -1);
	if (!stream)
		return;
	begin("freopen(%s, %d)", path ? path : "NULL", fd);
	stream = chance(50) ? freopen(path, "r", stream) : freopen64(path, "r", stream);
	result(stream ? fileno(stream) : -1);
	if (stream && chance(50)) {
		begin("fclose(%d)", fileno(stream));
		result(fclose(stream));
	}
}
