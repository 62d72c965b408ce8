/* SPDX-License-Identifier: MIT */
#include <netinet/tcp.h>
#include <stdlib.h>

#include "guard/guard.h"
#include "inspect/judge.h"

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
static bool anchor_read(const struct judging *judging, struct reserved *entry, bool *there)
{
	const struct owners *owners = &judging->reservations->owners;
	const struct unix_socket *anchor;
	struct reservation reservation;
	const struct owner *holder;
	size_t count;

	*there = !judging->anchors;
	if (!judging->anchors)
		return true;
	if (!reservation_find(judging->pool, entry->token, &reservation))
		return true;
	anchor = unix_sockets_find(judging->anchors, reservation.anchor);
	if (!anchor)
		return true;
	*there = true;
	entry->anchor = anchor->inode;
	holder = owners_of(owners, anchor->peer, &count);
	if (count)
		entry->holder = holder->pid;
	return keepers_add(entry, owners, anchor->inode);
}

bool reserved_judge(struct reserved *entry, const struct judging *judging)
{
	unsigned int ports = entry->block.count * (entry->block.protocols == 3 ? 2U : 1U), guarded;
	bool anchored = true;

	if (entry->health == HEALTH_MAKING)
		return true;
	if (!ports_count(judging->reservations, entry))
		return false;
	if (!judging->reservations->sockets.bound_shown)
		guards_ask(entry);
	guarded = entry->guarded[PROTOCOL_TCP] + entry->guarded[PROTOCOL_UDP];
	if (entry->kind == KIND_PERSISTENT) {
		entry->health = guarded == ports ? HEALTH_ALIVE : HEALTH_UNHELD;
		return true;
	}
	if (!anchor_read(judging, entry, &anchored))
		return false;
	entry->health = anchored && guarded ? HEALTH_ALIVE : HEALTH_STALE;
	return true;
}
