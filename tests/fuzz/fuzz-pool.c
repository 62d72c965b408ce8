/* SPDX-License-Identifier: MIT */
/*
 * The content of a pool file, damaged while it is in use. An input is a script: steps that
 * use the pool, and between them, or in the midst of one at a call of the kernel, words of
 * the mapped file that change to what the script says. Whatever they say:
 *
 *  - nothing crashes, and no step asks or waits without end
 *  - a port that a call has given lies in the block, and the socket has it
 *  - a block that was acquired is what was asked for, and strangers are kept out of it
 *  - no descriptor is left, and when all is closed the ports are free
 *
 * Where nothing was damaged, no port is given twice.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/here.h"
#include "core/persistent.h"
#include "core/search.h"
#include "fuzz.h"
#include "pool-world.h"
#include "pool/word.h"
#include "real/real.h"

#define STEPS 24
/* No step takes more: a search that goes round all ports asks for each of them. */
#define MOST_CALLS  400000
#define MOST_PAUSES 4000

static unsigned long calls, pauses;
static bool in_step;

/* A word that is to change in the midst of a step. */
static struct {
	_Atomic uint64_t *word;
	uint64_t value;
	unsigned int calls;
} later;

/* These stand before libc's: time passes quickly. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	if (!in_step)
		return (int)syscall(SYS_nanosleep, time, left);
	PROMISE(++pauses < MOST_PAUSES, "a step waits without end");
	return 0;
}

int sched_yield(void)
{
	PROMISE(!in_step || ++pauses < MOST_PAUSES, "a step waits without end");
	return 0;
}

static void call_count(void)
{
	PROMISE(++calls < MOST_CALLS, "a step asks without end");
	if (later.word && !later.calls--) {
		atomic_store(later.word, later.value);
		later.word = NULL;
	}
}

static real_bind_function *next_bind;
static real_getsockopt_function *next_getsockopt;

static int counting_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	call_count();
	return next_bind(fd, address, length);
}

static int counting_getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	call_count();
	return next_getsockopt(fd, level, option, value, size);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	world_enter(*argv);
	pool_world_begin();
	next_bind = atomic_load(&real_calls.bind);
	next_getsockopt = atomic_load(&real_calls.getsockopt);
	atomic_store(&real_calls.bind, counting_bind);
	atomic_store(&real_calls.getsockopt, counting_getsockopt);
	return 0;
}

static void step_damage(struct pool_world *world, struct bytes *bytes)
{
	_Atomic uint64_t *word = word_choose(world, bytes);

	world->damaged = true;
	atomic_store(word, value_choose(world, bytes, atomic_load(word)));
}

static void step_damage_later(struct pool_world *world, struct bytes *bytes)
{
	world->damaged = true;
	later.calls = take_below(bytes, 32);
	later.word = word_choose(world, bytes);
	later.value = value_choose(world, bytes, atomic_load(later.word));
}

static void step_acquire(struct pool_world *world, struct bytes *bytes)
{
	struct acquire_request request = {
		.count = (uint16_t)take_below(bytes, 9),
		.protocols = (uint8_t)(1 + take_below(bytes, 3)),
	};
	uint8_t how = (uint8_t)take(bytes, 1);
	struct reservation reservation;
	int anchor = -1, error;

	request.first = how & 1 ? (uint16_t)take(bytes, 2) : 0;
	request.align = how & 2 ? (uint16_t)take(bytes, 1) : 0;
	if (how & 4)
		request.range = (struct port_range){40000, (uint16_t)(40000 + take(bytes, 1))};
	error = reservation_acquire(world->pool, &request, &reservation, &anchor);
	if (error) {
		PROMISE(error < 0 && error > -4096, "acquire says %d", error);
		return;
	}
	PROMISE(reservation.token && anchor >= 0 && reservation_anchored(&reservation, anchor),
		"a reservation without a token or an anchor");
	PROMISE(reservation.block.count == request.count &&
			reservation.block.protocols == request.protocols &&
			(!request.first || reservation.block.first == request.first),
		"the block is %u, %u ports, not what was asked for", reservation.block.first,
		reservation.block.count);
	if (!request.first)
		PROMISE(!request.range.last || (reservation.block.first >= request.range.first &&
						reservation.block.first + reservation.block.count <=
							request.range.last + 1U),
			"block %u outside the range", reservation.block.first);
	block_strangers_refused(&reservation.block);
	reservation_keep(world, &reservation, anchor, true);
}

/* Whatever token the pool has: one that it names may never have been given. */
static void step_find(struct pool_world *world, struct bytes *bytes)
{
	unsigned int slot = (unsigned int)take(bytes, 2) % POOL_SLOTS;
	struct held *held = held_choose(world, bytes);
	struct reservation reservation;
	uint64_t token;

	if (held && take_below(bytes, 4))
		slot = TOKEN_SLOT(held->reservation.token);
	token = slot_token(world->pool, slot);
	if (!reservation_find(world->pool, token, &reservation))
		return;
	PROMISE(reservation.block.first && reservation.block.count &&
			reservation.block.first + reservation.block.count <= POOL_PORTS &&
			reservation.block.protocols >= 1 && reservation.block.protocols <= 3 &&
			reservation.kind <= KIND_PERSISTENT,
		"a reservation of no ports");
	reservation_keep(world, &reservation, held ? dup(held->anchor) : -1, false);
}

static void step_persistent(struct pool_world *world, struct bytes *bytes)
{
	struct block block = {(uint16_t)(50000 + take(bytes, 1)),
			      (uint16_t)(1 + take_below(bytes, 4)),
			      (uint8_t)(1 + take_below(bytes, 3))};
	struct reservation reservation;

	if (!persistent_make(world->pool, &block, &reservation))
		reservation_keep(world, &reservation, -1, false);
}

