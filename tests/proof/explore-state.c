/* SPDX-License-Identifier: MIT */
/* The world as a run of bytes: to be kept, put back, and known again. */
#include <string.h>

#include "explore-run.h"

#define POOL_BEGIN     offsetof(struct pool, slot_cursor)
#define POOL_SLOTS_END (sizeof(struct pool) - offsetof(struct pool, slots))

/* What there is to be copied, part by part. */
struct part {
	char *at;
	size_t size;
};

#define PARTS (3 + EVERYBODY)

static void parts_list(struct part parts[PARTS])
{
	int i;

	parts[0] = (struct part){(char *)&shared + POOL_BEGIN, 16};
	parts[1] = (struct part){(char *)shared.slots, POOL_SLOTS_END};
	parts[2] = (struct part){(char *)&world,
				 weak_memory ? sizeof world : offsetof(struct world, memory)};
	for (i = 0; i < EVERYBODY; i++) {
		char *top = world.processes[i].stack_top;

		parts[3 + i] = (struct part){top ? top : stacks[i] + STACK_SIZE, 0};
		parts[3 + i].size = (size_t)(stacks[i] + STACK_SIZE - parts[3 + i].at);
	}
}

#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * MIX;
	return hash ^ hash >> 29;
}

static uint64_t hash_part(const struct part *part, uint64_t seed)
{
	uint64_t lanes[4] = {seed, seed + 1, seed + 2, seed + 3}, words[4];
	size_t at = 0;
	int i;

	for (; at + sizeof words <= part->size; at += sizeof words) {
		memcpy(words, part->at + at, sizeof words);
		for (i = 0; i < 4; i++)
			lanes[i] = mix(lanes[i], words[i]);
	}
	memset(words, 0, sizeof words);
	memcpy(words, part->at + at, part->size - at);
	for (i = 0; i < 4; i++)
		lanes[i] = mix(lanes[i], words[i]);
	return mix(mix(lanes[0], lanes[1]), mix(lanes[2], lanes[3]) + part->size);
}

uint64_t state_hash(void)
{
	struct part parts[PARTS];
	uint64_t hash = 0;
	int i;

	parts_list(parts);
	for (i = 0; i < PARTS; i++)
		hash = hash_part(&parts[i], hash);
	return hash ? hash : 1;
}

size_t state_save(char *to)
{
	struct part parts[PARTS];
	size_t size = 0;
	int i;

	parts_list(parts);
	for (i = 0; i < PARTS; i++) {
		memcpy(to + size, parts[i].at, parts[i].size);
		size += parts[i].size;
	}
	return size;
}

void state_restore(const char *from)
{
	struct part parts[PARTS];
	char *before[EVERYBODY];
	int i;

	parts_list(parts);
	for (i = 0; i < EVERYBODY; i++)
		before[i] = parts[3 + i].at;
	/* The world first: it says where the stacks begin. */
	for (i = 0; i < 3; i++) {
		memcpy(parts[i].at, from, parts[i].size);
		from += parts[i].size;
	}
	parts_list(parts);
	for (; i < PARTS; i++) {
		if (before[i - 3] < parts[i].at)
			memset(before[i - 3], 0, (size_t)(parts[i].at - before[i - 3]));
		memcpy(parts[i].at, from, parts[i].size);
		from += parts[i].size;
	}
}
