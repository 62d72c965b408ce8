/* SPDX-License-Identifier: MIT */
/* What is in a range of ports, in words: reservations, who uses what, what is free. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/brush.h"
#include "cli/map.h"
#include "cli/map-kinds.h"
#include "cli/terminal.h"
#include "inspect/runs.h"
#include "real/text.h"
#include "tool/message.h"

#define LINES_MOST   60
#define BEFORE_TEXT  15 /* columns of the sample and of the ports */
#define COLUMNS_FILE 10000

/* A line. That of a reservation is about all of its block. */
struct item {
	struct port_run run;
	uint8_t protocols;
};

struct items {
	struct item *list;
	size_t count, room;
};

static void item_add(struct items *items, const struct port_run *run, uint8_t protocols)
{
	if (items->count == items->room) {
		items->room = items->room ? items->room * 2 : 64;
		items->list = reallocarray(items->list, items->room, sizeof *items->list);
		if (!items->list)
			fail("out of memory; free some and try again");
	}
	items->list[items->count++] = (struct item){*run, protocols};
}

static bool is_free(const struct item *item)
{
	return item->run.kind < PORT_HELD;
}

static void runs_add(struct items *items, const struct map *map, enum protocol protocol)
{
	struct port_range rest = map->range;
	struct port_run run;

	do {
		run_find(map->ports, map->reservations, protocol, rest, &run);
		/* The reservation has a line of its own. */
		if (run.kind != PORT_HELD)
			item_add(items, &run, PROTOCOL_BIT(protocol));
		rest.first = (uint16_t)(run.last + 1);
	} while (run.last < rest.last);
}

static void reservations_add(struct items *items, const struct map *map)
{
	size_t i;

	for (i = 0; i < map->reservations->count; i++) {
		const struct reserved *entry = &map->reservations->list[i];
		const struct block *block = &entry->block;
		struct port_run run = {.kind = PORT_HELD, .reservation = entry};

		if (entry->health == HEALTH_STALE || !block->count ||
		    !(block->protocols & map->protocols))
			continue;
		run.first = block->first;
		run.last = (uint16_t)(block->first + block->count - 1);
		if (run.first <= map->range.last && run.last >= map->range.first)
			item_add(items, &run, block->protocols);
	}
}

/* By port, the longer ones first, so that a block comes before what is in it. */
static int compare(const void *one, const void *other)
{
	const struct item *a = one, *b = other;

	if (a->run.first != b->run.first)
		return a->run.first < b->run.first ? -1 : 1;
	if (a->run.last != b->run.last)
		return a->run.last > b->run.last ? -1 : 1;
	if (a->run.kind != b->run.kind)
		return a->run.kind < b->run.kind ? -1 : 1;
	return (a->protocols > b->protocols) - (a->protocols < b->protocols);
}

static bool same_but_protocol(const struct item *one, const struct item *other)
{
	return one->run.kind != PORT_HELD && one->run.kind == other->run.kind &&
	       one->run.first == other->run.first && one->run.last == other->run.last &&
	       one->run.reservation == other->run.reservation &&
	       port_user_equals(&one->run.user, &other->run.user);
}

static void protocols_join(struct items *items)
{
	size_t i, kept = 0;

	for (i = 0; i < items->count; i++)
		if (kept && same_but_protocol(&items->list[kept - 1], &items->list[i]))
			items->list[kept - 1].protocols |= items->list[i].protocols;
		else
			items->list[kept++] = items->list[i];
	items->count = kept;
}

static void process_text(struct text *text, pid_t pid)
{
	struct process_about about;

	text_add(text, "pid ");
	text_add_number(text, (uint64_t)pid, 10);
	if (process_about(pid, &about))
		return;
	text_add(text, " (");
	text_add(text, about.command);
	text_add(text, ")");
}

static void user_text(struct text *text, const struct port_user *user)
{
	char name[USER_NAME_SIZE];

	if (user->time_wait) {
		text_add(text, ", TIME_WAIT: no process has it");
	} else if (user->closing) {
		text_add(text, ", being closed: no process has it");
	} else if (user->pid) {
		text_add(text, ", ");
		process_text(text, user->pid);
		if (user->processes > 1) {
			text_add(text, " and ");
			text_add_number(text, user->processes - 1, 10);
			text_add(text, " more");
		}
	} else {
		text_add(text, ", a process of ");
		text_add(text, user_name(user->uid, name));
	}
}

