/* SPDX-License-Identifier: MIT */
/*
 * The pool's words. Each atomic operation is a point at which others may run.
 *
 * With weak memory a relaxed load may read an older value: any that is not older than what
 * this process is known to have seen, by its own operations, by what it read with acquire,
 * and by the kernel's lock of a port. Values are written in the order in which the processes
 * come to it (no promises: a load never sees a store that comes later in the order of all
 * steps). Operations that are seq_cst read the newest value; they are acquire and release
 * besides, and no fence for what is relaxed. This allows more than the store buffers of
 * x86-64 do.
 */
#include <inttypes.h>
#include <string.h>

#include "explore-machine.h"
#include "explore.h"
#include "pool/word.h"

bool weak_memory, memory_cut;

/* The fields of a slot that decide something; from its token on. */
static const struct field {
	const char *name;
	uint8_t offset;
	bool relaxed; /* is read so somewhere */
} fields[] = {
	{"token", offsetof(struct pool_slot, token), true},
	{"block", offsetof(struct pool_slot, block), false},
	{"anchor", offsetof(struct pool_slot, anchor), false},
	{"cursor", offsetof(struct pool_slot, cursor), true},
	{"cursor (UDP)", offsetof(struct pool_slot, cursor) + 4, true},
	{"preferred", offsetof(struct pool_slot, preferred), true},
	{"preferred (UDP)", offsetof(struct pool_slot, preferred) + 4, true},
	{"exhausted", offsetof(struct pool_slot, exhausted), true},
	{"exhausted (UDP)", offsetof(struct pool_slot, exhausted) + 4, true},
	{"parked", offsetof(struct pool_slot, parked), true},
	{"since", offsetof(struct pool_slot, since), true},
	{"ended", offsetof(struct pool_slot, ended), true},
	{"socket", offsetof(struct pool_slot, socket), false},
};

#define FIELDS	      (sizeof fields / sizeof *fields)
#define WORDS_EACH    4 /* the ports from 1 on that scenarios use */
#define FIRST_WORD    (3 + POOL_SLOTS * FIELDS)
#define LOCATIONS_ALL (FIRST_WORD + PROTOCOLS * WORDS_EACH)

_Static_assert(LOCATIONS_ALL <= LOCATIONS, "there is room for all");

/* 1 + the location of an object; 0: it decides nothing, or is no part of the pool. */
static unsigned int location_of(const volatile void *object)
{
	size_t offset = (size_t)((const volatile char *)object - (const volatile char *)&shared);
	size_t i, slot;

	if (offset >= sizeof shared)
		return 0;
	if (offset >= offsetof(struct pool, words)) {
		size_t word = (offset - offsetof(struct pool, words)) / sizeof(uint64_t);

		if (word % POOL_PORTS > WORDS_EACH || word % POOL_PORTS == 0)
			violation("port %zu is none of the scenario's", word % POOL_PORTS);
		return (unsigned int)(1 + FIRST_WORD + word / POOL_PORTS * WORDS_EACH +
				      word % POOL_PORTS - 1);
	}
	if (offset < offsetof(struct pool, slots))
		return (unsigned int)(1 + (offset - offsetof(struct pool, slot_cursor)) / 4);
	offset -= offsetof(struct pool, slots);
	slot = offset / sizeof(struct pool_slot);
	for (i = 0; i < FIELDS; i++)
		if (offset % sizeof(struct pool_slot) == fields[i].offset)
			return (unsigned int)(1 + 3 + slot * FIELDS + i);
	return 0;
}

static bool read_relaxed(unsigned int location)
{
	return location <= 3 ||
	       (location <= FIRST_WORD && fields[(location - 1 - 3) % FIELDS].relaxed);
}

/* ---- for people ---- */

static const char *location_name(unsigned int location)
{
	static const char *const cursors[] = {"slot_cursor", "search_cursor", "range_cursor"};
	static char name[64];

	if (location <= 3)
		return cursors[location - 1];
	location -= 1 + 3;
	if (location < POOL_SLOTS * FIELDS) {
		snprintf(name, sizeof name, "slot %u, %s", (unsigned int)(location / FIELDS),
			 fields[location % FIELDS].name);
	} else {
		location -= POOL_SLOTS * FIELDS;
		snprintf(name, sizeof name, "word of port %u%s", location % WORDS_EACH + 1,
			 location >= WORDS_EACH ? " (UDP)" : "");
	}
	return name;
}

