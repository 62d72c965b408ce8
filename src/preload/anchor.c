/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "guard/anchor.h"
#include "preload/anchor.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"
#include "preload/run.h"
#include "preload/socket.h"
#include "preload/tie.h"

static bool is_tied(int fd)
{
	struct fd_entry entry = fdtable_get(fd);

	return entry.flags & FD_ANCHOR && entry.cookie == socket_cookie(fd);
}

struct anchor_search {
	uint64_t cookie;
	bool found;
};

static void search_tie(const struct tie *tie, void *context)
{
	struct anchor_search *search = context;
	struct fd_entry entry = fdtable_get(tie->anchor);

	if (entry.flags & FD_ANCHOR && entry.cookie == search->cookie)
		search->found = true;
}

/* A copy that nobody could note: it is known by its cookie. */
static bool is_moved(int fd)
{
	struct anchor_search search = {.cookie = 0};

	if (hook_state_has(STATE_MOVED))
		search.cookie = socket_cookie(fd);
	if (!search.cookie)
		return false;
	if (run_has_anchor(real_cookie(fd)))
		return true;
	ties_visit(search_tie, &search);
	return search.found;
}

bool anchor_is(int fd)
{
	int saved = errno;
	bool is = run_is_anchor(fd) || is_tied(fd) || is_moved(fd);

	errno = saved;
	return is;
}

void anchor_make_way(int fd)
{
	int saved = errno, cancel = hook_enter();

	if (run_is_anchor(fd))
		run_move_anchor(fd);
	else if (is_tied(fd))
		tie_move_anchor(fd);
	else if (is_moved(fd))
		anchor_copy(fd, real_survives_exec(fd));
	hook_leave(cancel);
	errno = saved;
}

void anchor_close(int fd)
{
	int saved = errno, cancel = hook_enter();

	real_close(fd);
	hook_leave(cancel);
	errno = saved;
}

bool anchor_vacate(int fd)
{
	if (!anchor_is(fd))
		return true;
	anchor_make_way(fd);
	if (anchor_is(fd))
		return false;
	anchor_close(fd);
	return true;
}

bool anchor_of(const struct reservation *reservation, int *anchor)
{
	struct reservation found;
	struct tie tie;

	if (tie_find(reservation->token, &tie)) {
		*anchor = tie.anchor;
		return true;
	}
	return !run_find_token(reservation->token, reservation->pool->netns, &found, anchor);
}

void anchor_exec_changed(int fd)
{
	struct fd_entry entry = fdtable_get(fd);
	int saved = errno;

	if (entry.flags & FD_ACQUIRER)
		lifetime_exec(entry.cookie);
	errno = saved;
}

bool anchor_next(unsigned int first, unsigned int last, unsigned int *anchor)
{
	unsigned int highest = fdtable_highest(), i;
	int fd;

	if (hook_state_has(STATE_MOVED) && highest < 2 * ANCHOR_HIGHEST)
		highest = 2 * ANCHOR_HIGHEST;
	for (i = 0; i < run_count(); i++) {
		fd = run_anchor_number(i);
		if (fd >= 0 && (unsigned int)fd > highest)
			highest = (unsigned int)fd;
	}
	for (; first <= last && first <= highest; first++) {
		if (anchor_is((int)first)) {
			*anchor = first;
			return true;
		}
	}
	return false;
}
