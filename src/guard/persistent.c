/* SPDX-License-Identifier: MIT */
/*
 * Whose guard is it? Those of a persistent block are on an index that its first port
 * tells, so that any process of the user can ask the kernel, whoever placed them.
 */
#include "guard/guard.h"
#include "guard/index.h"
#include "real/real.h"

#define OF_EACH_BLOCK 16 /* indexes */
#define OFFSET_FIRST  2	 /* the others are the ordinary guards' and the claims' */
#define OFFSET_LAST   10
#define OFFSET_STEP   4
/* From a block's index to one that nobody stands on for longer than a question. */
#define ASIDE 2

uint32_t guard_persistent_index(int fd, uint16_t first)
{
	uint32_t index = PERSISTENT_INDEX + (uint32_t)first * OF_EACH_BLOCK + OFFSET_FIRST;
	uint32_t last = index + OFFSET_LAST - OFFSET_FIRST;

	/* All processes come to the same one. */
	while (index < last && interface_exists(fd, index))
		index += OFFSET_STEP;
	return index;
}

uint32_t guard_index_of_block(const struct block *block)
{
	int fd = protocol_socket(AF_UNIX, PROTOCOL_UDP);
	uint32_t index = guard_persistent_index(fd, block->first);

	if (fd >= 0)
		real_close(fd);
	return index;
}

uint16_t guard_persistent_first(uint32_t index)
{
	uint32_t offset;

	if (index < PERSISTENT_INDEX)
		return 0;
	offset = (index - PERSISTENT_INDEX) % OF_EACH_BLOCK;
	if (offset < OFFSET_FIRST || offset > OFFSET_LAST ||
	    (offset - OFFSET_FIRST) % OFFSET_STEP != 0)
		return 0;
	return (uint16_t)((index - PERSISTENT_INDEX) / OF_EACH_BLOCK);
}

/* A socket on an index that lets TIME_WAIT pass, and nobody else; fd or -errno. */
static int ask(enum protocol protocol, uint16_t port, uint32_t index)
{
	bool ipv6;
	int fd = wildcard_socket(protocol, &ipv6), error;

	if (fd < 0)
		return fd;
	error = index_bind(fd, index);
	if (!error && protocol == PROTOCOL_TCP)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error)
		error = wildcard_bind(fd, ipv6, port);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

bool guard_present_on(enum protocol protocol, uint16_t port, uint32_t index)
{
	int fd = ask(protocol, port, index);

	if (fd >= 0)
		real_close(fd);
	return fd == -EADDRINUSE;
}

bool guard_alone_on(enum protocol protocol, uint16_t port, uint32_t index)
{
	int aside = ask(protocol, port, index + ASIDE);
	bool present;

	if (aside < 0)
		return false;
	present = guard_present_on(protocol, port, index);
	real_close(aside);
	return present;
}
