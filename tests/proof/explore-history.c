/* SPDX-License-Identifier: MIT */
/*
 * Linearisability, as the search of Wing and Gong does it, but step by step: the set of all
 * states in which a sequential model of reservations may be by now, each together with the
 * operations that have taken effect and not returned. An operation that returns leaves those
 * in which it has taken effect with this result; if none is left, the history is no history
 * of the model. What a killed process was about to do may take effect or not; its sockets and
 * its copies of anchors go one after the other, until it is gone.
 *
 * The model: a block is acquired if it meets no reservation and no socket. A draw gets a port
 * of the block on which no socket is. A reservation ends by RELEASE or with the last copy of
 * its anchor; a socket that is bound stays where it is.
 *
 * Where a scenario says so (`spurious`), an operation may be refused with EADDRINUSE because
 * of another that was at it at the same time, though either order would let it pass. Two
 * acquisitions that meet may both fail; so may a bind beside one that looks at the same port.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explore.h"

/*
 * A configuration, from bit 0: who has the anchor of each reservation (3 bits for each); the
 * port of each program's socket (4); for each process, whether its operation has taken effect
 * (1), with which answer (3) and port (3).
 */
#define SOCKET_SHIFT(program) (12 + 4 * (program))
#define EFFECT_SHIFT(process) (36 + 7 * (process))
#define UDP		      8

enum answer { ANSWER_OK, ANSWER_IN_USE, ANSWER_NOT_AVAILABLE, ANSWER_INVALID, ANSWER_NO_SPACE };

static const char *const kinds[] = {"nothing", "acquire", "draw",   "bind", "bind of a stranger",
				    "close",   "leave",	  "release"};

static unsigned int holders(uint64_t configuration, int reservation)
{
	return configuration >> 3 * reservation & 7;
}

static uint64_t holders_set(uint64_t configuration, int reservation, uint64_t processes)
{
	return (configuration & ~(UINT64_C(7) << 3 * reservation)) | processes << 3 * reservation;
}

static unsigned int where(uint64_t configuration, int program)
{
	return configuration >> SOCKET_SHIFT(program) & 15;
}

static uint64_t bound(uint64_t configuration, int program, uint64_t port)
{
	return (configuration & ~(UINT64_C(15) << SOCKET_SHIFT(program))) |
	       port << SOCKET_SHIFT(program);
}

static bool has_effect(uint64_t configuration, int process)
{
	return configuration >> EFFECT_SHIFT(process) & 1;
}

static uint64_t effect(enum answer answer, unsigned int port)
{
	return 1 | (uint64_t)answer << 1 | (uint64_t)port << 4;
}

static void configuration_add(uint64_t configuration)
{
	struct history *history = &world.history;
	uint32_t at;

	for (at = 0; at < history->count && history->configurations[at] < configuration; at++)
		;
	if (at < history->count && history->configurations[at] == configuration)
		return;
	if (history->count == CONFIGURATIONS)
		violation("the history has too many configurations");
	memmove(&history->configurations[at + 1], &history->configurations[at],
		(history->count - at) * sizeof *history->configurations);
	history->configurations[at] = configuration;
	history->count++;
}

static bool port_free(uint64_t configuration, unsigned int port)
{
	int i;

	for (i = 0; i < PROGRAMS; i++)
		if (where(configuration, i) == port)
			return false;
	return true;
}

/* A release that has begun and not returned, or never will: its ports go one by one. */
static bool is_torn(int reservation)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (world.history.pending[i].kind == OPERATION_RELEASE &&
		    world.history.pending[i].reservation == reservation)
			return true;
	return world.history.blocks[reservation].torn;
}

static bool ranges_meet(int first, int count, int other_first, int other_count)
{
	return first < other_first + other_count && other_first < first + count;
}

/* Whether a block meets what keeps others out now and then. */
static bool block_uncertain(int first, int count, int protocols)
{
	int i;

	for (i = 0; i < RESERVATIONS; i++)
		if ((is_torn(i) || world.history.blocks[i].persistent) &&
		    world.history.blocks[i].protocols & protocols &&
		    ranges_meet(first, count, world.history.blocks[i].first,
				world.history.blocks[i].count))
			return true;
	return false;
}

