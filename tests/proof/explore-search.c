/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore-run.h"
#include "explore-search.h"

/* ---- the states that were seen: an open hash table ---- */

static struct {
	uint64_t *keys;	      /* 0: none */
	uint8_t *preemptions; /* the fewest with which it was come to */
	size_t size, count;
} seen;

static void *memory_found(void *memory)
{
	if (memory)
		return memory;
	printf("Bail out! no memory for the states\n");
	exit(99);
}

static void *memory_get(size_t count, size_t size)
{
	return memory_found(calloc(count, size));
}

static size_t seen_find(uint64_t key)
{
	size_t at = key & (seen.size - 1);

	while (seen.keys[at] && seen.keys[at] != key)
		at = (at + 1) & (seen.size - 1);
	return at;
}

static void seen_resize(size_t size)
{
	uint64_t *keys = seen.keys;
	uint8_t *preemptions = seen.preemptions;
	size_t old = seen.size, i;

	seen.size = size;
	seen.keys = memory_get(size, sizeof *seen.keys);
	seen.preemptions = memory_get(size, 1);
	for (i = 0; i < old; i++) {
		if (keys[i]) {
			size_t at = seen_find(keys[i]);

			seen.keys[at] = keys[i];
			seen.preemptions[at] = preemptions[i];
		}
	}
	free(keys);
	free(preemptions);
}

static void seen_forget(void)
{
	free(seen.keys);
	free(seen.preemptions);
	memset(&seen, 0, sizeof seen);
	seen_resize(1 << 16);
}

/* Whether it has to be gone into: new, or come to with more preemptions left. */
static bool seen_add(uint64_t key, uint8_t preemptions)
{
	size_t at;

	if (seen.count * 4 > seen.size * 3)
		seen_resize(seen.size * 2);
	at = seen_find(key);
	if (!seen.keys[at]) {
		seen.keys[at] = key;
		seen.preemptions[at] = preemptions;
		seen.count++;
		return true;
	}
	if (seen.preemptions[at] <= preemptions)
		return false;
	seen.preemptions[at] = preemptions;
	return true;
}

/* ---- depth first ---- */

#define DEEPEST	    20000
#define MOST_STATES 40000000

struct node {
	size_t saved;
	uint8_t moves[MOVES];
	uint8_t count, next, last, killed, preemptions;
};

static struct node *path;
static char *states;
static size_t states_size;
static int found_depth; /* of the violation */

double search_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void room_for(size_t end)
{
	if (end + STATE_SIZE <= states_size)
		return;
	states_size = 2 * (end + STATE_SIZE);
	states = memory_found(realloc(states, states_size));
}

/* The world as it is now becomes the next node. Returns how many moves it has. */
static int node_push(int depth, size_t saved, const struct node *from, uint8_t move, uint8_t spent)
{
	struct node *node = &path[depth];

	*node = (struct node){.saved = saved};
	if (from) {
		node->last = move & MOVE_PROCESS;
		node->killed = (uint8_t)(from->killed + ((move & MOVE_KILL) != 0));
		node->preemptions = spent;
	}
	node->count = (uint8_t)moves_list(node->moves, node->last, node->killed);
	return node->count;
}

static uint64_t key_of(int bound, uint8_t last)
{
	uint64_t hash = state_hash();

	/* With a bound it matters who was the last. */
	if (bound != NO_BOUND)
		hash += (uint64_t)(last + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ? hash : 1;
}

struct outcome search_scenario(const struct scenario *which, int bound, double seconds)
{
	struct outcome outcome = {.complete = true};
	double end = search_seconds() + seconds;
	size_t free_at;
	int depth = 0;

	if (!path)
		path = memory_get(DEEPEST + 1, sizeof *path);
	scenario = which;
	seen_forget();
	if (!world_begin()) {
		outcome.violated = true;
		found_depth = -1;
		return outcome;
	}
	room_for(0);
	free_at = state_save(states);
	node_push(0, 0, NULL, 0, 0);
	while (depth >= 0) {
		struct node *node = &path[depth];
		uint8_t move, spent;

		if (node->next == node->count) {
			free_at = node->saved;
			depth--;
			continue;
		}
		if (outcome.steps % 256 == 0 && search_seconds() > end) {
			outcome.complete = false;
			break;
		}
		state_restore(states + node->saved);
		move = node->moves[node->next++];
		spent = (uint8_t)(node->preemptions +
				  (bound != NO_BOUND && move_is_preemption(move, node->last)));
		if (bound != NO_BOUND && spent > bound)
			continue;
		outcome.steps++;
		if (!move_make(move)) {
			outcome.violated = true;
			break;
		}
		if (!seen_add(key_of(bound, move & MOVE_PROCESS), spent))
			continue;
		if (depth == DEEPEST || seen.count == MOST_STATES) {
			outcome.complete = false;
			continue;
		}
		room_for(free_at);
		if (!node_push(depth + 1, free_at, node, move, spent)) {
			outcome.ends++;
			if (world_inspect())
				continue;
			outcome.violated = true;
			break;
		}
		free_at += state_save(states + free_at);
		depth++;
		if (depth > outcome.deepest)
			outcome.deepest = depth;
	}
	outcome.states = seen.count;
	found_depth = depth;
	return outcome;
}

void search_show(void)
{
	bool good = world_begin();
	int i;

	tracing = true;
	for (i = 0; good && i <= found_depth; i++)
		good = move_make(path[i].moves[path[i].next - 1]);
	if (good) {
		current = INSPECTOR;
		trace("all have ended");
		world_inspect();
	}
	tracing = false;
	printf("#   %s\n", world_complaint());
	fflush(stdout);
}
