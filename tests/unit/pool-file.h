/* SPDX-License-Identifier: MIT */
/* A pool file to be damaged, and what opening it says. */
#ifndef TESTS_UNIT_POOL_FILE_H
#define TESTS_UNIT_POOL_FILE_H

#include "unit.h"

#define NETNS UINT64_C(0x1234567890abcdef)

static char folder[PATH_SIZE];

/* The pool file of a new folder, of which only its path is known afterwards. */
HELPER char *file_new(char path[2 * PATH_SIZE])
{
	struct pool *pool;
	char name[PATH_SIZE];

	IS_FATAL(pool_open(&pool, unit_path(folder, sizeof folder), NETNS, true), 0);
	pool_close(pool);
	IS_FATAL(unit_entries(folder, name), 1);
	snprintf(path, 2 * PATH_SIZE, "%s/%s", folder, name);
	return path;
}

static int open_there(bool create)
{
	struct pool *pool = NULL;
	int before = unit_descriptors(), error = pool_open(&pool, folder, NETNS, create);

	if (!error)
		pool_close(pool);
	IS(unit_descriptors(), before);
	return error;
}

/* Both ways to open it say the same. */
HELPER void refused(int error)
{
	IS(open_there(false), error);
	IS(open_there(true), error);
}

#endif