static bool block_free(uint64_t configuration, int first, int count, int protocols)
{
	int i;

	for (i = 0; i < RESERVATIONS; i++)
		if (holders(configuration, i) && !world.history.blocks[i].persistent &&
		    world.history.blocks[i].protocols & protocols &&
		    ranges_meet(first, count, world.history.blocks[i].first,
				world.history.blocks[i].count))
			return false;
	for (i = first; i < first + count; i++)
		if ((protocols & PROTOCOL_BIT(PROTOCOL_TCP) &&
		     !port_free(configuration, (unsigned int)i)) ||
		    (protocols & PROTOCOL_BIT(PROTOCOL_UDP) &&
		     !port_free(configuration, (unsigned int)i | UDP)))
			return false;
	return true;
}

/* A port of a block, as sockets have it here. */
static unsigned int port_number(const struct operation *operation, int port)
{
	return (unsigned int)port | (operation->protocols == PROTOCOL_BIT(PROTOCOL_UDP) ? UDP : 0);
}

static void draw(uint64_t state, int process, const struct operation *operation)
{
	int first = world.history.blocks[operation->reservation].first, port;
	int count = world.history.blocks[operation->reservation].count;
	bool any = false;

	if (!holders(state, operation->reservation)) {
		/* Its words go one after the other. */
		configuration_add(state | effect(ANSWER_NOT_AVAILABLE, 0) << EFFECT_SHIFT(process));
		configuration_add(state | effect(ANSWER_IN_USE, 0) << EFFECT_SHIFT(process));
		if (!is_torn(operation->reservation))
			return;
	}
	for (port = first; port < first + count; port++) {
		unsigned int number = port_number(operation, port);

		if (!port_free(state, number))
			continue;
		any = true;
		configuration_add(bound(state, operation->program, number) |
				  effect(ANSWER_OK, (unsigned int)port) << EFFECT_SHIFT(process));
	}
	if (!any)
		configuration_add(state | effect(ANSWER_IN_USE, 0) << EFFECT_SHIFT(process));
}

static void bind_certain(uint64_t state, int process, const struct operation *operation)
{
	unsigned int number = port_number(operation, operation->first);
	bool reserved = holders(state, operation->reservation);
	enum answer answer = ANSWER_OK;
	uint64_t after = state;

	if (operation->kind == OPERATION_STRANGER) {
		if (!block_free(state, operation->first, 1, operation->protocols))
			answer = ANSWER_IN_USE;
	} else if (!reserved) {
		if (is_torn(operation->reservation) && port_free(state, number))
			configuration_add(bound(state, operation->program, number) |
					  effect(ANSWER_OK, operation->first)
						  << EFFECT_SHIFT(process));
		answer = ANSWER_NOT_AVAILABLE;
	} else if (!port_free(state, number)) {
		answer = ANSWER_IN_USE;
	}
	if (answer == ANSWER_OK)
		after = bound(state, operation->program, number);
	configuration_add(after | effect(answer, operation->first) << EFFECT_SHIFT(process));
	if (block_uncertain(operation->first, 1, operation->protocols))
		configuration_add(state | effect(ANSWER_IN_USE, 0) << EFFECT_SHIFT(process));
}

static int reservations_of(uint64_t configuration)
{
	int count = 0, i;

	for (i = 0; i < RESERVATIONS; i++)
		count += holders(configuration, i) != 0;
	return count;
}

static void acquire(uint64_t state, int process, const struct operation *operation)
{
	int port = operation->first ? operation->first : 1;
	int last = operation->first ? operation->first : 2;
	bool any = false;

	if (reservations_of(state) >= POOL_SLOTS)
		configuration_add(state | effect(ANSWER_NO_SPACE, 0) << EFFECT_SHIFT(process));
	if (block_uncertain(port, operation->count + last - port, operation->protocols))
		configuration_add(state | effect(ANSWER_IN_USE, 0) << EFFECT_SHIFT(process));
	for (; port <= last; port++) {
		if (!block_free(state, port, operation->count, operation->protocols))
			continue;
		any = true;
		configuration_add(
			holders_set(state, operation->reservation, UINT64_C(1) << process) |
			effect(ANSWER_OK, (unsigned int)port) << EFFECT_SHIFT(process));
	}
	if (!any)
		configuration_add(state | effect(ANSWER_IN_USE, 0) << EFFECT_SHIFT(process));
}

