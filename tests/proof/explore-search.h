/* SPDX-License-Identifier: MIT */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "explore.h"

#define NO_BOUND 255

struct outcome {
	unsigned long states, steps, ends; /* different ones; made; in which all had ended */
	int deepest;
	bool complete; /* no state within the bound is missing */
	bool violated;
};

/*
 * All that can come of the scenario in which a process that could go on is put aside at most
 * so many times; for so many seconds of this process at the most.
 */
struct outcome search_scenario(const struct scenario *which, int bound, double seconds);

/* The processor time of this process. */
double search_seconds(void);

/* Shows what led to the violation that was found last. */
void search_show(void);

#endif
