/* SPDX-License-Identifier: MIT */
/*
 * What a program gets from a pool that may be damaged: an errno, or what it asked for, as
 * the kernel confirms. Anything else is wrong.
 */
#ifndef TESTS_PROOF_FILES_H
#define TESTS_PROOF_FILES_H

#include "../preload/process.h"
#include <stdbool.h>

enum { NEWCOMER_PORTS = 3 };

static unsigned long files_calls, files_wrong;

/* Counts a call, and what it may not do. */
__attribute__((format(printf, 2, 3), unused)) static bool right(bool good, const char *format, ...)
{
	va_list args;

	files_calls++;
	if (good)
		return true;
	if (files_wrong++ < 20) {
		va_start(args, format);
		fputs("# wrong: ", stdout);
		vprintf(format, args);
		putchar('\n');
		fflush(stdout);
		va_end(args);
	}
	return false;
}

/* A socket tied to the block; -1 where it is refused. */
HELPER int tied_or_not(const struct block *block, const char *text, int flags)
{
	int fd = socket(family_of(text), block->type, 0);

	if (fd < 0)
		return -1;
	if (flags & REUSEADDR)
		option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, 0);
	if (flags & REUSEPORT)
		option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, 0);
	if (!associate(fd, block->token))
		return fd;
	close(fd);
	return -1;
}

HELPER bool all_reserved(const struct block *block)
{
	return taken_ports(block->type, block->start, block->count) == block->count;
}

/* Draws from a block, at most so often, until it is refused: ports of the block, none of them
 * twice, none of those that are in use. How many. */
HELPER int draw_and_check(const struct block *block, const int *used, int used_count, int most)
{
	int fds[16], count = 0;

	for (; count < most && count < 16; count++) {
		int port, fd = tied_or_not(block, "127.0.0.1", 0);

		if (fd < 0)
			break;
		if (socket_bind(fd, "127.0.0.1", 0, 0)) {
			right(true, "an errno");
			close(fd);
			break;
		}
		port = port_of(fd);
		right(in_block(block, port), "%s port %d is drawn from %d+%d",
		      type_name(block->type), port, block->start, block->count);
		for (int i = 0; i < used_count; i++)
			right(port != used[i], "%s port %d is drawn, and in use",
			      type_name(block->type), port);
		for (int i = 0; i < count; i++)
			right(port != port_of(fds[i]), "%s port %d is drawn twice",
			      type_name(block->type), port);
		fds[count] = fd;
	}
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return count;
}

/*
 * Reserves, draws, binds by number, releases, as one who comes now. Returns 0 or the errno
 * of what was refused; others: what it may not get a part of.
 */
HELPER int newcomer(int type, const struct block *others, int other_count)
{
	struct block block = try_reserve(type, 0, NEWCOMER_PORTS);
	int error = 0, fd, count;

	files_calls++;
	if (block.fd < 0)
		return errno;
	for (int i = 0; i < other_count; i++)
		right(others[i].type != type || block.start >= others[i].start + others[i].count ||
			      others[i].start >= block.start + block.count,
		      "%s block %d+%d is given, and somebody else's", type_name(type), block.start,
		      block.count);
	right(all_reserved(&block), "%s block %d+%d is given, and not reserved", type_name(type),
	      block.start, block.count);
	count = draw_and_check(&block, NULL, 0, NEWCOMER_PORTS);
	if (count != NEWCOMER_PORTS)
		error = errno;
	fd = tied_or_not(&block, "127.0.0.1", 0);
	if (fd >= 0) {
		if (socket_bind(fd, "127.0.0.1", block.start, 0))
			error = error ? error : errno;
		else
			right(port_of(fd) == block.start, "a bind to port %d gives %d", block.start,
			      port_of(fd));
		close(fd);
	}
	if (release(block.fd, block.token))
		error = error ? error : errno;
	close(block.fd);
	return error;
}

#endif