static void release(uint64_t state, int process, const struct operation *operation)
{
	bool good = holders(state, operation->reservation);

	configuration_add(holders_set(state, operation->reservation, 0) |
			  effect(good ? ANSWER_OK : ANSWER_INVALID, 0) << EFFECT_SHIFT(process));
}

static uint64_t leave(uint64_t state, int reservation, int process)
{
	return holders_set(state, reservation, holders(state, reservation) & ~(1U << process));
}

static void take_effect(uint64_t state, int process)
{
	const struct operation *operation = &world.history.pending[process];
	uint64_t done = effect(ANSWER_OK, 0) << EFFECT_SHIFT(process);

	switch (operation->kind) {
	case OPERATION_ACQUIRE:
		acquire(state, process, operation);
		break;
	case OPERATION_DRAW:
		draw(state, process, operation);
		break;
	case OPERATION_BIND:
	case OPERATION_STRANGER:
		bind_certain(state, process, operation);
		break;
	case OPERATION_CLOSE:
		configuration_add(bound(state, operation->program, 0) | done);
		break;
	case OPERATION_LEAVE:
		configuration_add(leave(state, operation->reservation, process) | done);
		break;
	case OPERATION_RELEASE:
		release(state, process, operation);
		break;
	default:
		break;
	}
}

/* What a process that dies has goes, in any order. */
static void vanish(uint64_t state, int process)
{
	int i;

	for (i = 2 * process; i < 2 * process + 2; i++)
		if (where(state, i))
			configuration_add(bound(state, i, 0));
	for (i = 0; i < RESERVATIONS; i++)
		if (holders(state, i) >> process & 1 && !world.history.blocks[i].persistent)
			configuration_add(leave(state, i, process));
}

/* All that may have happened by now. */
static void history_close(void)
{
	struct history *history = &world.history;
	uint64_t done[CONFIGURATIONS];
	uint32_t count = 0, i, j;

	for (i = 0; i < history->count;) {
		uint64_t state = history->configurations[i];
		int process;

		for (j = 0; j < count && done[j] != state; j++)
			;
		if (j < count) {
			i++;
			continue;
		}
		done[count++] = state;
		for (process = 0; process < PROCESSES; process++) {
			if (!has_effect(state, process))
				take_effect(state, process);
			if (world.processes[process].state == PROCESS_DIES)
				vanish(state, process);
		}
		i = 0; /* it is sorted: what is new may be in front */
	}
}

void history_begin(void)
{
	memset(&world.history, 0, sizeof world.history);
	world.history.count = 1;
}

void history_reservation(int reservation, uint8_t processes, const struct block *block,
			 bool persistent)
{
	world.history.blocks[reservation].first = (uint8_t)block->first;
	world.history.blocks[reservation].count = (uint8_t)block->count;
	world.history.blocks[reservation].protocols = block->protocols;
	world.history.blocks[reservation].stands = !persistent;
	world.history.blocks[reservation].persistent = persistent;
	world.history.configurations[0] =
		holders_set(world.history.configurations[0], reservation, processes);
}

void history_pending_text(const struct operation *operation, char *text, size_t size)
{
	switch (operation->kind) {
	case OPERATION_ACQUIRE:
		snprintf(text, size, "acquire of ports %d to %d as reservation %d",
			 operation->first, operation->first + operation->count - 1,
			 operation->reservation);
		break;
	case OPERATION_BIND:
	case OPERATION_STRANGER:
		snprintf(text, size, "%s to port %d", kinds[operation->kind], operation->first);
		break;
	case OPERATION_CLOSE:
		snprintf(text, size, "close of its socket %d", operation->program % 2);
		break;
	default:
		snprintf(text, size, "%s, reservation %d", kinds[operation->kind],
			 operation->reservation);
	}
}

static bool is_pending(int process)
{
	return world.history.pending[process].kind != OPERATION_NONE;
}

