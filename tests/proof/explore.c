/* SPDX-License-Identifier: MIT */
/*
 * Every interleaving of two and three processes that acquire, draw, bind, close, release, and
 * are killed, on the very source of src/pool, of src/core and of most of src/guard. Below it
 * are a model of the kernel's sockets (explore-kernel.c) and of memory (explore-memory.c);
 * explore-run.c has the search.
 *
 * In every state: no port is bound twice or has two that listen, but by those who wish to
 * share it; each port of a reservation that stands has one guard, and no socket of another
 * on it. The operations are those of a sequential model (explore-history.c). When all have
 * ended, or were killed, one who comes anew gets every port and every slot.
 *
 * Covered: sequentially consistent memory; in the scenarios named "weak memory", also every
 * value that the views of C11's release, acquire and relaxed operations let a relaxed load
 * read, where seq_cst operations are strong, stores do not come earlier than what precedes
 * them, and two relaxed stores to one place become visible in the order of the steps; this
 * includes the store buffers of x86-64. A weak compare-and-swap fails without a reason, too.
 * Not covered: a pool of more than two slots and four ports; threads that share descriptors;
 * TIME_WAIT and connections; guards that a holder process keeps; how the pool file is made.
 * Who waits (sched_yield, nanosleep) goes on when another has changed something or none can.
 *
 * A scenario is gone through with at most one preemption first (a process that could go on is
 * put aside), then two, then without a bound. Where time does not suffice for that, the bound
 * is raised one by one, and the last that was completed is told.
 *
 *	explore [-1] [SECONDS [WORD]]	for each scenario; those whose name has the word in it
 *
 * -1 ends with the first violation.
 *
 * PORTRES_LONG gives them an hour in all, and each is gone through with a kill more, too.
 */
#include <stdlib.h>
#include <string.h>

#include "../lib/tap.h"
#include "explore-search.h"

#define SECONDS_SHORT 0.8
#define SECONDS_LONG  3400

#define BOUNDS_FIRST 2 /* tried before there is none */
#define BOUNDS_LAST  40

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

static unsigned long states, steps, ends;

static void count(const struct outcome *outcome)
{
	states += outcome->states;
	steps += outcome->steps;
	ends += outcome->ends;
}

/* The largest bound within which all was seen, 0: none, in the time; or a violation. */
static int explore(const struct scenario *which, double seconds, struct outcome *last)
{
	double end = search_seconds() + seconds;
	struct outcome outcome;
	int complete = 0, bound;

	memset(last, 0, sizeof *last);
	for (bound = 1; bound <= BOUNDS_LAST && search_seconds() < end; bound++) {
		if (bound == BOUNDS_FIRST + 1) {
			outcome = search_scenario(which, NO_BOUND, (end - search_seconds()) / 2);
			count(&outcome);
			if (outcome.violated || outcome.complete) {
				*last = outcome;
				return NO_BOUND;
			}
		}
		outcome = search_scenario(which, bound, end - search_seconds());
		count(&outcome);
		if (outcome.violated || outcome.complete || !complete)
			*last = outcome;
		if (outcome.violated || !outcome.complete)
			break;
		complete = bound;
	}
	return complete;
}

static void explore_and_tell(const struct scenario *which, double seconds)
{
	struct outcome last;
	char row[160], how[60];
	int bound;

	states = steps = ends = 0;
	bound = explore(which, seconds, &last);
	if (bound == NO_BOUND)
		snprintf(how, sizeof how, "all");
	else if (bound)
		snprintf(how, sizeof how, "preemptions: %d at most", bound);
	else
		snprintf(how, sizeof how, "cut at depth %d", last.deepest);
	ok(!last.violated, "%s", which->name);
	if (last.violated)
		search_show();
	diag("%lu states, %lu steps, %lu ends; the longest way has %d steps; %s", states, steps,
	     ends, last.deepest, last.violated ? "a violation" : how);
	snprintf(row, sizeof row, "every interleaving: %s, kills: %d (%s)", which->name,
		 which->crashes, how);
	proved(row, last.states, last.violated);
}

/* At length also with one kill more than it is made for. */
static void explore_deeper(const struct scenario *which, double seconds)
{
	double begin = search_seconds();
	struct scenario deeper = *which;

	explore_and_tell(which, seconds / 2);
	deeper.crashes++;
	deeper.spurious = true;
	explore_and_tell(&deeper, seconds - (search_seconds() - begin));
}

int main(int argc, char **argv)
{
	double seconds = getenv("PORTRES_LONG") ? SECONDS_LONG : 0;
	const struct scenario *which;
	int scenarios_left = 0;
	bool first = argc > 1 && !strcmp(argv[1], "-1");

#ifdef SANITIZED
	skip("every interleaving", "sanitizers do not follow coroutines");
	return done_testing();
#endif
	argc -= first;
	argv += first;
	for (which = scenarios; which->name; which++)
		scenarios_left++;
	for (which = scenarios; which->name; which++) {
		double begin = search_seconds(), share = seconds / scenarios_left--;

		/* What one does not need is for those that come later. */
		if (!seconds)
			share = SECONDS_SHORT;
		if (argc > 1)
			share = atof(argv[1]);
		if (argc > 2 && !strstr(which->name, argv[2]))
			continue;
		/* A kill ends all threads of a process. */
		if (getenv("PORTRES_LONG") && !which->threads)
			explore_deeper(which, share);
		else
			explore_and_tell(which, share);
		if (first && tap_failed)
			break;
		if (seconds)
			seconds -= search_seconds() - begin;
	}
	return done_testing();
}
