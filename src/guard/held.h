/* SPDX-License-Identifier: MIT */
#ifndef GUARD_HELD_H
#define GUARD_HELD_H

#include "guard/anchor.h"

/* What an anchor and its holder say to each other: fixed widths, the two may be of
 * different word sizes. */
enum hold_command { HOLD_PLACE = 1, HOLD_RELEASE };

struct hold_request {
	uint32_t command;
	uint16_t first, count;
	uint16_t protocols, choice; /* enum guard_choice */
};

struct hold_answer {
	int32_t error; /* 0 or -errno */
	uint32_t failed;
};

/* Where portres-hold is, for a program that knows; otherwise it is looked for. */
void held_program_set(const char *path);

int held_open(void);
int held_fill(int fd, const struct block *block, enum guard_choice choice, uint16_t *failed);
void held_release(int fd);

#endif
