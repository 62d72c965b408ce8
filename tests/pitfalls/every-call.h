/* SPDX-License-Identifier: MIT */
/*
 * every-call.h - makes every call that the library overrides and checks each answer
 *
 * every_call() prints one line of three words:
 *
 *	calls:ok    ordinary sockets and descriptors got the answers of libc
 *	block:ok    a block was acquired, used and given back; block:none: ENOTTY
 *	run:ok      binds landed in PORTRES_FIRST-PORTRES_LAST; run:outside: none of
 *	            them did; run:none: there are no such variables
 *
 * What went wrong makes it "FAILED" and has a line of its own on standard error.
 */
#ifndef TESTS_PITFALLS_EVERY_CALL_H
#define TESTS_PITFALLS_EVERY_CALL_H

#include "every-block.h"
#include "every-plain.h"

/*
 * 0 if nothing failed. prefix: said in front of the line. EVERY_SKIP=block is for the
 * company of libraries that do not let a reservation be made.
 */
static int every_call(const char *prefix)
{
	const char *calls = every_calls();
	const char *block = getenv("EVERY_SKIP") ? "skipped" : every_block();
	const char *run = every_run();

	printf("%scalls:%s block:%s run:%s\n", prefix, calls, block, run);
	fflush(stdout);
	return *calls == 'F' || *block == 'F' || *run == 'F';
}

#endif