static const char *value_text(unsigned int location, uint64_t value, char *text, size_t size)
{
	static const char *const states[] = {"FREE",  "HELD", "BINDING", "USED",
					     "MAYBE", "?",    "?",	 "?"};

	if (location > FIRST_WORD && value)
		snprintf(text, size, "%s of token %" PRIu64 "%s%s", states[word_state(value)],
			 value >> 52, value & WORD_DRAWN ? " drawn" : "",
			 word_state(value) == WORD_BINDING ? "" : " (whole tag)");
	else if (value >> 52)
		snprintf(text, size, "token %" PRIu64 ": %" PRIx64, value >> 52,
			 value & (COOKIE_MASK >> 4));
	else
		snprintf(text, size, "%" PRIu64, value);
	return text;
}

static void trace_operation(const char *what, unsigned int location, uint64_t before,
			    const uint64_t *after, const char *outcome)
{
	char one[80], other[80];

	if (!tracing)
		return;
	trace("%s %s: %s%s%s%s", what, location_name(location),
	      value_text(location, before, one, sizeof one), after ? " -> " : "",
	      after ? value_text(location, *after, other, sizeof other) : "", outcome);
}

/* ---- weak memory ---- */

static void view_join(struct view *view, const struct view *other)
{
	int i;

	for (i = 0; i < LOCATIONS; i++)
		if (other->oldest[i] > view->oldest[i])
			view->oldest[i] = other->oldest[i];
}

void memory_meet_port(int port)
{
	if (!weak_memory || !port)
		return;
	view_join(&world.memory.views[current], &world.memory.ports[port]);
	world.memory.ports[port] = world.memory.views[current];
}

static uint64_t pool_value(const volatile void *object, size_t size)
{
	return size == 4 ? *(const volatile uint32_t *)object : *(const volatile uint64_t *)object;
}

static struct location *location_begin(unsigned int location, uint64_t value)
{
	struct location *at = &world.memory.locations[location - 1];

	if (!at->count) {
		at->count = 1;
		at->messages[0].value = value;
	}
	return at;
}

/* Forgets the oldest value of a location: nobody may read it any more. */
static void message_forget(unsigned int number)
{
	struct memory *memory = &world.memory;
	struct location *at = &memory->locations[number];
	uint64_t i, j;

#define DROP(view)                                                                                 \
	if ((view).oldest[number])                                                                 \
	(view).oldest[number]--
	memmove(at->messages, at->messages + 1, (at->count - 1) * sizeof *at->messages);
	memset(&at->messages[--at->count], 0, sizeof *at->messages);
	for (i = 0; i < EVERYBODY; i++)
		DROP(memory->views[i]);
	for (i = 0; i < POOL_PORTS; i++)
		DROP(memory->ports[i]);
	for (i = 0; i < LOCATIONS; i++)
		for (j = 0; j < memory->locations[i].count; j++)
			DROP(memory->locations[i].messages[j].view);
#undef DROP
}

static bool oldest_is_read(unsigned int number)
{
	int i;

	if (!read_relaxed(number + 1))
		return false;
	for (i = 0; i < PROCESSES; i++)
		if (world.processes[i].state == PROCESS_RUNS &&
		    !world.memory.views[i].oldest[number])
			return true;
	return false;
}

static void messages_forget(void)
{
	unsigned int i;

	for (i = 0; i < LOCATIONS_ALL; i++)
		while (world.memory.locations[i].count > 1 && !oldest_is_read(i))
			message_forget(i);
}

static struct view *view_of_current(void)
{
	return &world.memory.views[current];
}

static void message_read(unsigned int location, uint64_t index, memory_order order)
{
	struct location *at = &world.memory.locations[location - 1];

	view_of_current()->oldest[location - 1] = (uint8_t)index;
	if (order != memory_order_relaxed)
		view_join(view_of_current(), &at->messages[index].view);
}

static void message_write(unsigned int location, uint64_t value, memory_order order,
			  const struct view *continued)
{
	struct location *at = &world.memory.locations[location - 1];
	struct message *message;

	if (at->count == MESSAGES) {
		memory_cut = true;
		message_forget(location - 1);
	}
	view_of_current()->oldest[location - 1] = (uint8_t)at->count;
	message = &at->messages[at->count++];
	*message = (struct message){.value = value};
	if (order != memory_order_relaxed)
		message->view = *view_of_current();
	if (continued) /* by a read-modify-write: who wrote what it read is still known by it */
		view_join(&message->view, continued);
	message->view.oldest[location - 1] = view_of_current()->oldest[location - 1];
}

