/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "preload/anchor.h"
#include "preload/dup.h"
#include "preload/hook.h"

/*
 * Not variadic, though libc's are: every Linux ABI passes the third argument of both in
 * the same place, and there is always one to pass on, be it garbage.
 */
int hook_fcntl(int fd, int command, void *argument) HOOK(fcntl);
int hook_fcntl_twin(int fd, int command, void *argument) HOOK(__fcntl);
/* What glibc's headers make of fcntl with 64-bit offsets. */
int hook_fcntl64(int fd, int command, void *argument) HOOK(fcntl64);
#if TIME64
int hook_fcntl_time64(int fd, int command, void *argument) HOOK(__fcntl_time64);
#endif

static inline bool duplicates(int command)
{
	return command == F_DUPFD || command == F_DUPFD_CLOEXEC;
}

/*
 * To the program the number of an anchor is free, and may be the lowest that is: the
 * anchor makes way.
 */
static int duplicate(int fd, int command, void *argument, real_fcntl_function *real)
{
	int copy = real(fd, command, argument), saved = errno, lower;
	unsigned int from = (unsigned int)(intptr_t)argument, anchor;

	if ((copy < 0 && errno != EMFILE) ||
	    !anchor_next(from, copy < 0 ? ~0U : (unsigned int)copy, &anchor))
		return copy;
	if (!anchor_vacate((int)anchor))
		return copy;
	lower = real(fd, command, argument);
	if (lower < 0) {
		errno = saved;
		return copy;
	}
	if (copy >= 0)
		real_close(copy);
	errno = saved;
	return lower;
}

static HOOK_BUSY int fcntl_busy(int fd, int command, void *argument, real_fcntl_function *real)
{
	int result, cancel;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real(fd, command, argument);
	if (anchor_is(fd)) {
		errno = EBADF;
		return -1;
	}
	if (duplicates(command)) {
		cancel = hook_enter();
		result = duplicate(fd, command, argument, real);
		hook_leave(cancel);
		if (result >= 0)
			dup_track(fd, result);
		return result;
	}
	result = real(fd, command, argument);
	if (result >= 0 && command == F_SETFD)
		anchor_exec_changed(fd);
	return result;
}

static inline int fcntl_any(int fd, int command, void *argument, real_fcntl_function *real)
{
	if (hook_idle(STATE_TABLE | STATE_RUN))
		return real(fd, command, argument);
	return fcntl_busy(fd, command, argument, real);
}

int hook_fcntl(int fd, int command, void *argument)
{
	return fcntl_any(fd, command, argument, atomic_load(&real_calls.fcntl));
}

int hook_fcntl_twin(int fd, int command, void *argument)
{
	return fcntl_any(fd, command, argument, atomic_load(&real_calls.fcntl));
}

int hook_fcntl64(int fd, int command, void *argument)
{
	return fcntl_any(fd, command, argument, atomic_load(&real_calls.fcntl64));
}

#if TIME64
int hook_fcntl_time64(int fd, int command, void *argument)
{
	return fcntl_any(fd, command, argument, atomic_load(&real_calls.__fcntl_time64));
}
#endif
