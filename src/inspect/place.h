/* SPDX-License-Identifier: MIT */
/* place.h - folders as people want to know them */
#ifndef INSPECT_PLACE_H
#define INSPECT_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct place {
	char path[PATH_MAX];
	struct stat status;	/* of itself, not of what a link points to */
	int error;		/* 0 or -errno: there is none, or it cannot be seen */
	const char *trouble;	/* why it is not ours alone; NULL: it is */
	const char *filesystem; /* its name; that of where it would be, if it is not there */
	bool remote;		/* other hosts may see it, too */
	uint64_t space;		/* bytes that are free */
	bool full;		/* no file can be made any more */
};

/* sticky: others may add files to a sticky one. */
void place_look(struct place *place, const char *path, bool sticky);

/* ", of root, mode 0700, on tmpfs" in a buffer of the caller's. */
#define PLACE_TEXT_SIZE 160
const char *place_describe(const struct place *place, char text[PLACE_TEXT_SIZE]);

/*
 * Whether it could be made, with all that is missing above it if `deep`. 0 or -errno; above
 * gets the folder that is there.
 */
int place_makeable(const char *path, bool deep, char above[PATH_MAX]);

#endif
