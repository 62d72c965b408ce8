/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
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

/* The descriptors of the acquiring socket here; true if there is one. */
static bool find_socket(uint64_t cookie, int end)
{
	bool found = false;
	int fd;

	for (fd = 0; fd < end; fd++) {
		struct fd_entry entry = {.cookie = cookie, .flags = FD_ACQUIRER};

		if (socket_cookie(fd) == cookie && fdtable_set(fd, entry))
			found = true;
	}
	return found;
}

static void take_over(int fd, int end)
{
	struct tie tie = {.anchor = fd};

	if (run_is_anchor(fd) || pools_get(netns_of(fd), false, &tie.pool))
		return;
	tie.token = slot_by_anchor(tie.pool, anchor_cookie(fd));
	if (!tie.token)
		return;
	tie.cookie = slot_socket(tie.pool, tie.token);
	if (!tie.cookie)
		return; /* a run reservation: of a portres-run outside of ours */
	if (tie_add(&tie) && !find_socket(tie.cookie, end))
		tie_end(tie.token);
}

void inherit_start(void)
{
	int saved = errno, top = anchor_top(), fd;

	/* Anchors stand one below the other, from the top: usually the first look is the last. */
	for (fd = top; fd > STDERR_FILENO && is_open(fd); fd--)
		take_over(fd, top);
	errno = saved;
}