/* bind(), to port 0 or a certain one; or a port for listen() or connect(). */
static int bind_somehow(const struct reservation *reservation, const struct socket_call *call,
			struct sockaddr_storage *address, unsigned int how, uint16_t *port)
{
	struct sockaddr_storage peer = {.ss_family = address->ss_family};

	if (how < 6)
		return reservation_bind(reservation, call, address, sizeof(struct sockaddr_in6),
					port);
	if (how == 6 || call->protocol == PROTOCOL_UDP)
		return reservation_bind_any(reservation, call, port);
	((struct sockaddr_in *)&peer)->sin_port = htons(1);
	return reservation_bind_for_connect(reservation, call, &peer, sizeof(struct sockaddr_in6),
					    port);
}

static void step_bind(struct pool_world *world, struct bytes *bytes)
{
	struct held *held = held_choose(world, bytes);
	unsigned int kind = take_below(bytes, 4), how = take_below(bytes, 8);
	enum protocol protocol = kind & 1 ? PROTOCOL_UDP : PROTOCOL_TCP;
	struct sockaddr_storage address = {.ss_family = kind & 2 ? AF_INET6 : AF_INET};
	struct socket_call call = {.protocol = protocol};
	uint16_t wanted = (uint16_t)take(bytes, 1), port = 0;
	int error, guards = -1;

	if (!held)
		return;
	if (how & 1 && how < 6)
		((struct sockaddr_in *)&address)->sin_port =
			htons((uint16_t)(held->reservation.block.first + wanted - (how == 5)));
	call.anchor = held->anchor;
	call.fd = socket(address.ss_family, protocol == PROTOCOL_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	error = bind_somehow(&held->reservation, &call, &address, how, &port);
	if (error == -EOWNERDEAD && held->reservation.block.count < 64) {
		persistent_guard(&held->reservation, &guards);
		call.guarded = true;
		error = bind_somehow(&held->reservation, &call, &address, how, &port);
		PROMISE(error != -EOWNERDEAD, "guards are asked for without end");
	}
	if (guards >= 0)
		reservation_keep(world, &held->reservation, guards, false);
	PROMISE(error <= 0 && error > -4096, "bind says %d", error);
	if (error)
		close(call.fd);
	else
		socket_keep(world, held, &call, port, how == 7);
}

static void step_listen(struct pool_world *world, struct bytes *bytes)
{
	struct kept_socket *kept = socket_choose(world, bytes);
	struct socket_call call;

	if (!kept || kept->protocol != PROTOCOL_TCP)
		return;
	call = (struct socket_call){.fd = kept->fd, .protocol = PROTOCOL_TCP, .anchor = -1};
	reservation_listen(&kept->reservation, &call, 1);
}

static void step_close(struct pool_world *world, struct bytes *bytes)
{
	struct kept_socket *kept = socket_choose(world, bytes);

	if (!kept)
		return;
	close(kept->fd);
	kept->fd = -1;
	reservation_unbind(&kept->reservation, kept->protocol, kept->port);
}

static void step_release(struct pool_world *world, struct bytes *bytes)
{
	struct held *held = held_choose(world, bytes);

	if (!held)
		return;
	if (held->anchor >= 0 && reservation_anchored(&held->reservation, held->anchor))
		reservation_release(&held->reservation, held->anchor);
	else if (held->reservation.kind == KIND_PERSISTENT)
		persistent_end(&held->reservation);
	reservation_drop(world, held);
}

static void step_prune(struct pool_world *world, struct bytes *bytes)
{
	reservation_prune(world->pool, take_below(bytes, 2));
}

/* As list and map do it, but for what they ask the kernel. */
static void step_list(struct pool_world *world, struct bytes *bytes)
{
	struct held *held = held_choose(world, bytes);
	struct slot_view view;
	unsigned int i, port = held ? held->reservation.block.first - 4U : 0, end = port + 64;

	for (i = 0; i < POOL_SLOTS; i++) {
		uint64_t token = slot_token(world->pool, i);

		if (slot_find(world->pool, token, &view))
			PROMISE(TOKEN_SLOT(token) == i && view.block.first && view.block.count,
				"slot %u has a reservation of no ports", i);
	}
	for (; port < end && port < POOL_PORTS; port++) {
		uint64_t token = word_token(world->pool, PROTOCOL_TCP, (uint16_t)port);

		PROMISE(!token || slot_token(world->pool, TOKEN_SLOT(token)) == token,
			"port %u belongs to a token that is in no slot", port);
		word_looks_taken(world->pool, PROTOCOL_UDP, (uint16_t)port);
	}
}

/* A second process comes to the file as it is: it is refused, or what it says is used. */
static void step_open(struct pool_world *world, struct bytes *bytes)
{
	struct pool *other;
	int error = pool_here(&other, false);

	(void)bytes;
	PROMISE(!error || (error == -EBADMSG && world->damaged), "opening says %d", error);
	if (error)
		return;
	PROMISE(other->claim_index % 2 && other->netns == world->netns, "a damaged header is used");
	pool_close(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(struct pool_world *, struct bytes *) = {
		step_acquire, step_bind,    step_bind, step_damage, step_damage_later,
		step_close,   step_release, step_find, step_listen, step_persistent,
		step_prune,   step_list,    step_open, step_damage,
	};
	struct bytes bytes = {data, size};
	struct pool_world *world = pool_world_fresh();
	int i;

	in_step = true;
	for (i = 0; bytes.left && i < STEPS; i++) {
		calls = pauses = 0;
		steps[take_below(&bytes, sizeof steps / sizeof steps[0])](world, &bytes);
	}
	in_step = false;
	later.word = NULL;
	pool_world_end(world);
	return 0;
}