void history_invoke(int process, const struct operation *operation)
{
	struct history *history = &world.history;
	char text[80];
	int i;

	history_pending_text(operation, text, sizeof text);
	trace("begins: %s", text);
	history->pending[process] = *operation;
	for (i = 0; i < PROCESSES; i++) {
		if (i == process || (!is_pending(i) && world.processes[i].state != PROCESS_DIES))
			continue;
		history->pending[process].amid |= (uint8_t)(1U << i);
		if (is_pending(i))
			history->pending[i].amid |= (uint8_t)(1U << process);
	}
	if (operation->kind == OPERATION_ACQUIRE) {
		history->blocks[operation->reservation].first = operation->first;
		history->blocks[operation->reservation].count = operation->count;
		history->blocks[operation->reservation].protocols = operation->protocols;
	}
	if (operation->kind == OPERATION_LEAVE && scenario->threads)
		history->blocks[operation->reservation].torn = true;
	if (operation->kind == OPERATION_RELEASE || operation->kind == OPERATION_LEAVE)
		history->blocks[operation->reservation].stands = false;
	history_close();
}

static enum answer answer_of(int error)
{
	switch (error) {
	case 0:
		return ANSWER_OK;
	case -EADDRINUSE:
		return ANSWER_IN_USE;
	case -EADDRNOTAVAIL:
		return ANSWER_NOT_AVAILABLE;
	case -EINVAL:
		return ANSWER_INVALID;
	case -ENOSPC:
		return ANSWER_NO_SPACE;
	default:
		violation("it answers %s", strerrorname_np(-error));
	}
}

void history_return(int process, int error, uint8_t port)
{
	struct history *history = &world.history;
	struct operation operation = history->pending[process];
	enum answer answer = answer_of(error);
	uint64_t wanted, mask = UINT64_C(127) << EFFECT_SHIFT(process);
	bool spurious = (answer == ANSWER_IN_USE || answer == ANSWER_NO_SPACE) &&
			scenario->spurious && operation.amid;
	uint64_t before[CONFIGURATIONS];
	uint32_t i, count;

	history_close();
	count = history->count;
	wanted = effect(answer, answer == ANSWER_OK ? port : 0) << EFFECT_SHIFT(process);
	trace("answers: %s%s%.0d", error ? strerrorname_np(-error) : "ok", port ? ", port " : "",
	      port);
	memcpy(before, history->configurations, sizeof before);
	memset(history->configurations, 0, sizeof history->configurations);
	history->pending[process] = (struct operation){0};
	history->count = 0;
	for (i = 0; i < count; i++) {
		uint64_t seen = before[i] & mask;

		if (answer != ANSWER_OK)
			seen &= ~(UINT64_C(7) << (EFFECT_SHIFT(process) + 4));
		if (seen == wanted || (spurious && !has_effect(before[i], process)))
			configuration_add(before[i] & ~mask);
	}
	if (!history->count)
		violation("%s answers %s: no order of the operations explains this",
			  kinds[operation.kind], error ? strerrorname_np(-error) : "ok");
	if (operation.kind == OPERATION_ACQUIRE && !error) {
		history->blocks[operation.reservation].first = port;
		history->blocks[operation.reservation].stands = true;
	}
}

/* A process has died, and all that it had has gone. */
void history_gone(int process)
{
	struct history *history = &world.history;
	uint64_t mask = UINT64_C(127) << EFFECT_SHIFT(process);
	uint64_t before[CONFIGURATIONS];
	uint32_t i, count;
	int j;

	history_close();
	count = history->count;
	memcpy(before, history->configurations, sizeof before);
	memset(history->configurations, 0, sizeof history->configurations);
	history->count = 0;
	for (i = 0; i < count; i++) {
		bool nothing = !where(before[i], 2 * process) && !where(before[i], 2 * process + 1);

		for (j = 0; j < RESERVATIONS; j++)
			if (holders(before[i], j) >> process & 1 && !history->blocks[j].persistent)
				nothing = false;
		if (nothing)
			configuration_add(before[i] & ~mask);
	}
	if (history->pending[process].kind == OPERATION_RELEASE)
		history->blocks[history->pending[process].reservation].torn = true;
	history->pending[process] = (struct operation){0};
}
