/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/debug.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/inherit.h"
#include "preload/lifetime.h"
#include "preload/open.h"
#include "preload/pools.h"
#include "preload/run.h"
#include "preload/tie.h"
#include "real/netns.h"

/* Anchors stand one below the other, from the top; but one may have ended, and another may
 * have made way. */
#define NEAR 64

/* The descriptors of the acquiring socket here. False if there is none for sure. */
static bool find_socket(uint64_t cookie)
{
	bool all = lifetime_find(cookie);

	return fdtable_find(cookie, FD_ACQUIRER).flags || !all;
}

static void take_over(int fd, void *context)
{
	struct tie tie = {.anchor = fd};

	(void)context;
	if (run_is_anchor(fd) || pools_get(netns_of(fd), false, &tie.pool))
		return;
	tie.token = slot_by_anchor(tie.pool, real_cookie(fd));
	if (!tie.token || run_anchor_found(tie.token, fd))
		return;
	tie.cookie = slot_socket(tie.pool, tie.token);
	if (!tie.cookie) {
		/* A run reservation: of a portres-run outside of ours, or the program that
		 * started this one has left out a variable. */
		if (!run_count())
			debug_say("PORTRES_RESERVATION is not set: the reservation does not apply",
				  NULL);
		return;
	}
	/* An anchor that came without its socket, as after posix_spawn with an addclose. */
	if (tie_add(&tie) && !find_socket(tie.cookie))
		lifetime_closed(tie.cookie);
}

/* An open number where an anchor may be is a reason to look at all around it. */
static void look_around(int fd, void *context)
{
	int *last = context, first = fd - NEAR + 1;

	if (*last && abs(fd - *last) < NEAR)
		return;
	*last = fd;
	open_visit(first > STDERR_FILENO ? first : STDERR_FILENO + 1, fd + NEAR, take_over, NULL);
}

void inherit_start(void)
{
	/* Where they begin, or began under another limit; then downwards, and some above. */
	int numbers[OPEN_AT_ONCE] = {511, 255, 127, ANCHOR_HIGHEST - 1}, count = 4;
	int saved = errno, fd = anchor_top() + NEAR / 4, last = 0;

	while (count < OPEN_AT_ONCE && fd > STDERR_FILENO)
		numbers[count++] = fd--;
	open_among(numbers, count, look_around, &last);
	errno = saved;
}
