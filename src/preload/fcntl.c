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

static HOOK_BUSY int fcntl_busy(int fd, int command, void *argument, real_fcntl_function *real)
{
	int result;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real(fd, command, argument);
	if (anchor_is(fd)) {
		errno = EBADF;
		return -1;
	}
	result = real(fd, command, argument);
	if (result < 0)
		return result;
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		dup_track(fd, result);
	else if (command == F_SETFD)
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
