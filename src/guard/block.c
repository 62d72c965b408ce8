/* SPDX-License-Identifier: MIT */
/* The guards of a whole block. */
#include <errno.h>

#include "guard/diag.h"
#include "guard/guard.h"
#include "guard/index.h"
#include "real/real.h"

/* Ports that an ordinary bind refused and one that ignores TIME_WAIT did not. */
struct doubtful {
	uint16_t first, last;
	bool any;
};

static int place_one(enum protocol protocol, uint16_t port, struct guard_sink *sink,
		     struct doubtful *doubtful /* NULL: none wanted */)
{
	int fd, error;

	for (;;) {
		fd = guard_place(protocol, port, false);
		if (fd == -EADDRINUSE && protocol == PROTOCOL_TCP && doubtful) {
			fd = guard_place(protocol, port, true);
			if (fd >= 0) {
				if (!doubtful->any)
					doubtful->first = port;
				doubtful->last = port;
				doubtful->any = true;
			}
		}
		if (fd != -EMFILE)
			break;
		error = sink->make_room(sink);
		if (error)
			return error;
	}
	return fd < 0 ? fd : sink->take(sink, fd);
}

static int place_all(const struct block *block, bool over_time_wait, struct guard_sink *sink,
		     uint16_t *failed)
{
	struct doubtful doubtful = {0}, *wanted = over_time_wait ? &doubtful : NULL;
	struct diag_own own = {.guards = GUARD_INDEX};
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol, error;

	for (port = block->first; port < end; port++) {
		*failed = (uint16_t)port;
		for (protocol = 0; protocol < PROTOCOLS; protocol++) {
			if (!(block->protocols & PROTOCOL_BIT(protocol)))
				continue;
			error = place_one((enum protocol)protocol, (uint16_t)port, sink, wanted);
			if (error)
				return error;
		}
	}
	if (!doubtful.any)
		return 0;
	/*
	 * A socket that is bound with SO_REUSEADDR and does not listen lets a bind
	 * that ignores TIME_WAIT pass, too. With the guards in place nobody can
	 * come in any more: now ask the kernel who is there. So does the guard of a
	 * persistent block that another places at the same time: on two indexes both
	 * can listen.
	 */
	*failed = doubtful.first;
	error = diag_only_time_wait(doubtful.first, doubtful.last, own, failed);
	if (error == -EMFILE && !sink->make_room(sink))
		error = diag_only_time_wait(doubtful.first, doubtful.last, own, failed);
	return error;
}

/*
 * Over TIME_WAIT only once the kernel says that it is nothing else: a program of the block
 * that has bound and is about to listen must not meet a guard that does.
 */
int guard_place_missing(enum protocol protocol, uint16_t port, uint32_t index)
{
	int fd = guard_place_on(index, protocol, port, false), error;
	struct diag_own own = {.guards = index};
	uint16_t busy;

	if (fd != -EADDRINUSE || protocol != PROTOCOL_TCP ||
	    guard_present_on(protocol, port, index))
		return fd;
	error = diag_only_time_wait(port, port, own, &busy);
	if (error)
		return error;
	fd = guard_place_on(index, protocol, port, true);
	if (fd < 0)
		return fd;
	error = diag_only_time_wait(port, port, own, &busy);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

static int place_missing(const struct block *block, struct guard_sink *sink, uint16_t *failed)
{
	uint32_t index = guard_index_of_block(block), port;
	uint32_t end = (uint32_t)block->first + block->count;
	int protocol, refused = -EADDRINUSE;
	bool any = false;

	for (port = block->first; port < end; port++) {
		*failed = (uint16_t)port;
		for (protocol = 0; protocol < PROTOCOLS; protocol++) {
			int fd;

			if (!(block->protocols & PROTOCOL_BIT(protocol)))
				continue;
			fd = guard_place_missing((enum protocol)protocol, (uint16_t)port, index);
			if (fd == -EMFILE && !sink->make_room(sink))
				fd = guard_place_missing((enum protocol)protocol, (uint16_t)port,
							 index);
			if (fd >= 0) {
				refused = sink->take(sink, fd);
				if (refused)
					return refused;
				any = true;
			} else if (fd != -EADDRINUSE && fd != -EACCES) {
				return fd;
			} else if (!any) {
				refused = fd;
			}
		}
	}
	return any ? 0 : refused;
}

int guard_place_block(const struct block *block, enum guard_choice choice, struct guard_sink *sink,
		      uint16_t *failed)
{
	/* An interface may have come since the last block, or this be another network. */
	guard_index_forget();
	if (choice == GUARD_MISSING)
		return place_missing(block, sink, failed);
	return place_all(block, choice == GUARD_ALL_OVER_TIME_WAIT, sink, failed);
}
