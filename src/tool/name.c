/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "guard/guard.h"
#include "persist/store.h"
#include "pool/word.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/name.h"

/* How long a block may be in the making: 200 ms. */
#define MAKING_PAUSES	100
#define MAKING_PAUSE_NS 2000000

/* What the name had when we looked; first 0: nothing. */
static struct block listed;
/* Another run of this name has that block now. */
static bool runs_already;

/* Those of other names, and the persistent ones. */
static void avoid_listed(struct request *request, const struct store *store)
{
	static struct port_set avoid;
	size_t i;

	for (i = 0; i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];

		if (!request->name || !entry->name || strcmp(entry->name, request->name) != 0)
			port_set_add(&avoid, &entry->block);
	}
	request->acquire.avoid = &avoid;
}

/* The same first port; as many as are asked for, or as there were. */
static void request_name(struct request *request, const struct store *store)
{
	struct acquire_request *acquire = &request->acquire;
	const struct store_entry *entry = store_find_name(store, request->name);
	struct block wanted;

	if (!entry)
		return;
	listed = entry->block;
	if (!request->count_given)
		acquire->count = listed.count;
	wanted = (struct block){listed.first, acquire->count, acquire->protocols};
	if ((acquire->align && listed.first % acquire->align) ||
	    (uint32_t)wanted.first + wanted.count > POOL_PORTS || store_overlap(store, &wanted))
		return;
	acquire->first = listed.first;
}

void name_recall(struct request *request)
{
	struct store store;
	int error = store_open(&store, STORE_READ);

	if (error) {
		/* Who uses no name is not troubled. */
		if (request->name)
			complain(
				"the block of \"%s\" cannot be looked up: %s; set PORTRES_STATE to "
				"a folder that is yours alone",
				request->name, strerror(-error));
		return;
	}
	if (request->name) {
		faults_complain(&store);
		request_name(request, &store);
	}
	if (!request->acquire.first)
		avoid_listed(request, &store);
	store_close(&store);
}

/* Whether a run has the listed block: one of this name, then. */
static bool is_run(struct pool *pool)
{
	enum protocol protocol =
		listed.protocols & PROTOCOL_BIT(PROTOCOL_TCP) ? PROTOCOL_TCP : PROTOCOL_UDP;
	struct timespec pause = {.tv_nsec = MAKING_PAUSE_NS};
	struct reservation reservation;
	int tries;

	/* One that is about to be made has its guards before its slot tells what it is. */
	for (tries = 0; tries < MAKING_PAUSES; tries++) {
		if (reservation_find(pool, word_token(pool, protocol, listed.first),
				     &reservation) &&
		    reservation.kind == KIND_RUN && reservation.block.first == listed.first &&
		    reservation_alive(&reservation))
			return true;
		if (!guard_present(protocol, listed.first))
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

bool name_give_way(struct request *request, struct pool *pool)
{
	struct store store;

	if (!request->name || !request->acquire.first)
		return false;
	runs_already = is_run(pool);
	request->acquire.first = 0;
	if (!store_open(&store, STORE_READ)) {
		avoid_listed(request, &store);
		store_close(&store);
	}
	return true;
}

static bool has_name(const struct store_entry *entry, const void *context)
{
	return entry->name && !strcmp(entry->name, context);
}

static void told(const char *name, const struct block *had, const struct block *block,
		 const char *what)
{
	complain("the block of \"%s\", %u-%u, %s: this run has %u-%u", name, had->first,
		 had->first + had->count - 1U, what, block->first,
		 block->first + block->count - 1U);
}

static int remember(struct store *store, const char *name, const struct block *block)
{
	const struct store_entry *entry = store_find_name(store, name);
	struct store_change change = {
		.gone = has_name, .context = name, .block = block, .name = name};

	/* Since we looked, another run of this name came to a block: it was first. */
	if (entry && !block_equals(&entry->block, &listed)) {
		told(name, &entry->block, block,
		     "belongs to another run of this name, which came first, and is kept for it");
		return 0;
	}
	if (listed.first && listed.first != block->first)
		told(name, &listed, block, "was not to be had, and is forgotten");
	return store_change(store, &change);
}

void name_remember(const struct request *request, const struct block *block)
{
	struct store store;
	int error;

	if (!request->name || block_equals(block, &listed))
		return;
	if (runs_already) {
		told(request->name, &listed, block,
		     "is in use by another run of this name, and is kept for it");
		return;
	}
	error = store_open(&store, STORE_WRITE);
	if (!error) {
		error = remember(&store, request->name, block);
		store_close(&store);
	}
	if (error)
		complain("the block of \"%s\" is not remembered: %s; see that the list of blocks "
			 "can be written (portres-run(1), FILES)",
			 request->name, strerror(-error));
}
