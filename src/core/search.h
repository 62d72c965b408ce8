/* SPDX-License-Identifier: MIT */
/* search.h - where a block of nobody's could be */
#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H

#include "core/reservation.h"

struct search {
	struct pool *pool;
	const struct acquire_request *request;
	struct search_map *map;
	uint32_t at;	/* the next candidate */
	uint32_t start; /* where each round begins */
	bool wrapped;	/* past 65535 once in this round */
	bool skipped;	/* ports that looked taken in the pool were passed over */
	bool avoided;	/* so were ports that the request would rather leave alone */
	bool pruned;	/* the round after that: what looked taken was */
	bool anything;	/* the last round: also what is rather left alone */
};

/* The ports, a bit each, of which blocks are made where no first one is given; range as in
 * struct acquire_request. */
void search_allowed(struct port_range range, uint8_t ports[POOL_PORTS / 8]);

/* 0 or -ENOMEM. search_end in any case. */
int search_begin(struct search *search, struct pool *pool, const struct acquire_request *request);
void search_end(struct search *search);

/* The next candidate; false where there is none any more. */
bool search_next(struct search *search, uint16_t *first);

/* The last candidate failed at this port: go on behind it. */
void search_failed(struct search *search, uint16_t port);

/* The last candidate was taken: the next search begins behind it. */
void search_taken(struct search *search, uint16_t first);

#endif