static void reservation_text(struct text *text, const struct reserved *entry)
{
	text_add(text, ", ");
	text_add(text, kind_name(entry->kind));
	text_add(text, " reservation");
	if (entry->maker.pid && entry->maker_lives) {
		text_add(text, " of ");
		process_text(text, entry->maker.pid);
	} else if (entry->keeper_count) {
		text_add(text, ", kept by ");
		process_text(text, entry->keepers[0]);
	}
	if (entry->name) {
		text_add(text, ", named ");
		text_add(text, entry->name);
	}
}

static const char *held_text(const struct reserved *entry)
{
	if (entry->health == HEALTH_MAKING)
		return "being reserved";
	if (entry->health == HEALTH_ALIVE)
		return "held";
	return entry->guarded[PROTOCOL_TCP] + entry->guarded[PROTOCOL_UDP] ? "held in part"
									   : "listed, not held";
}

static void item_text(const struct item *item, struct text *text)
{
	const struct port_run *run = &item->run;
	char name[USER_NAME_SIZE];

	if (is_free(item))
		text_add(text, kind_looks[run->kind].words);
	else if (run->kind == PORT_HELD)
		text_add(text, held_text(run->reservation));
	else
		text_add(text, run->kind == PORT_HELD_OTHER ? "held by others" : "in use");
	if (item->protocols != 3)
		text_add(text, item->protocols == PROTOCOL_BIT(PROTOCOL_TCP) ? ", TCP" : ", UDP");
	if (run->kind == PORT_HELD)
		reservation_text(text, run->reservation);
	if (run->kind == PORT_USED || run->kind == PORT_USED_OTHER)
		user_text(text, &run->user);
	if (run->kind == PORT_HELD_OTHER) {
		text_add(text, ", a reservation of ");
		text_add(text, user_name(run->user.uid, name));
		if (run->user.uid == geteuid())
			text_add(text, " in another pool");
	}
}

static void item_print(const struct item *item, struct brush *brush, unsigned int columns)
{
	char buffer[2 * COMMAND_SIZE + STORE_NAME_LONGEST], ports[16];
	const struct port_run *run = &item->run;
	struct text text = TEXT(buffer);

	snprintf(ports, sizeof ports, run->first == run->last ? "%u" : "%u-%u", run->first,
		 run->last);
	item_text(item, &text);
	brush_sample(brush, run->kind == PORT_HELD && run->reservation->health == HEALTH_UNHELD
				    ? PORT_FREE
				    : run->kind);
	printf("%-*s", BEFORE_TEXT - 3, ports);
	terminal_print(buffer, columns);
	putchar('\n');
}

/* The free ones go first where there are too many lines. */
static void items_print(const struct items *items, const struct map *map, struct brush *brush)
{
	unsigned int width = terminal_columns(), columns = COLUMNS_FILE;
	bool all = items->count <= LINES_MOST;
	size_t i, lines = 0, more = 0, left_out = 0;

	if (isatty(STDOUT_FILENO))
		columns = width > 2 * BEFORE_TEXT ? width - BEFORE_TEXT : BEFORE_TEXT;
	for (i = 0; i < items->count; i++) {
		const struct item *item = &items->list[i];

		if (!all && is_free(item)) {
			left_out++;
		} else if (lines == LINES_MOST) {
			more++;
		} else {
			item_print(item, brush, columns);
			lines++;
		}
	}
	if (all)
		return;
	if (more)
		printf("and %zu more lines; ", more);
	printf("not shown: %zu runs of free ports; all: portres map --json %u-%u\n", left_out,
	       map->range.first, map->range.last);
}

void map_list(const struct map *map, struct brush *brush)
{
	struct items items = {.list = NULL};
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (map->protocols & PROTOCOL_BIT(protocol))
			runs_add(&items, map, (enum protocol)protocol);
	reservations_add(&items, map);
	qsort(items.list, items.count, sizeof *items.list, compare);
	protocols_join(&items);
	putchar('\n');
	items_print(&items, map, brush);
	free(items.list);
}
