/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/persist-list.h"
#include "guard/guard.h"
#include "persist/lines.h"

/* How many ports of a block, of each of its protocols, the kernel keeps others out of. */
static unsigned int guards_count(const struct block *block)
{
	uint32_t index = guard_index_of_block(block), port;
	unsigned int count = 0;
	int protocol;

	for (port = block->first; port < (uint32_t)block->first + block->count; port++)
		for (protocol = 0; protocol < PROTOCOLS; protocol++)
			if (block->protocols & PROTOCOL_BIT(protocol) &&
			    guard_present_on((enum protocol)protocol, (uint16_t)port, index))
				count++;
	return count;
}

static void report_show(const struct store *store)
{
	json_t *blocks = json_array();
	size_t i;

	for (i = 0; i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];
		json_t *block = json_object();

		json_block_set(block, &entry->block);
		if (entry->name)
			json_object_set_new(block, "name", json_text(entry->name));
		else
			json_object_set_new(block, "guarded",
					    json_integer(guards_count(&entry->block)));
		json_array_append_new(blocks, block);
	}
	json_show(json_pack("{s:o}", "blocks", blocks));
}

static void table_show(const struct store *store)
{
	size_t i;

	printf("%-8s %-12s %-12s %s\n", "PROTOCOL", "PORTS", "GUARDED", "NAME");
	for (i = 0; i < store->count; i++) {
		const struct store_entry *entry = &store->entries[i];
		const struct block *block = &entry->block;
		char ports[16], guarded[24] = "-";

		snprintf(ports, sizeof ports, "%u-%u", block->first,
			 block->first + block->count - 1U);
		if (!entry->name)
			snprintf(guarded, sizeof guarded, "%u of %u", guards_count(block),
				 block->count);
		printf("%-8s %-12s ", protocols_name(block->protocols), ports);
		if (entry->name)
			printf("%-12s %s\n", guarded, entry->name);
		else
			printf("%s\n", guarded);
	}
}

void list_show(const struct store *store, bool json)
{
	if (json)
		report_show(store);
	else
		table_show(store);
}
