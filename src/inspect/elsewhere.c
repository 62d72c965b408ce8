/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/here.h"
#include "inspect/elsewhere.h"
#include "inspect/start.h"
#include "pool/word.h"

struct search {
	uint64_t netns;
	enum protocol protocol;
	uint16_t port;
	char *last; /* the folder that was looked into last: a tree has the same one */
};

static bool pool_has(const struct search *search, const char *folder)
{
	struct pool *pool;
	bool has;

	if (pool_open(&pool, folder, search->netns, false))
		return false;
	has = word_token(pool, search->protocol, search->port) != 0;
	pool_close(pool);
	return has;
}

static bool process_knows(struct search *search, pid_t pid)
{
	struct process_start start;
	bool knows = false;

	if (start_read(&start, pid))
		return false;
	/* From elsewhere a relative one is another folder. */
	if (start.folder && *start.folder == '/' &&
	    (!search->last || strcmp(search->last, start.folder))) {
		knows = pool_has(search, start.folder);
		free(search->last);
		search->last = start.folder;
		start.folder = NULL;
	}
	start_free(&start);
	return knows;
}

static int compare(const void *one, const void *other)
{
	pid_t a = *(const pid_t *)one, b = *(const pid_t *)other;

	return (a > b) - (a < b);
}

char *elsewhere_find(const struct owners *owners, uint64_t netns, enum protocol protocol,
		     uint16_t port)
{
	struct search search = {.netns = netns, .protocol = protocol, .port = port};
	pid_t *pids;
	size_t i;

	if (pool_folder() && pool_has(&search, NULL))
		return strdup("");
	pids = reallocarray(NULL, owners->count + 1, sizeof *pids);
	if (!pids)
		return NULL;
	for (i = 0; i < owners->count; i++)
		pids[i] = owners->list[i].pid;
	qsort(pids, owners->count, sizeof *pids, compare);
	for (i = 0; i < owners->count; i++) {
		if (i && pids[i] == pids[i - 1])
			continue;
		if (process_knows(&search, pids[i]))
			break;
	}
	if (i == owners->count) {
		free(search.last);
		search.last = NULL;
	}
	free(pids);
	return search.last;
}

char *elsewhere_list_find(const struct owners *owners, uint32_t inode)
{
	struct process_start start;
	char *folder;
	size_t count;
	const struct owner *owner = owners_of(owners, inode, &count);

	if (!count || start_read(&start, owner->pid))
		return NULL;
	folder = start.state;
	start.state = NULL;
	start_free(&start);
	return folder ? folder : strdup("");
}
