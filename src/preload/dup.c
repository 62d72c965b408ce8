/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "preload/anchor.h"
#include "preload/close.h"
#include "preload/dup.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"

int hook_dup(int fd) HOOK(dup);
int hook_dup2(int fd, int to) HOOK(dup2);
int hook_dup2_twin(int fd, int to) HOOK(__dup2);
int hook_dup3(int fd, int to, int flags) HOOK(dup3);

void dup_track(int from, int to)
{
	struct fd_entry entry = fdtable_get(from);
	int saved = errno, cancel = hook_enter();

	if (entry.flags && !(entry.flags & FD_ANCHOR)) {
		bool tracked = fdtable_set(to, entry);

		if (entry.flags & FD_ACQUIRER && tracked)
			lifetime_exec(entry.cookie);
		else if (entry.flags & FD_ACQUIRER && real_survives_exec(to))
			lifetime_keep_on_exec(entry.cookie); /* in a vfork child, say */
	}
	hook_leave(cancel);
	errno = saved;
}

static int bad_descriptor(void)
{
	errno = EBADF;
	return -1;
}

static HOOK_BUSY int dup_busy(int fd)
{
	int copy;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real_dup(fd);
	if (anchor_is(fd))
		return bad_descriptor();
	copy = real_dup(fd);
	if (copy >= 0)
		dup_track(fd, copy);
	return copy;
}

int hook_dup(int fd)
{
	return hook_idle(STATE_TABLE | STATE_RUN) ? real_dup(fd) : dup_busy(fd);
}

/* dup2 and dup3 (flags >= 0) differ only in the call. */
static int replace(int fd, int to, int flags)
{
	return flags < 0 ? real_dup2(fd, to) : real_dup3(fd, to, flags);
}

static HOOK_BUSY int replace_busy(int fd, int to, int flags)
{
	struct fd_entry before;
	bool vacated = false;
	int result;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return replace(fd, to, flags);
	/* What dup3 finds wrong before it looks at descriptors. */
	if (fd < 0 || (flags >= 0 && (fd == to || flags & ~O_CLOEXEC)))
		return replace(fd, to, flags);
	if (anchor_is(fd))
		return bad_descriptor();
	if (fd == to)
		return replace(fd, to, flags);
	if (anchor_is(to)) {
		/* It only moves for what will come. */
		if (real_fcntl(fd, F_GETFD, NULL) < 0)
			return bad_descriptor();
		anchor_make_way(to);
		vacated = !anchor_is(to);
	}
	before = fdtable_get(to);
	result = replace(fd, to, flags);
	if (result < 0) {
		/* The limit may be lower than the number: what stands there is a copy. */
		if (vacated)
			anchor_close(to);
		return result;
	}
	/* What was on the number has been closed. */
	if (before.flags)
		close_ended(close_forget(to));
	dup_track(fd, to);
	return result;
}

static inline int dup2_any(int fd, int to)
{
	return hook_idle(STATE_TABLE | STATE_RUN) ? real_dup2(fd, to) : replace_busy(fd, to, -1);
}

int hook_dup2(int fd, int to)
{
	return dup2_any(fd, to);
}

int hook_dup2_twin(int fd, int to)
{
	return dup2_any(fd, to);
}

int hook_dup3(int fd, int to, int flags)
{
	if (hook_idle(STATE_TABLE | STATE_RUN) || flags < 0)
		return real_dup3(fd, to, flags);
	return replace_busy(fd, to, flags);
}
