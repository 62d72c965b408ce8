/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/judge.h"
#include "inspect/reservations.h"
#include "pool/slot.h"
#include "real/process.h"

struct reading {
	struct reservations *reservations;
	struct pool *pool;
	struct unix_sockets anchors;
	size_t room;
};

static struct reserved *entry_add(struct reading *reading)
{
	struct reservations *reservations = reading->reservations;

	if (reservations->count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct reserved *list = reallocarray(reservations->list, room, sizeof *list);

		if (!list)
			return NULL;
		reservations->list = list;
		reading->room = room;
	}
	reservations->list[reservations->count] = (struct reserved){.token = 0};
	return &reservations->list[reservations->count++];
}

static void maker_read(const struct reading *reading, struct reserved *entry)
{
	const struct pool_slot *slot = &reading->pool->slots[TOKEN_SLOT(entry->token)];
	uint64_t command[2] = {atomic_load(&slot->command[0]), atomic_load(&slot->command[1])};
	int64_t since = (int64_t)atomic_load(&slot->since);
	pid_t pid = (pid_t)atomic_load(&slot->holder);

	/* Of one that is being made, the rest is still its predecessor's. */
	if (entry->health != HEALTH_MAKING) {
		/* A process that began later has got the number since; two clocks are rounded. */
		if (process_identity().namespace == reading->pool->namespace &&
		    !process_about(pid, &entry->maker) && entry->maker.since <= since + 1)
			entry->maker_lives = true;
		else
			entry->maker = (struct process_about){.pid = pid};
		if (!entry->maker_lives)
			memcpy(entry->maker.command, command, sizeof command);
	}
	entry->maker.since = since;
}

static int slots_read(struct reading *reading)
{
	unsigned int i;

	for (i = 0; reading->pool && i < POOL_SLOTS; i++) {
		uint64_t token = slot_token(reading->pool, i);
		struct reservation found;
		struct reserved *entry;

		if (!token)
			continue;
		entry = entry_add(reading);
		if (!entry)
			return -ENOMEM;
		entry->token = token;
		entry->health = HEALTH_MAKING;
		if (reservation_find(reading->pool, token, &found)) {
			entry->block = found.block;
			entry->kind = found.kind;
			entry->health = HEALTH_STALE;
		}
		if (entry->kind != KIND_PERSISTENT)
			maker_read(reading, entry);
	}
	return 0;
}

/* The listed blocks that no pool knows yet, and the names of the others. */
static int store_enter(struct reading *reading)
{
	struct reservations *reservations = reading->reservations;
	const struct store *store = &reservations->store;
	size_t known = reservations->count, i, j;

	for (i = 0; i < store->count; i++) {
		const struct store_entry *listed = &store->entries[i];
		struct reserved *entry = NULL;

		for (j = 0; j < known && !entry; j++)
			if (block_equals(&reservations->list[j].block, &listed->block) &&
			    (reservations->list[j].kind == KIND_PERSISTENT) == !listed->name)
				entry = &reservations->list[j];
		if (!entry && listed->name)
			continue; /* remembered, not reserved */
		if (!entry) {
			entry = entry_add(reading);
			if (!entry)
				return -ENOMEM;
			entry->block = listed->block;
			entry->kind = KIND_PERSISTENT;
		}
		entry->name = listed->name;
	}
	return 0;
}

/* Those that ended while we looked are not what is left of anything. */
static void ended_drop(struct reading *reading)
{
	struct reservations *reservations = reading->reservations;
	size_t i, kept = 0;

	for (i = 0; i < reservations->count; i++) {
		struct reserved *entry = &reservations->list[i];

		if (entry->token &&
		    slot_token(reading->pool, TOKEN_SLOT(entry->token)) != entry->token)
			free(entry->keepers);
		else
			reservations->list[kept++] = *entry;
	}
	reservations->count = kept;
}

static int compare(const void *one, const void *other)
{
	const struct reserved *a = one, *b = other;

	/* What has ended comes last: there may be much of it. */
	if ((a->health == HEALTH_STALE) != (b->health == HEALTH_STALE))
		return a->health == HEALTH_STALE ? 1 : -1;
	if (a->block.first != b->block.first)
		return a->block.first < b->block.first ? -1 : 1;
	if (a->block.protocols != b->block.protocols)
		return a->block.protocols < b->block.protocols ? -1 : 1;
	return (a->token > b->token) - (a->token < b->token);
}

static int all_read(struct reading *reading)
{
	struct reservations *reservations = reading->reservations;
	struct judging judging = {reservations, NULL, reading->pool};
	int error = slots_read(reading);
	size_t i;

	if (!error)
		error = store_enter(reading);
	/* Later than the pool: what the pool has, has its guards. */
	if (!error)
		error = sockets_read(&reservations->sockets, 1, POOL_PORTS - 1);
	if (error)
		return error;
	error = unix_sockets_read(&reading->anchors);
	if (error == -ENOMEM)
		return error;
	if (!error)
		judging.anchors = &reading->anchors;
	error = owners_read(&reservations->owners);
	if (error == -ENOMEM)
		return error;
	reservations->keepers_known = judging.anchors && !error;
	for (i = 0; i < reservations->count; i++)
		if (!reserved_judge(&reservations->list[i], &judging))
			return -ENOMEM;
	if (reading->pool)
		ended_drop(reading);
	if (reservations->count)
		qsort(reservations->list, reservations->count, sizeof *reservations->list, compare);
	return 0;
}

int reservations_read(struct reservations *reservations, struct pool *pool)
{
	struct reading reading = {.reservations = reservations, .pool = pool};
	int error;

	*reservations = (struct reservations){.list = NULL};
	reservations->store_error = store_open(&reservations->store, STORE_READ);
	if (reservations->store_error)
		reservations->store = (struct store){.count = 0};
	error = all_read(&reading);
	unix_sockets_free(&reading.anchors);
	if (error)
		reservations_free(reservations);
	return error;
}

void reservations_free(struct reservations *reservations)
{
	size_t i;

	for (i = 0; i < reservations->count; i++)
		free(reservations->list[i].keepers);
	free(reservations->list);
	sockets_free(&reservations->sockets);
	owners_free(&reservations->owners);
	if (!reservations->store_error)
		store_close(&reservations->store);
	*reservations = (struct reservations){.list = NULL, .store_error = -ENOENT};
}

const struct reserved *reservations_find(const struct reservations *reservations,
					 enum protocol protocol, uint16_t port)
{
	size_t i;

	for (i = 0; i < reservations->count; i++) {
		const struct reserved *entry = &reservations->list[i];

		if ((entry->health == HEALTH_ALIVE || entry->health == HEALTH_UNHELD) &&
		    entry->block.protocols & PROTOCOL_BIT(protocol) &&
		    block_contains(&entry->block, port))
			return entry;
	}
	return NULL;
}

const char *kind_name(enum reservation_kind kind)
{
	static const char *const names[] = {"runtime", "run", "persistent"};

	return names[kind];
}

const char *health_name(enum reservation_health health)
{
	static const char *const names[] = {"alive", "unheld", "stale", "making"};

	return names[health];
}
