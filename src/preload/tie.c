/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "guard/anchor.h"
#include "pool/slot.h"
#include "preload/fdtable.h"
#include "preload/hook.h"
#include "preload/open.h"
#include "preload/socket.h"
#include "preload/tie.h"

/* A token's place is its slot's number, or one of the next few: pools of several
 * namespaces have slots of one number. */
#define NEIGHBOURS 8
#define PLACES	   (POOL_SLOTS + NEIGHBOURS)
#define CLAIMED	   UINT64_C(1) /* being filled in; no token has such a low slot alone */

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

	/* First: who ends the tie, and may do so as soon as it is there, closes only what it
	 * knows as an anchor. */
	anchor_note(tie->anchor, tie->token);
	for (; place < end; place++) {
		uint64_t none = 0;

		if (!atomic_compare_exchange_strong(&places[place].token, &none, CLAIMED))
			continue;
		atomic_store(&places[place].cookie, tie->cookie);
		atomic_store(&places[place].pool, tie->pool);
		atomic_store(&places[place].anchor, tie->anchor);
		atomic_store(&places[place].token, tie->token);
		atomic_fetch_or(&used[place / 64], UINT64_C(1) << place % 64);
		return true;
	}
	fdtable_clear(tie->anchor);
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

static void close_if_anchor(int fd, void *context)
{
	if (socket_cookie(fd) == *(uint64_t *)context)
		real_close(fd);
}

void tie_close_anchor(const struct tie *tie)
{
	struct fd_entry known = fdtable_get(tie->anchor);

	if (!(known.flags & FD_ANCHOR))
		return;
	/* Forgotten first: once it is closed the number may be another anchor's. */
	if (fdtable_is_ours())
		fdtable_clear(tie->anchor);
	/* It may have made way, to where nobody could note it. */
	if (hook_state_has(STATE_MOVED))
		open_visit(STDERR_FILENO + 1, 2 * ANCHOR_HIGHEST, close_if_anchor, &known.cookie);
	else
		close_if_anchor(tie->anchor, &known.cookie);
}

void tie_end(uint64_t token)
{
	struct tie tie;
	int place;

	if (!tie_find(token, &tie))
		return;
	place = place_find(token);
	if (place < 0 || !atomic_compare_exchange_strong(&places[place].token, &token, CLAIMED))
		return; /* another thread does it */
	atomic_fetch_and(&used[place / 64], ~(UINT64_C(1) << place % 64));
	atomic_store(&places[place].token, 0);
	slot_doubt(tie.pool, tie.token);
	tie_close_anchor(&tie);
}

void ties_visit_some(unsigned int *from, unsigned int most, tie_visitor *visit, void *context)
{
	unsigned int words = sizeof used / sizeof used[0], start = *from % words, i;

	for (i = 0; i < words && most; i++) {
		unsigned int at = (start + i) % words;
		uint64_t bits = atomic_load(&used[at]);

		for (; bits && most; bits &= bits - 1, most--) {
			struct tie tie = tie_read(at * 64 + (unsigned int)__builtin_ctzll(bits));

			if (tie.token)
				visit(&tie, context);
		}
		*from = at + 1;
	}
}

void ties_visit(tie_visitor *visit, void *context)
{
	unsigned int from = 0;

	ties_visit_some(&from, PLACES, visit, context);
}

static void move_anchor(const struct tie *tie, void *context)
{
	int fd = *(int *)context, copy, place;

	if (tie->anchor != fd)
		return;
	copy = anchor_copy(fd, real_survives_exec(fd));
	place = place_find(tie->token);
	if (copy < 0)
		return;
	if (place < 0) {
		real_close(copy); /* its tie has ended meanwhile */
		return;
	}
	if (!fdtable_is_ours()) {
		hook_state_add(STATE_MOVED);
		return;
	}
	anchor_note(copy, tie->token);
	atomic_store(&places[place].anchor, copy);
	fdtable_clear(fd);
	/* Another thread has ended the tie meanwhile, and closed the old number alone. */
	if (atomic_load(&places[place].token) != tie->token) {
		fdtable_clear(copy);
		real_close(copy);
	}
}

void tie_move_anchor(int fd)
{
	ties_visit(move_anchor, &fd);
}
