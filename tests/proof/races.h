/* SPDX-License-Identifier: MIT */
/* races.h - what somebody else does to a path while we make our folder or file there */
#ifndef TESTS_PROOF_RACES_H
#define TESTS_PROOF_RACES_H

#include <stdbool.h>

#include "../lib/tap.h"

/* Nobody. */
#define SOMEBODY 65534

/* What stands at a path all at once. */
enum swap {
	SWAP_NOTHING,
	SWAP_LINK,     /* a symbolic link to what must not be touched */
	SWAP_DANGLING, /* one to a name that is not there yet, beside it */
	SWAP_FILE,
	SWAP_FIFO,
	SWAP_FOLDER,
	SWAP_OPEN, /* a folder, or file, that everybody may write to */
	SWAP_THEIRS,
	SWAPS
};

extern const char *const swap_names[SWAPS];

/* A folder with a file in it, neither of which is any business of ours. */
struct victim {
	char folder[256], file[300], fresh[300];
};

void victim_make(struct victim *victim, const char *place);
/* Says what has changed; true: nothing. */
bool victim_unharmed(const struct victim *victim);

/* Moves away what is at path and puts the other thing there. file: where a file is expected,
 * else a folder. */
void swap(const char *path, enum swap what, bool file, const struct victim *victim);

#endif
