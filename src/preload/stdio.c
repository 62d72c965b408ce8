/* SPDX-License-Identifier: MIT */
/* fclose, freopen, fdopen: libc closes and opens the descriptors of streams by itself. */
#include <errno.h>
#include <stdio.h>

#include "preload/anchor.h"
#include "preload/close.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/socket.h"

int hook_fclose(FILE *stream) HOOK(fclose);
int hook_fclose_twin(FILE *stream) HOOK(_IO_fclose);
FILE *hook_fdopen(int fd, const char *mode) HOOK(fdopen);
FILE *hook_fdopen_twin(int fd, const char *mode) HOOK(_IO_fdopen);
FILE *hook_freopen(const char *path, const char *mode, FILE *stream) HOOK(freopen);
FILE *hook_freopen64(const char *path, const char *mode, FILE *stream) HOOK(freopen64);

/* The stream's descriptor is about to be closed. */
static struct fd_entry stream_forget(FILE *stream, int *fd)
{
	int saved = errno;
	struct fd_entry entry = {0};

	*fd = fileno_unlocked(stream); /* -1: a stream in memory, or a program's own */
	if (*fd >= 0) {
		/* The stream's was closed behind its back, and an anchor has its number. */
		anchor_make_way(*fd);
		entry = close_forget(*fd);
	}
	errno = saved;
	return entry;
}

static inline int fclose_any(FILE *stream)
{
	struct fd_entry entry;
	int fd, result;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real_fclose(stream);
	entry = stream_forget(stream, &fd);
	result = real_fclose(stream);
	close_ended(entry);
	return result;
}

int hook_fclose(FILE *stream)
{
	return fclose_any(stream);
}

int hook_fclose_twin(FILE *stream)
{
	return fclose_any(stream);
}

static inline FILE *fdopen_any(int fd, const char *mode)
{
	if (hook_needed(STATE_TABLE | STATE_RUN) && anchor_is(fd)) {
		errno = EBADF;
		return NULL;
	}
	return real_fdopen(fd, mode);
}

FILE *hook_fdopen(int fd, const char *mode)
{
	return fdopen_any(fd, mode);
}

FILE *hook_fdopen_twin(int fd, const char *mode)
{
	return fdopen_any(fd, mode);
}

typedef FILE *freopen_function(const char *path, const char *mode, FILE *stream);

static FILE *freopen_any(const char *path, const char *mode, FILE *stream, freopen_function *real)
{
	struct fd_entry entry;
	FILE *result;
	int fd, saved;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real(path, mode, stream);
	entry = stream_forget(stream, &fd);
	result = real(path, mode, stream);
	if (!entry.flags)
		return result;
	saved = errno;
	/* A new mode alone may leave it open. */
	if (entry.cookie && socket_cookie(fd) == entry.cookie)
		fdtable_set(fd, entry);
	errno = saved;
	close_ended(entry);
	return result;
}

FILE *hook_freopen(const char *path, const char *mode, FILE *stream)
{
	return freopen_any(path, mode, stream, real_freopen);
}

FILE *hook_freopen64(const char *path, const char *mode, FILE *stream)
{
	return freopen_any(path, mode, stream, real_freopen64);
}
