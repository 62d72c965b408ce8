/* SPDX-License-Identifier: MIT */
/*
 * The search for a free block goes round all allowed ports from a cursor that the
 * pool's users share, so that blocks are reused in the order in which they came
 * free. The pool says quickly where not to look; where nothing is left by its word,
 * the kernel is asked which of its reservations still are, and there is a second round.
 * Ports that others count on, and nobody has, are taken in a last one.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "core/browsers.h"
#include "core/search.h"
#include "core/sysctl.h"
#include "pool/word.h"

/*
 * Where the first search of a pool begins: above what services commonly use, and not
 * where those of the host's other users and namespaces do.
 */
#define SEARCH_START  20000
#define SEARCH_SPREAD 10000

struct search_map {
	uint64_t netns;
	struct port_range range;
	uint8_t allowed[POOL_PORTS / 8];
};

static bool allowed(const struct search_map *map, uint32_t port)
{
	return map->allowed[port / 8] >> port % 8 & 1;
}

static void allow(struct search_map *map, uint32_t first, uint32_t last, bool yes)
{
	uint32_t port;

	for (port = first; port <= last && port < POOL_PORTS; port++) {
		if (port % 8 == 0 && port + 7 <= last) {
			/* Eight at a time: every first search of a process goes through this. */
			map->allowed[port / 8] = yes ? 0xff : 0;
			port += 7;
		} else if (yes) {
			map->allowed[port / 8] |= (uint8_t)(1U << port % 8);
		} else {
			map->allowed[port / 8] &= (uint8_t) ~(1U << port % 8);
		}
	}
}

static void disallow(uint16_t first, uint16_t last, void *context)
{
	allow(context, first, last, false);
}

static void map_fill(struct search_map *map, uint64_t netns, struct port_range range)
{
	struct port_range ephemeral;
	uint32_t unprivileged;
	size_t i;

	map->netns = netns;
	map->range = range;
	if (range.last) {
		allow(map, range.first ? range.first : 1, range.last, true);
		return;
	}
	unprivileged = sysctl_unprivileged();
	ephemeral = sysctl_ephemeral();
	allow(map, unprivileged > 1024 ? unprivileged : 1024, POOL_PORTS - 1, true);
	allow(map, ephemeral.first, ephemeral.last, false);
	sysctl_reserved(disallow, map);
	for (i = 0; i < BROWSERS_REFUSE; i++)
		allow(map, browsers_refused[i], browsers_refused[i], false);
}

void search_allowed(struct port_range range, uint8_t ports[POOL_PORTS / 8])
{
	struct search_map map = {.netns = 0};

	map_fill(&map, 0, range);
	memcpy(ports, map.allowed, sizeof map.allowed);
}

/* Kept for the next search of the process, in the same namespace: three files less to read. */
static _Atomic(struct search_map *) kept;

static struct search_map *map_get(uint64_t netns, struct port_range range)
{
	struct search_map *map = atomic_load(&kept), *none = NULL;

	if (map && map->netns == netns && !memcmp(&map->range, &range, sizeof range))
		return map;
	map = mmap(NULL, sizeof *map, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	map_fill(map, netns, range);
	atomic_compare_exchange_strong(&kept, &none, map);
	return map;
}

static uint32_t search_start(void)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = 0;
	return SEARCH_START + random % SEARCH_SPREAD;
}

/* Where somebody has a range of his own, nobody else is to go on. */
static _Atomic uint32_t *cursor_of(struct pool *pool, const struct acquire_request *request)
{
	return request->range.last ? &pool->range_cursor : &pool->search_cursor;
}

int search_begin(struct search *search, struct pool *pool, const struct acquire_request *request)
{
	*search = (struct search){
		.pool = pool,
		.request = request,
		.map = map_get(pool->netns, request->range),
	};
	if (!search->map)
		return -ENOMEM;
	search->at =
		atomic_load_explicit(cursor_of(pool, request), memory_order_relaxed) % POOL_PORTS;
	if (!search->at)
		search->at = search_start();
	if (request->range.last &&
	    (search->at < request->range.first || search->at > request->range.last))
		search->at = request->range.first;
	search->start = search->at;
	return 0;
}

void search_end(struct search *search)
{
	if (search->map && search->map != atomic_load(&kept))
		munmap(search->map, sizeof *search->map);
}

static bool looks_taken(const struct search *search, uint32_t port)
{
	return (search->request->protocols & PROTOCOL_BIT(PROTOCOL_TCP) &&
		word_looks_taken(search->pool, PROTOCOL_TCP, (uint16_t)port)) ||
	       (search->request->protocols & PROTOCOL_BIT(PROTOCOL_UDP) &&
		word_looks_taken(search->pool, PROTOCOL_UDP, (uint16_t)port));
}

void port_set_add(struct port_set *set, const struct block *block)
{
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (block->protocols & PROTOCOL_BIT(protocol))
			for (port = block->first; port < end; port++)
				set->bits[protocol][port / 8] |= (uint8_t)(1U << port % 8);
}

bool port_set_meets(const struct port_set *set, const struct block *block)
{
	uint32_t port, end = (uint32_t)block->first + block->count;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (block->protocols & PROTOCOL_BIT(protocol))
			for (port = block->first; port < end; port++)
				if (set->bits[protocol][port / 8] >> port % 8 & 1)
					return true;
	return false;
}

static bool is_avoided(const struct search *search, uint32_t port)
{
	const struct acquire_request *request = search->request;
	struct block block = {(uint16_t)port, 1, request->protocols};

	return request->avoid && port_set_meets(request->avoid, &block);
}

/* The first port of the candidate that speaks against it, 0: none. */
static uint32_t obstacle(struct search *search, uint32_t first)
{
	uint32_t port;

	/* From behind: the next candidate then begins as far on as it can. */
	for (port = first + search->request->count - 1; port >= first; port--) {
		if (!allowed(search->map, port))
			return port;
		if (looks_taken(search, port)) {
			search->skipped = true;
			return port;
		}
		if (!search->anything && is_avoided(search, port)) {
			search->avoided = true;
			return port;
		}
	}
	return 0;
}

/* From the start to the end, from the beginning to the start; then once more after pruning,
 * and once more with what is rather left alone. */
static bool turn(struct search *search)
{
	if (!search->wrapped) {
		search->wrapped = true;
		search->at = 1;
		return true;
	}
	if (search->skipped && !search->pruned) {
		reservation_prune(search->pool, false);
		search->pruned = true;
	} else if (search->avoided && !search->anything) {
		search->anything = true;
	} else {
		return false;
	}
	search->wrapped = false;
	search->at = search->start;
	return true;
}

bool search_next(struct search *search, uint16_t *first)
{
	uint32_t align = search->request->align ? search->request->align : 1, blocked;

	for (;;) {
		search->at = (search->at + align - 1) / align * align;
		if (search->at + search->request->count > POOL_PORTS ||
		    (search->wrapped && search->at >= search->start)) {
			if (!turn(search))
				return false;
			continue;
		}
		blocked = obstacle(search, search->at);
		if (!blocked) {
			*first = (uint16_t)search->at;
			return true;
		}
		search->at = blocked + 1;
	}
}

void search_failed(struct search *search, uint16_t port)
{
	search->at = port + 1U;
}

void search_taken(struct search *search, uint16_t first)
{
	atomic_store_explicit(cursor_of(search->pool, search->request),
			      (uint32_t)first + search->request->count, memory_order_relaxed);
}
