/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/run.h"
#include "persist/lines.h"
#include "persist/utf8.h"

static const char *const protocol_names[] = {"", "tcp", "udp", "tcp+udp"};

const char *protocols_name(uint8_t protocols)
{
	return protocol_names[protocols & 3];
}

bool blocks_overlap(const struct block *one, const struct block *other)
{
	return one->protocols & other->protocols && one->first < other->first + other->count &&
	       other->first < one->first + one->count;
}

bool store_name_valid(const char *name)
{
	size_t length = strlen(name), at = 0, character = 1;

	if (!length || length > STORE_NAME_LONGEST || name[0] == ' ' || name[length - 1] == ' ')
		return false;
	while (at < length && character) {
		character = utf8_length((const unsigned char *)name + at);
		at += character;
	}
	return character;
}

/* The next word of a line, whose end it gets. */
static char *word_next(char **at)
{
	char *word = *at + strspn(*at, " \t");

	*at = word + strcspn(word, " \t");
	if (**at)
		*(*at)++ = '\0';
	return word;
}

/* What is wrong with a line, which it takes apart; NULL: nothing, and the entry is filled in. */
static const char *line_parse(char *line, struct store_entry *entry)
{
	struct port_range range;
	const char *protocols = word_next(&line);
	uint8_t number;

	for (number = 1; number <= 3; number++)
		if (!strcmp(protocols, protocol_names[number]))
			break;
	if (number > 3)
		return "the first word is not tcp, udp or tcp+udp";
	if (run_range_parse(word_next(&line), &range))
		return "the second word is not FIRST-LAST, with ports from 1 to 65535";
	entry->block = (struct block){.first = range.first,
				      .count = (uint16_t)(range.last - range.first + 1),
				      .protocols = number};
	line += strspn(line, " \t");
	if (!*line)
		return number == 3 ? "it has two protocols and no name: give each a line" : NULL;
	if (!store_name_valid(line))
		return "the name is longer than 255 bytes, has control characters, or is no UTF-8";
	entry->name = strdup(line);
	return entry->name ? NULL : "out of memory";
}

/* What the lines before have, so that a long list is not read again for each of its lines. */
struct seen {
	void *names; /* a tree (tsearch) */
	struct port_set ports;
};

static int name_compare(const void *one, const void *other)
{
	return strcmp(one, other);
}

static void name_keep(void *name)
{
	(void)name; /* it is the entry's */
}

/* What is wrong with it beside the entries before it. */
static const char *entry_check(struct seen *seen, const struct store_entry *entry)
{
	char **found;

	if (!entry->name) {
		if (port_set_meets(&seen->ports, &entry->block))
			return "it overlaps a line before";
		port_set_add(&seen->ports, &entry->block);
		return NULL;
	}
	found = tsearch(entry->name, &seen->names, name_compare);
	if (!found)
		return "out of memory";
	return *found == entry->name ? NULL : "the name stands in a line before";
}

static int line_add(struct store *store, struct seen *seen, char *line, struct store_entry *entry)
{
	const char *fault = line_parse(line, entry);
	void *grown;

	if (!fault)
		fault = entry_check(seen, entry);
	if (fault) {
		free(entry->name);
		grown = realloc(store->faults, (store->fault_count + 1) * sizeof *store->faults);
		if (!grown)
			return -ENOMEM;
		store->faults = grown;
		store->faults[store->fault_count++] = (struct store_fault){entry->line, fault};
		return 0;
	}
	grown = realloc(store->entries, (store->count + 1) * sizeof *store->entries);
	if (!grown) {
		if (entry->name)
			tdelete(entry->name, &seen->names, name_compare);
		free(entry->name);
		return -ENOMEM;
	}
	store->entries = grown;
	store->entries[store->count++] = *entry;
	return 0;
}

/* The text of a line, without what is white at its end, for the caller to free. */
static char *line_copy(const char *start, size_t length)
{
	char *line = malloc(length + 2);

	if (!line)
		return NULL;
	memcpy(line, start, length);
	line[length] = '\0';
	/* A byte 0 would hide what comes behind it: let it be seen. */
	if (strlen(line) < length)
		memcpy(line, "?", 2);
	for (length = strlen(line); length && strchr(" \t\r", line[length - 1]);)
		line[--length] = '\0';
	return line;
}

int lines_parse(struct store *store)
{
	struct seen *seen = calloc(1, sizeof *seen);
	struct store_entry entry = {.line = 0};
	int error = seen ? 0 : -ENOMEM;

	while (!error && entry.end < store->length) {
		const char *start = store->text + entry.end;
		const char *end = memchr(start, '\n', store->length - entry.end);
		size_t length = end ? (size_t)(end - start) : store->length - entry.end;
		char *line = line_copy(start, length);

		entry = (struct store_entry){.line = entry.line + 1,
					     .start = entry.end,
					     .end = entry.end + length + (end ? 1 : 0)};
		if (!line)
			error = -ENOMEM;
		else if (*line && *line != '#')
			error = line_add(store, seen, line, &entry);
		free(line);
	}
	if (seen)
		tdestroy(seen->names, name_keep);
	free(seen);
	return error;
}

void lines_free(struct store *store)
{
	size_t i;

	for (i = 0; i < store->count; i++)
		free(store->entries[i].name);
	free(store->entries);
	free(store->faults);
}

size_t lines_format(char *text, const struct block *block, const char *name)
{
	unsigned int last = block->first + block->count - 1U;
	int length = 0, protocol;

	if (name)
		return (size_t)snprintf(text, LINES_SIZE, "%s %u-%u %s\n",
					protocols_name(block->protocols), block->first, last, name);
	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (block->protocols & PROTOCOL_BIT(protocol))
			length += snprintf(text + length, LINES_SIZE - (size_t)length, "%s %u-%u\n",
					   protocols_name(PROTOCOL_BIT(protocol)), block->first,
					   last);
	return (size_t)length;
}
