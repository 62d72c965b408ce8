/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "persist/lines.h"
#include "persist/utf8.h"
#include "tool/message.h"

#define REPLACEMENT "\xef\xbf\xbd"

void json_show(json_t *report)
{
	if (!report)
		fail("out of memory; free some and try again");
	/* What could not be written is found by output_check. */
	json_dumpf(report, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(report);
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	char *clean, *end;

	if (string)
		return string;
	clean = end = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	if (!clean)
		return NULL;
	while (*text) {
		size_t length = utf8_length((const unsigned char *)text);

		end = length ? mempcpy(end, text, length) : stpcpy(end, REPLACEMENT);
		text += length ? length : 1;
	}
	*end = '\0';
	string = json_string(clean);
	free(clean);
	return string;
}

void json_block_set(json_t *object, const struct block *block)
{
	json_object_set_new(object, "protocol", json_string(protocols_name(block->protocols)));
	json_object_set_new(object, "first", json_integer(block->first));
	json_object_set_new(object, "last", json_integer(block->first + block->count - 1));
	json_object_set_new(object, "count", json_integer(block->count));
}

json_t *json_process(pid_t pid)
{
	struct process_about about;

	if (process_about(pid, &about))
		return json_pack("{s:i}", "pid", (int)pid);
	return json_pack("{s:i, s:I, s:o, s:I}", "pid", (int)pid, "uid", (json_int_t)about.uid,
			 "command", json_text(about.command), "since", (json_int_t)about.since);
}

static void counts_set(json_t *object, const char *name, const struct reserved *entry,
		       const unsigned int counts[PROTOCOLS])
{
	json_t *numbers = json_object();

	if (entry->block.protocols & PROTOCOL_BIT(PROTOCOL_TCP))
		json_object_set_new(numbers, "tcp", json_integer(counts[PROTOCOL_TCP]));
	if (entry->block.protocols & PROTOCOL_BIT(PROTOCOL_UDP))
		json_object_set_new(numbers, "udp", json_integer(counts[PROTOCOL_UDP]));
	json_object_set_new(object, name, numbers);
}

json_t *json_reserved(const struct reserved *entry)
{
	json_t *object = json_object(), *keepers = json_array();
	size_t i;

	if (entry->block.count) {
		json_block_set(object, &entry->block);
		json_object_set_new(object, "kind", json_string(kind_name(entry->kind)));
		counts_set(object, "guarded", entry, entry->guarded);
		counts_set(object, "in_use", entry, entry->used);
	}
	json_object_set_new(object, "state", json_string(health_name(entry->health)));
	if (entry->name)
		json_object_set_new(object, "name", json_text(entry->name));
	if (entry->maker.since)
		json_object_set_new(object, "since", json_integer(entry->maker.since));
	if (entry->maker.pid)
		json_object_set_new(object, "made_by",
				    json_pack("{s:i, s:o, s:b}", "pid", (int)entry->maker.pid,
					      "command", json_text(entry->maker.command), "lives",
					      entry->maker_lives));
	for (i = 0; i < entry->keeper_count; i++)
		json_array_append_new(keepers, json_process(entry->keepers[i]));
	json_object_set_new(object, "kept_by", keepers);
	if (entry->holder)
		json_object_set_new(object, "holder", json_process(entry->holder));
	return object;
}
