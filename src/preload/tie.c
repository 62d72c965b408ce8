/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdatomic.h>

#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/socket.h"
#include "preload/tie.h"
#include "real/process.h"

/* A token's place is its slot's number, or one of the next few: pools of several
 * namespaces have slots of one number. */
#define NEIGHBOURS 8
#define PLACES	   (POOL_SLOTS + NEIGHBOURS)
#define CLAIMED	   UINT64_C(1) /* being filled in; no token has such a low slot alone */
#define SWEEP_SOME 1

static struct {
	_Atomic uint64_t token, cookie;
	_Atomic(struct pool *) pool;
	_Atomic int anchor;
} places[PLACES];

/* Which places are in use, to find them without reading all. */
static _Atomic uint64_t used[(PLACES + 63) / 64];

static struct tie tie_read(unsigned int place)
{
	struct tie tie = {
		.token = atomic_load(&places[place].token),
		.cookie = atomic_load(&places[place].cookie),
		.pool = atomic_load(&places[place].pool),
		.anchor = atomic_load(&places[place].anchor),
	};

	if (tie.token == CLAIMED || atomic_load(&places[place].token) != tie.token)
		tie.token = 0;
	return tie;
}

/* Its number is not the program's to close, as long as it is our socket that is there. */
static void anchor_note(int fd, uint64_t token)
{
	fdtable_set(fd, (struct fd_entry){
				.token = token, .cookie = socket_cookie(fd), .flags = FD_ANCHOR});
}

bool tie_add(const struct tie *tie)
{
	unsigned int place = TOKEN_SLOT(tie->token), end = place + NEIGHBOURS;

	for (; place < end; place++) {
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&places[place].token, &none, CLAIMED))
			continue;
		atomic_store(&places[place].cookie, tie->cookie);
		atomic_store(&places[place].pool, tie->pool);
		atomic_store(&places[place].anchor, tie->anchor);
		atomic_store(&places[place].token, tie->token);
		atomic_fetch_or(&used[place / 64], UINT64_C(1) << place % 64);
		anchor_note(tie->anchor, tie->token);
		return true;
	}
	return false;
}

static int place_find(uint64_t token)
{
	unsigned int place = TOKEN_SLOT(token), end = place + NEIGHBOURS;

	for (; place < end; place++)
		if (atomic_load(&places[place].token) == token)
			return (int)place;
	return -1;
}

bool tie_find(uint64_t token, struct tie *tie)
{
	int place = token > CLAIMED ? place_find(token) : -1;

	if (place < 0)
		return false;
	*tie = tie_read((unsigned int)place);
	return tie->token == token;
}

static void end_place(unsigned int place, struct tie tie)
{
	struct fd_entry known;

	if (!atomic_compare_exchange_strong(&places[place].token, &tie.token, CLAIMED))
		return; /* another thread does it */
	atomic_fetch_and(&used[place / 64], ~(UINT64_C(1) << place % 64));
	atomic_store(&places[place].token, 0);
	slot_doubt(tie.pool, tie.token);
	/* Unless it was closed unseen, and the number is the program's now. */
	known = fdtable_get(tie.anchor);
	if (!(known.flags & FD_ANCHOR) || known.cookie != socket_cookie(tie.anchor))
		return;
	fdtable_clear(tie.anchor);
	real_close(tie.anchor);
}

void tie_end(uint64_t token)
{
	struct tie tie;
	int place = place_find(token);

	if (place < 0)
		return;
	tie = tie_read((unsigned int)place);
	if (tie.token == token)
		end_place((unsigned int)place, tie);
}

/* Calls visit for every tie, beginning at *from and at most `most` of them. */
static void ties_visit(unsigned int *from, unsigned int most,
		       void (*visit)(unsigned int place, struct tie tie, void *context),
		       void *context)
{
	unsigned int words = sizeof used / sizeof used[0], start = *from % words, i;

	for (i = 0; i < words && most; i++) {
		unsigned int at = (start + i) % words;
		uint64_t bits = atomic_load(&used[at]);

		for (; bits && most; bits &= bits - 1, most--) {
			unsigned int place = at * 64 + (unsigned int)__builtin_ctzll(bits);
			struct tie tie = tie_read(place);

			if (tie.token)
				visit(place, tie, context);
		}
		*from = at + 1;
	}
}

