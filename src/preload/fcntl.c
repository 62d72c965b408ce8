/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "preload/anchor.h"
#include "preload/dup.h"
#include "preload/hook.h"

int hook_fcntl(int fd, int command, ...) HOOK(fcntl);
int hook_fcntl_twin(int fd, int command, ...) HOOK(__fcntl);
/* What glibc's headers make of fcntl with 64-bit offsets. */
int hook_fcntl64(int fd, int command, ...) HOOK(fcntl64);
#if TIME64
int hook_fcntl_time64(int fd, int command, ...) HOOK(__fcntl_time64);
#endif

static int fcntl_tracked(int fd, int command, void *argument, real_fcntl_function *real)
{
	int result;

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

static int fcntl_any(int fd, int command, void *argument, real_fcntl_function *real)
{
	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real(fd, command, argument);
	return fcntl_tracked(fd, command, argument, real);
}

/* The exported functions differ in their name and in the one that they call. */
#define FCNTL(hook, real)                                                                          \
	int hook(int fd, int command, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
		void *argument;                                                                    \
                                                                                                   \
		va_start(arguments, command);                                                      \
		argument = va_arg(arguments, void *);                                              \
		va_end(arguments);                                                                 \
		return fcntl_any(fd, command, argument, atomic_load(&real_calls.real));            \
	}

FCNTL(hook_fcntl, fcntl)
FCNTL(hook_fcntl_twin, fcntl)
FCNTL(hook_fcntl64, fcntl64)
#if TIME64
FCNTL(hook_fcntl_time64, __fcntl_time64)
#endif
