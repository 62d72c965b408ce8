/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/guard.h"
#include "inspect/leftovers.h"
#include "inspect/reservations.h"
#include "pool/word.h"

void leftover_add(struct leftovers *leftovers, bool cleared, const char *kind,
		  const struct leftover *where, const char *why, ...)
{
	struct leftover *list = reallocarray(leftovers->list, leftovers->count + 1, sizeof *list);
	struct leftover entry = {.cleared = cleared, .kind = kind, .block = where->block};
	va_list arguments;

	if (list)
		leftovers->list = list;
	if (where->path)
		entry.path = strdup(where->path);
	va_start(arguments, why);
	if (vasprintf(&entry.why, why, arguments) < 0)
		entry.why = NULL;
	va_end(arguments);
	if (!list || !entry.why || (where->path && !entry.path)) {
		leftovers->failed = true;
		free(entry.path);
		free(entry.why);
		return;
	}
	list[leftovers->count++] = entry;
}

void leftovers_free(struct leftovers *leftovers)
{
	size_t i;

	for (i = 0; i < leftovers->count; i++) {
		free(leftovers->list[i].path);
		free(leftovers->list[i].why);
	}
	free(leftovers->list);
	*leftovers = (struct leftovers){.list = NULL};
}

struct clearing {
	struct leftovers *leftovers;
	struct pool *pool;
	/* The tokens of what has ended, by slot: their words go with them. */
	uint64_t ended[POOL_SLOTS];
	/* Words of nobody that follow each other. */
	struct block run;
};

static void reservation_clear(struct clearing *clearing, const struct reserved *entry)
{
	struct leftovers *leftovers = clearing->leftovers;
	unsigned int slot = TOKEN_SLOT(entry->token);
	bool made = entry->health == HEALTH_STALE;

	if (!made && !reservation_given_up(clearing->pool, slot)) {
		leftover_add(leftovers, false, "making", &(struct leftover){.path = NULL},
			     "somebody has been making it for less than a minute");
		return;
	}
	/* Its token may be somebody else's by now, or complete: then nothing is cleared. */
	if (!leftovers->dry && !(made ? slot_free(clearing->pool, entry->token)
				      : slot_abandon(clearing->pool, entry->token)))
		return;
	clearing->ended[slot] = entry->token;
	if (made)
		leftover_add(leftovers, true, "reservation",
			     &(struct leftover){.block = entry->block},
			     "it has ended; %s (process %d) had made it", entry->maker.command,
			     (int)entry->maker.pid);
	else
		leftover_add(leftovers, true, "making", &(struct leftover){.path = NULL},
			     "whoever made it was killed more than a minute ago");
}

static void run_end(struct clearing *clearing)
{
	if (clearing->run.count)
		leftover_add(clearing->leftovers, true, "words",
			     &(struct leftover){.block = clearing->run},
			     "their reservations are gone");
	clearing->run.count = 0;
}

static void run_add(struct clearing *clearing, enum protocol protocol, uint16_t port)
{
	struct block *run = &clearing->run;

	if (run->count && port != run->first + run->count)
		run_end(clearing);
	if (!run->count)
		*run = (struct block){.first = port, .protocols = PROTOCOL_BIT(protocol)};
	run->count++;
}

/* Every word is seen before its slot: one that is not its slot's now never will be. */
static void word_clear(struct clearing *clearing, enum protocol protocol, uint16_t port)
{
	_Atomic uint64_t *word = word_of(clearing->pool, protocol, port);
	uint64_t seen = atomic_load(word), token = slot_token(clearing->pool, word_slot(seen));
	uint64_t ended = clearing->ended[word_slot(seen)], to = 0;
	bool binding = word_state(seen) == WORD_BINDING, dry = clearing->leftovers->dry, belongs;

	if (word_state(seen) == WORD_FREE)
		return;
	/* Rule 3 of pool.h: whoever is about to bind is left alone. */
	if (binding && !word_binder_is_dead(clearing->pool, seen))
		return;
	if (ended && word_belongs(seen, ended)) {
		if (!dry)
			atomic_compare_exchange_strong(word, &seen, 0);
		return;
	}
	belongs = token && word_belongs(seen, token);
	if (belongs && !binding)
		return;
	if (belongs)
		to = word_make(token, WORD_MAYBE, 0); /* as in draw.c */
	if (!dry && !atomic_compare_exchange_strong(word, &seen, to))
		return;
	if (belongs)
		leftover_add(clearing->leftovers, true, "binder",
			     &(struct leftover){.block = {port, 1, PROTOCOL_BIT(protocol)}},
			     "the process that was about to bind it was killed");
	else
		run_add(clearing, protocol, port);
}

int leftovers_in_pool(struct leftovers *leftovers, struct pool *pool)
{
	struct clearing *clearing;
	struct reservations reservations;
	unsigned int port;
	int error, protocol;
	size_t i;

	/* From another network namespace nothing can be said of these ports. */
	if (guard_netns() != pool->netns)
		return 0;
	clearing = calloc(1, sizeof *clearing);
	error = clearing ? reservations_read(&reservations, pool) : -ENOMEM;
	if (error) {
		free(clearing);
		return error;
	}
	clearing->leftovers = leftovers;
	clearing->pool = pool;
	for (i = 0; i < reservations.count; i++) {
		const struct reserved *entry = &reservations.list[i];

		if (entry->token &&
		    (entry->health == HEALTH_STALE || entry->health == HEALTH_MAKING))
			reservation_clear(clearing, entry);
	}
	reservations_free(&reservations);
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		for (port = 1; port < POOL_PORTS; port++)
			word_clear(clearing, (enum protocol)protocol, (uint16_t)port);
		run_end(clearing);
	}
	free(clearing);
	return 0;
}