int memory_alternatives(int process)
{
	const struct process *who = &world.processes[process];
	const struct location *at;
	int alternatives = 1;

	if (who->may_read_old && weak_memory) {
		at = &world.memory.locations[who->location - 1];
		if (at->count)
			alternatives = (int)at->count -
				       world.memory.views[process].oldest[who->location - 1];
	}
	return alternatives + who->may_fail;
}

/* ---- the operations ---- */

static void point_at(unsigned int location, memory_order order, bool may_fail)
{
	struct process *process = &world.processes[current];

	if (weak_memory && order == memory_order_relaxed && !read_relaxed(location))
		violation("%s is read relaxed, and the model does not expect it",
			  location_name(location));
	process->location = (uint8_t)location;
	process->may_read_old = order == memory_order_relaxed;
	process->may_fail = may_fail;
	point();
	process->location = 0;
	process->may_read_old = process->may_fail = false;
}

/* 0: the newest of what it may read, and so on. */
static uint64_t value_read(unsigned int location, uint64_t newest, memory_order order)
{
	struct location *at;
	uint64_t index;

	if (!weak_memory)
		return newest;
	at = location_begin(location, newest);
	index = at->count - 1 - (uint64_t)chosen;
	message_read(location, index, order);
	return at->messages[index].value;
}

void explore_load(const volatile void *object, size_t size, void *value, memory_order order)
{
	unsigned int location = location_of(object);
	uint64_t read;

	if (!location) {
		memcpy(value, (const void *)object, size);
		return;
	}
	point_at(location, order, false);
	read = value_read(location, pool_value(object, size), order);
	messages_forget();
	memcpy(value, size == 4 ? (void *)&(uint32_t){(uint32_t)read} : (void *)&read, size);
	trace_operation("load", location, read, NULL, chosen ? ", an old value" : "");
}

void explore_store(volatile void *object, size_t size, const void *value, memory_order order)
{
	unsigned int location = location_of(object);
	uint64_t before, after;

	if (!location) {
		memcpy((void *)object, value, size);
		return;
	}
	point_at(location, memory_order_seq_cst, false);
	before = pool_value(object, size);
	after = pool_value(value, size);
	if (weak_memory) {
		location_begin(location, before);
		message_write(location, after, order, NULL);
		messages_forget();
	}
	memcpy((void *)object, value, size);
	changed |= before != after;
	trace_operation("store", location, before, &after, "");
}

static void update(volatile void *object, size_t size, unsigned int location, const void *value,
		   memory_order order)
{
	struct location *at;
	struct view read;

	if (weak_memory) {
		at = location_begin(location, pool_value(object, size));
		read = at->messages[at->count - 1].view;
		message_read(location, at->count - 1, order);
		message_write(location, pool_value(value, size), order, &read);
		messages_forget();
	}
	changed |= pool_value(object, size) != pool_value(value, size);
	memcpy((void *)object, value, size);
}

void explore_add(volatile void *object, size_t size, uint64_t operand, memory_order order)
{
	unsigned int location = location_of(object);
	uint64_t before, after;
	uint32_t small;

	point_at(location, memory_order_seq_cst, false);
	before = pool_value(object, size);
	after = before + operand;
	small = (uint32_t)after;
	update(object, size, location, size == 4 ? (void *)&small : (void *)&after, order);
	trace_operation("add to", location, before, &after, "");
}

bool explore_exchange(volatile void *object, size_t size, void *expected, const void *desired,
		      memory_order order, bool weak)
{
	unsigned int location = location_of(object);
	uint64_t newest, read, after = pool_value(desired, size);
	bool fails = false;

	if (!location) {
		if (memcmp((void *)object, expected, size) != 0) {
			memcpy(expected, (void *)object, size);
			return false;
		}
		memcpy((void *)object, desired, size);
		return true;
	}
	point_at(location, order, weak);
	/* One that is weak may fail for no reason: the last of the alternatives. */
	if (weak && chosen == memory_alternatives(current)) {
		fails = true;
		chosen = 0;
	}
	newest = pool_value(object, size);
	read = newest;
	/* One that fails has only read. */
	if (fails || newest != pool_value(expected, size) || chosen)
		read = value_read(location, newest, order);
	if (!fails && newest == pool_value(expected, size) && read == newest) {
		update(object, size, location, desired, order);
		trace_operation("exchange", location, newest, &after, "");
		return true;
	}
	messages_forget();
	trace_operation("exchange", location, read, &after,
			fails ? ": fails for no reason" : ": fails");
	memcpy(expected, size == 4 ? (void *)&(uint32_t){(uint32_t)read} : (void *)&read, size);
	return false;
}
