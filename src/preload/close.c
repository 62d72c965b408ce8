/* SPDX-License-Identifier: MIT */
/* close, close_range, closefrom */
#include <errno.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/resource.h>

#include "preload/anchor.h"
#include "preload/close.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"
#include "preload/open.h"
#include "preload/pools.h"

/* In libpthread before glibc 2.34, which not every program has. */
#pragma weak pthread_testcancel

int hook_close(int fd) HOOK(close);
int hook_close_twin(int fd) HOOK(__close);
int hook_close_range(unsigned int first, unsigned int last, int flags) HOOK(close_range);
void hook_closefrom(int first) HOOK(closefrom);

/* A port of a block may be free now; a copy elsewhere may still have it. */
static void port_closed(const struct fd_entry *entry)
{
	struct reservation reservation;

	if (pools_find(entry->token, &reservation))
		reservation_unbind(&reservation, fd_protocol(entry), entry->port);
}

struct fd_entry close_forget(int fd)
{
	struct fd_entry entry = fdtable_get(fd);
	int cancel;

	if (!entry.flags)
		return entry;
	cancel = hook_enter();
	if (!fdtable_is_ours()) {
		entry.flags &= FD_ACQUIRER; /* the anchor goes with it here, and only here */
	} else {
		if (entry.flags & FD_BOUND)
			port_closed(&entry);
		fdtable_clear(fd);
	}
	hook_leave(cancel);
	return entry;
}

void close_ended(struct fd_entry entry)
{
	int saved = errno, cancel;

	if (!(entry.flags & FD_ACQUIRER))
		return;
	cancel = hook_enter();
	lifetime_closed(entry.cookie);
	hook_leave(cancel);
	errno = saved;
}

static HOOK_BUSY int close_busy(int fd)
{
	struct fd_entry entry;
	int saved = errno, result;

	if (!hook_needed(STATE_TABLE | STATE_RUN))
		return real_close(fd);
	if (anchor_is(fd)) {
		errno = EBADF;
		return -1;
	}
	/* libc itself would act on a pending cancellation, and close nothing: not once it is
	 * forgotten. */
	if (pthread_testcancel)
		pthread_testcancel();
	/* Forgotten first: once it is closed the number may be another thread's. */
	entry = close_forget(fd);
	errno = saved;
	result = real_close(fd);
	close_ended(entry);
	return result;
}

static inline int close_any(int fd)
{
	return hook_idle(STATE_TABLE | STATE_RUN) ? real_close(fd) : close_busy(fd);
}

int hook_close(int fd)
{
	return close_any(fd);
}

int hook_close_twin(int fd)
{
	return close_any(fd);
}

static void forget_one(int fd, struct fd_entry entry, void *context)
{
	(void)context;
	if (!(entry.flags & FD_ANCHOR))
		close_forget(fd);
}

#define NO_DESCRIPTOR ~0U

/* Between the anchors. */
static int close_gaps(unsigned int first, unsigned int last, int flags)
{
	unsigned int anchor;

	/* Also where nothing but an anchor is to be closed. */
	if (flags & CLOSE_RANGE_UNSHARE && real_close_range(NO_DESCRIPTOR, NO_DESCRIPTOR, flags))
		return -1;
	while (anchor_next(first, last, &anchor)) {
		if (anchor > first && real_close_range(first, anchor - 1, flags))
			return -1;
		first = anchor + 1;
		if (first > last)
			return 0;
	}
	return real_close_range(first, last, flags);
}

static int close_many(unsigned int first, unsigned int last, int flags)
{
	int saved = errno, cancel, result;

	if (flags & CLOSE_RANGE_UNSHARE)
		hook_state_add(STATE_UNSHARED);
	if (!hook_needed(STATE_TABLE | STATE_RUN) || first > last ||
	    flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return real_close_range(first, last, flags);
	/* Where it is missing or forbidden nothing is closed, and nothing must be forgotten. */
	if (!flags && real_close_range(NO_DESCRIPTOR, NO_DESCRIPTOR, 0))
		return -1;
	cancel = hook_enter();
	/* UNSHARE: other threads may go on with these descriptors. What was closed is found
	 * out by its cookie. */
	if (!flags)
		fdtable_visit(first, last, forget_one, NULL);
	errno = saved;
	result = close_gaps(first, last, flags);
	saved = errno;
	if (flags & CLOSE_RANGE_CLOEXEC)
		lifetime_exec_all();
	else
		lifetime_sweep(true);
	hook_leave(cancel);
	errno = saved;
	return result;
}

int hook_close_range(unsigned int first, unsigned int last, int flags)
{
	return close_many(first, last, flags);
}

/* nr_open, as Linux begins with it. */
#define DESCRIPTORS_MOST 1048576

static void close_one(int fd, void *context)
{
	(void)context;
	close_any(fd);
}

void hook_closefrom(int first)
{
	unsigned int from = first < 0 ? 0 : (unsigned int)first;
	struct rlimit limit;
	int last = DESCRIPTORS_MOST;

	if (from > INT_MAX || !close_many(from, ~0U, 0))
		return;
	/* Linux before 5.9 has no close_range, and sandboxes forbid it. The soft limit may be
	 * lower than what is open. */
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_max < DESCRIPTORS_MOST)
		last = (int)limit.rlim_max;
	open_visit((int)from, last, close_one, NULL);
}
