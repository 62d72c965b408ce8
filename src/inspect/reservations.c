/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "guard/guard.h"
#include "inspect/reservations.h"
#include "inspect/unix.h"
#include "pool/slot.h"
#include "real/process.h"

#define POOL_COMMAND_SIZE (sizeof((struct pool_slot *)0)->command)

struct reading {
	struct reservations *reservations;
	struct pool *pool;
	struct unix_sockets anchors;
	bool anchors_known;
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

static bool keeper_add(struct reserved *entry, pid_t pid)
{
	pid_t *keepers;
	size_t i;

	for (i = 0; i < entry->keeper_count; i++)
		if (entry->keepers[i] == pid)
			return true;
	keepers = reallocarray(entry->keepers, entry->keeper_count + 1, sizeof *keepers);
	if (!keepers)
		return false;
	entry->keepers = keepers;
	entry->keepers[entry->keeper_count++] = pid;
	return true;
}

static bool keepers_add(struct reserved *entry, const struct owners *owners, uint32_t inode)
{
	size_t count, i;
	const struct owner *owner = owners_of(owners, inode, &count);

	for (i = 0; i < count; i++)
		if (!keeper_add(entry, owner[i].pid))
			return false;
	return true;
}

/* What the kernel has on the ports of a block: guards, and programs' sockets. */
static bool ports_count(const struct reservations *reservations, struct reserved *entry)
{
	const struct inet_sockets *sockets = &reservations->sockets;
	const struct inet_socket *at = sockets_at(sockets, entry->block.first);
	uint32_t index = entry->kind == KIND_PERSISTENT ? guard_index_of_block(&entry->block) : 0;
	/* One port of one protocol has several sockets, which follow each other. */
	uint32_t guarded = 0, used = 0;

	for (; at < sockets->list + sockets->count && block_contains(&entry->block, at->port);
	     at++) {
		uint32_t port = (uint32_t)at->protocol << 16 | at->port;

		if (!(entry->block.protocols & PROTOCOL_BIT(at->protocol)))
			continue;
		if (at->role == ROLE_GUARD && (!index || at->interface == index)) {
			entry->guarded[at->protocol] += guarded != port;
			guarded = port;
			if (index && !keepers_add(entry, &reservations->owners, at->inode))
				return false;
		} else if (at->role == ROLE_PROGRAM && at->state != TCP_TIME_WAIT) {
			entry->used[at->protocol] += used != port;
			used = port;
		}
	}
	return true;
}

static bool guard_ask(const struct reserved *entry, enum protocol protocol, uint16_t port)
{
	if (entry->kind == KIND_PERSISTENT)
		return guard_present_on(protocol, port, guard_index_of_block(&entry->block));
	return guard_present(protocol, port);
}

/* The same of guards, where the kernel does not show them: it is asked by binds. */
static void guards_ask(struct reserved *entry)
{
	int protocol;
	uint32_t i;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		entry->guarded[protocol] = 0;
		for (i = 0; i < entry->block.count; i++)
			if (entry->block.protocols & PROTOCOL_BIT(protocol) &&
			    guard_ask(entry, (enum protocol)protocol,
				      (uint16_t)(entry->block.first + i)))
				entry->guarded[protocol]++;
	}
}

/* Whether the kernel still has the anchor; and who has it open. */
static bool anchor_read(const struct reading *reading, struct reserved *entry, bool *there)
{
	const struct owners *owners = &reading->reservations->owners;
	const struct unix_socket *anchor;
	struct reservation reservation;
	const struct owner *holder;
	size_t count;

	*there = !reading->anchors_known;
	if (!reservation_find(reading->pool, entry->token, &reservation))
		return true;
	anchor = unix_sockets_find(&reading->anchors, reservation.anchor);
	if (!anchor)
		return true;
	*there = true;
	holder = owners_of(owners, anchor->peer, &count);
	if (count)
		entry->holder = holder->pid;
	return keepers_add(entry, owners, anchor->inode);
}

static bool entry_judge(const struct reading *reading, struct reserved *entry)
{
	unsigned int ports = entry->block.count * (entry->block.protocols == 3 ? 2U : 1U), guarded;
	bool anchored = true;

	if (entry->health == HEALTH_MAKING)
		return true;
	if (!ports_count(reading->reservations, entry))
		return false;
	if (!reading->reservations->sockets.bound_shown)
		guards_ask(entry);
	guarded = entry->guarded[PROTOCOL_TCP] + entry->guarded[PROTOCOL_UDP];
	if (entry->kind == KIND_PERSISTENT) {
		entry->health = guarded == ports ? HEALTH_ALIVE : HEALTH_UNHELD;
		return true;
	}
	if (!anchor_read(reading, entry, &anchored))
		return false;
	entry->health = anchored && guarded ? HEALTH_ALIVE : HEALTH_STALE;
	return true;
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

	if (a->block.first != b->block.first)
		return a->block.first < b->block.first ? -1 : 1;
	if (a->block.protocols != b->block.protocols)
		return a->block.protocols < b->block.protocols ? -1 : 1;
	return (a->token > b->token) - (a->token < b->token);
}

static int all_read(struct reading *reading)
{
	struct reservations *reservations = reading->reservations;
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
	reading->anchors_known = !error;
	error = owners_read(&reservations->owners);
	if (error == -ENOMEM)
		return error;
	reservations->keepers_known = reading->anchors_known && !error;
	for (i = 0; i < reservations->count; i++)
		if (!entry_judge(reading, &reservations->list[i]))
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