struct descriptors {
	uint64_t cookie;
	bool any, survives;
};

static void descriptor_look(int fd, struct fd_entry entry, void *context)
{
	struct descriptors *descriptors = context;
	int flags;

	if (!(entry.flags & FD_ACQUIRER) || entry.cookie != descriptors->cookie ||
	    socket_cookie(fd) != entry.cookie)
		return;
	descriptors->any = true;
	flags = real_fcntl(fd, F_GETFD, NULL);
	if (flags >= 0 && !(flags & FD_CLOEXEC))
		descriptors->survives = true;
}

/* The descriptors that an acquiring socket has in this process. */
static struct descriptors descriptors_of(uint64_t cookie)
{
	struct descriptors descriptors = {.cookie = cookie};

	fdtable_visit(0, ~0U, descriptor_look, &descriptors);
	return descriptors;
}

static void end_of_socket(unsigned int place, struct tie tie, void *context)
{
	if (tie.cookie == *(uint64_t *)context)
		end_place(place, tie);
}

void tie_socket_closed(uint64_t cookie)
{
	unsigned int from = 0;

	if (!cookie || !process_owns_memory() || descriptors_of(cookie).any)
		return;
	ties_visit(&from, PLACES, end_of_socket, &cookie);
}

static void sweep_one(unsigned int place, struct tie tie, void *context)
{
	bool *any = context;

	if (tie.cookie && !descriptors_of(tie.cookie).any) {
		end_place(place, tie);
		*any = true;
	}
}

bool tie_sweep(bool all)
{
	static _Atomic unsigned int next;
	unsigned int from = atomic_load_explicit(&next, memory_order_relaxed);
	bool any = false;

	if (!process_owns_memory())
		return false;
	ties_visit(&from, all ? PLACES : SWEEP_SOME, sweep_one, &any);
	atomic_store_explicit(&next, from, memory_order_relaxed);
	return any;
}

static void update_exec(unsigned int place, struct tie tie, void *context)
{
	const uint64_t *cookie = context;

	(void)place;
	if (tie.cookie && (!cookie || tie.cookie == *cookie))
		real_fcntl(
			tie.anchor, F_SETFD,
			(void *)(intptr_t)(descriptors_of(tie.cookie).survives ? 0 : FD_CLOEXEC));
}

void tie_update_exec(uint64_t cookie)
{
	unsigned int from = 0;

	ties_visit(&from, PLACES, update_exec, &cookie);
}

static void keep_on_exec(unsigned int place, struct tie tie, void *context)
{
	(void)place;
	if (tie.cookie == *(const uint64_t *)context)
		real_fcntl(tie.anchor, F_SETFD, NULL);
}

void tie_keep_on_exec(uint64_t cookie)
{
	unsigned int from = 0;

	ties_visit(&from, PLACES, keep_on_exec, &cookie);
}

void tie_update_exec_all(void)
{
	unsigned int from = 0;

	ties_visit(&from, PLACES, update_exec, NULL);
}

static void move_anchor(unsigned int place, struct tie tie, void *context)
{
	int fd = *(int *)context, flags, copy;

	if (tie.anchor != fd)
		return;
	flags = real_fcntl(fd, F_GETFD, NULL);
	copy = anchor_copy(fd, flags >= 0 && !(flags & FD_CLOEXEC));
	if (copy < 0 || !process_owns_memory())
		return;
	atomic_store(&places[place].anchor, copy);
	anchor_note(copy, tie.token);
	fdtable_clear(fd);
}

void tie_move_anchor(int fd)
{
	unsigned int from = 0;

	ties_visit(&from, PLACES, move_anchor, &fd);
}
