/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "guard/held.h"
#include "guard/parked.h"
#include "real/real.h"

int anchor_open(struct anchor *anchor, enum anchor_kind kind)
{
	anchor->kind = kind;
	anchor->fd = -1;
	if (kind == ANCHOR_PARKED)
		return 0; /* parked_fill makes it */
	anchor->fd = held_open();
	return anchor->fd < 0 ? anchor->fd : 0;
}

int anchor_fill(struct anchor *anchor, const struct block *block, enum guard_choice choice,
		uint16_t *failed)
{
	*failed = block->first;
	if (anchor->kind == ANCHOR_HELD)
		return held_fill(anchor->fd, block, choice, failed);
	return parked_fill(anchor, block, choice, failed);
}

void anchor_discard(struct anchor *anchor)
{
	if (anchor->fd >= 0)
		real_close(anchor->fd);
	anchor->fd = -1;
}

static int real_fcntl_int(int fd, int command, int argument)
{
	return real_fcntl(fd, command, (void *)(intptr_t)argument);
}

int anchor_top(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > ANCHOR_HIGHEST)
		return ANCHOR_HIGHEST - 1;
	return (int)limit.rlim_cur - 1;
}

/* A copy on the highest free number up to `top`; never one that the program has in use. */
static int copy_below(int fd, int top, int bottom, bool keep)
{
	int number, copy;

	for (number = top; number > bottom; number--) {
		if (real_fcntl_int(number, F_GETFD, 0) >= 0)
			continue;
		/* The kernel takes this one, or a higher one where it was taken meanwhile. */
		copy = real_fcntl_int(fd, keep ? F_DUPFD : F_DUPFD_CLOEXEC, number);
		if (copy < 0)
			return -errno;
		if (copy <= top)
			return copy;
		real_close(copy);
	}
	return -EMFILE;
}

int anchor_settle(struct anchor *anchor, bool keep)
{
	int copy = copy_below(anchor->fd, anchor_top(), anchor->fd, keep);

	if (copy >= 0) {
		real_close(anchor->fd);
		anchor->fd = copy;
	} else if (keep) {
		real_fcntl_int(anchor->fd, F_SETFD, 0);
	}
	return anchor->fd;
}

int anchor_copy(int fd, bool keep)
{
	int copy = copy_below(fd, anchor_top(), STDERR_FILENO, keep);

	if (copy != -EMFILE)
		return copy;
	/* A program that has all of these may have left some above; EINVAL: there are none. */
	copy = real_fcntl_int(fd, keep ? F_DUPFD : F_DUPFD_CLOEXEC, anchor_top() + 1);
	return copy < 0 ? -EMFILE : copy;
}

void anchor_release(int fd)
{
	int type = 0;

	if (real_option_get(fd, SOL_SOCKET, SO_TYPE, &type))
		return;
	if (type == SOCK_SEQPACKET)
		held_release(fd);
	else
		parked_release(fd);
}
