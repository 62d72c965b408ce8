/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/here.h"
#include "pool-world.h"
#include "pool/word.h"

/* A persistent block that the pool makes up would get as many guards. */
#define LARGEST_PERSISTENT 64

static struct pool_world the_world;
/* The header as it was made. */
static uint8_t header[offsetof(struct pool, slots)];

void pool_world_begin(void)
{
	int error = pool_here(&the_world.pool, true);

	if (error) {
		fprintf(stderr, "no pool: %d\n", error);
		exit(1);
	}
	memcpy(header, the_world.pool, sizeof header);
	the_world.netns = the_world.pool->netns;
}

struct pool_world *pool_world_fresh(void)
{
	struct pool_world *world = &the_world;
	struct pool *pool = world->pool;
	int i;

	memcpy((void *)pool, header, sizeof header);
	memset((void *)pool->slots, 0, sizeof *pool - offsetof(struct pool, slots));
	/* The same input shall do the same each time. */
	atomic_store(&pool->search_cursor, 20000);
	atomic_store(&pool->slot_cursor, 0);
	world->damaged = false;
	world->block_count = 0;
	world->descriptors = world_descriptors();
	for (i = 0; i < HELD; i++)
		world->held[i] = (struct held){.anchor = -1};
	for (i = 0; i < SOCKETS; i++)
		world->sockets[i].fd = -1;
	return world;
}

static int stranger(int family, int type, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = (sa_family_t)family,
				       .sin6_port = htons(port)};
	int fd = socket(family, type | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return 0;
	error = bind(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
	close(fd);
	return error;
}

static void block_ask(const struct block *block, int expected)
{
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol, error;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(block->protocols & PROTOCOL_BIT(protocol)))
			continue;
		for (port = block->first; port < end; port++) {
			error = stranger(AF_INET,
					 protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM,
					 (uint16_t)port);
			PROMISE(error == expected, "a stranger's bind to port %u says %d, not %d",
				port, error, expected);
		}
	}
}

void block_strangers_refused(const struct block *block)
{
	block_ask(block, -EADDRINUSE);
}

void pool_world_end(struct pool_world *world)
{
	unsigned int i;

	for (i = 0; i < SOCKETS; i++)
		if (world->sockets[i].fd >= 0)
			close(world->sockets[i].fd);
	for (i = 0; i < HELD; i++)
		if (world->held[i].anchor >= 0)
			close(world->held[i].anchor);
	PROMISE(world_descriptors() == world->descriptors, "%u descriptors are left",
		world_descriptors() - world->descriptors);
	for (i = 0; i < world->block_count; i++)
		block_ask(&world->blocks[i], 0);
}

struct held *held_choose(struct pool_world *world, struct bytes *bytes)
{
	struct held *held = &world->held[take_below(bytes, HELD)];
	unsigned int i;

	for (i = 0; i < HELD && !held->reservation.token; i++)
		held = &world->held[i];
	return held->reservation.token ? held : NULL;
}

struct kept_socket *socket_choose(struct pool_world *world, struct bytes *bytes)
{
	struct kept_socket *kept = &world->sockets[take_below(bytes, SOCKETS)];
	unsigned int i;

	for (i = 0; i < SOCKETS && kept->fd < 0; i++)
		kept = &world->sockets[i];
	return kept->fd >= 0 ? kept : NULL;
}

_Atomic uint64_t *word_choose(struct pool_world *world, struct bytes *bytes)
{
	struct pool *pool = world->pool;
	struct held *held = held_choose(world, bytes);
	unsigned int place = take_below(bytes, 8), slot, port;
	enum protocol protocol = place & 1 ? PROTOCOL_UDP : PROTOCOL_TCP;

	if (!place)
		return (_Atomic uint64_t *)((uint64_t *)pool + take_below(bytes, 8));
	if (place < 4) {
		slot = held && place < 3 ? TOKEN_SLOT(held->reservation.token)
					 : (unsigned int)take(bytes, 2) % POOL_SLOTS;
		return (_Atomic uint64_t *)&pool->slots[slot] + take_below(bytes, 12);
	}
	if (held && place < 7)
		port = held->reservation.block.first + take_below(bytes, 10);
	else
		port = (unsigned int)take(bytes, 2);
	return word_of(pool, protocol, (uint16_t)port);
}

/* The forms that words have, for a token that is there; and any other. */
uint64_t value_choose(struct pool_world *world, struct bytes *bytes, uint64_t now)
{
	struct held *held = held_choose(world, bytes);
	uint64_t token = held ? held->reservation.token : 1;
	unsigned int form = take_below(bytes, 7);
	uint64_t bits = take(bytes, form ? 5 : 8);

	switch (form) {
	case 0:
		return bits;
	case 1:
		return now ^ UINT64_C(1) << bits % 64;
	case 2:
		return token;
	case 3:
		return TOKEN_TAG(token) | (bits & COOKIE_MASK);
	case 4:
		return word_make(token, (enum word_state)(bits & 7), bits & 0x78);
	case 5: /* BINDING, of a process that may live */
		return token >> BINDING_TAG_SHIFT << BINDING_TAG_SHIFT |
		       (bits & 0xfff) << WORD_TAG_SHIFT |
		       (uint64_t)TOKEN_SLOT(token) << WORD_SLOT_SHIFT | WORD_BINDING;
	default:
		return word_binding(world->pool, token);
	}
}

void reservation_drop(struct pool_world *world, struct held *held)
{
	(void)world;
	if (held->anchor >= 0)
		close(held->anchor);
	*held = (struct held){.anchor = -1};
}

void reservation_keep(struct pool_world *world, const struct reservation *reservation, int anchor,
		      bool acquired)
{
	struct held kept = {*reservation, anchor, acquired};
	unsigned int i;

	if (acquired && world->block_count < HELD * 2)
		world->blocks[world->block_count++] = reservation->block;
	for (i = 0; i < HELD; i++) {
		if (!world->held[i].reservation.token &&
		    (reservation->kind != KIND_PERSISTENT ||
		     reservation->block.count <= LARGEST_PERSISTENT)) {
			world->held[i] = kept;
			return;
		}
	}
	if (anchor >= 0)
		close(anchor);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address = {.ss_family = 0};
	socklen_t length = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &length))
		return 0;
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

void socket_keep(struct pool_world *world, const struct held *held, const struct socket_call *call,
		 uint16_t port, bool joined)
{
	const struct block *block = &held->reservation.block;
	struct kept_socket *place = NULL;
	unsigned int i;

	PROMISE(port && block_contains(block, port), "port %u is not in the block %u, %u ports",
		port, block->first, block->count);
	PROMISE(port_of(call->fd) == port, "the socket has port %u, not %u", port_of(call->fd),
		port);
	for (i = 0; i < SOCKETS; i++) {
		struct kept_socket *kept = &world->sockets[i];

		if (kept->fd < 0)
			place = kept;
		else
			PROMISE(world->damaged || joined || kept->joined ||
					kept->protocol != call->protocol || kept->port != port ||
					port_of(kept->fd) != port,
				"port %u is given twice", port);
	}
	if (place)
		*place = (struct kept_socket){held->reservation, call->protocol, port, joined,
					      call->fd};
	else
		close(call->fd);
}
