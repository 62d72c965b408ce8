/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/lifetime.h"
#include "preload/inherit.h"
#include "preload/pools.h"
#include "preload/run.h"
#include "preload/socket.h"
#include "preload/tie.h"
#include "real/netns.h"

static bool is_open(int fd)
{
	return real_fcntl(fd, F_GETFD, NULL) >= 0;
}

/* Beyond this an acquiring socket is not looked for, rather than for a second at start. */
#define SOCKET_HIGHEST 65536

/* The descriptors of the acquiring socket here: all low ones, else the first high one.
 * False if there is none for sure. */
static bool find_socket(uint64_t cookie, int top)
{
	struct fd_entry entry = {.cookie = cookie, .flags = FD_ACQUIRER};
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
	bool found = false;
	int fd, end = SOCKET_HIGHEST;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < SOCKET_HIGHEST)
		end = (int)limit.rlim_cur;
	for (fd = 0; fd < end && (fd < top || !found); fd++)
		if (socket_cookie(fd) == cookie && fdtable_set(fd, entry))
			found = true;
	return found || (uint64_t)end < limit.rlim_cur;
}

static void take_over(int fd, int top)
{
	struct tie tie = {.anchor = fd};

	if (run_is_anchor(fd) || pools_get(netns_of(fd), false, &tie.pool))
		return;
	tie.token = slot_by_anchor(tie.pool, real_cookie(fd));
	if (!tie.token)
		return;
	tie.cookie = slot_socket(tie.pool, tie.token);
	if (!tie.cookie)
		return; /* a run reservation: of a portres-run outside of ours */
	/* An anchor that came without its socket, as after posix_spawn with an addclose. */
	if (tie_add(&tie) && !find_socket(tie.cookie, top))
		lifetime_closed(tie.cookie);
}

void inherit_start(void)
{
	int saved = errno, top = anchor_top(), fd;

	/* Anchors stand one below the other, from the top: usually the first look is the last. */
	for (fd = top; fd > STDERR_FILENO && is_open(fd); fd--)
		take_over(fd, top);
	errno = saved;
}
