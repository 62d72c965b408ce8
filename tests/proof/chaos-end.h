/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PROOF_CHAOS_END_H
#define TESTS_PROOF_CHAOS_END_H

#include "chaos.h"

/* Runs a command, its output in a file. Its exit status, or 128 and the signal. */
int command_run(const char *output, const char *const *argv);

/* Whether the beginning of what a command has said contains this. */
bool output_has(const char *output, const char *text);

/* Slots and words that are not free, and files: one is the pool itself. */
struct pool_left {
	int slots, words, files;
};

struct pool_left pool_left(const char *folder);

#endif
