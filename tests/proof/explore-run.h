/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_RUN_H
#define EXPLORE_RUN_H

#include <stddef.h>

#include "explore.h"

#define STACK_MARGIN 128 /* of a frame that saves its registers */

/* What can happen next: who goes on, and which of its alternatives comes of it. */
#define MOVES	     32
#define MOVE_PROCESS 3
#define MOVE_SHIFT   2
#define MOVE_KILL    128

/* The world when the processes begin; when all have ended. False: something is wrong. */
bool world_begin(void);
bool world_inspect(void);
const char *world_complaint(void);

/* The last process that went on stands first; killed: how many were. */
int moves_list(uint8_t moves[MOVES], int last, int killed);
bool move_make(uint8_t move);
bool move_is_preemption(uint8_t move, int last);

extern char stacks[EVERYBODY][STACK_SIZE];

#define STATE_SIZE (sizeof(struct world) + sizeof(struct pool) + EVERYBODY * STACK_SIZE)
uint64_t state_hash(void);
size_t state_save(char *to);
void state_restore(const char *from);

#endif
