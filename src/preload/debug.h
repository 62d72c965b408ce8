/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_DEBUG_H
#define PRELOAD_DEBUG_H

/* Before the program runs: what it has as standard error. */
void debug_start(void);

/* With PORTRES_DEBUG, one line on standard error put together from strings up to a
 * NULL. Async-signal-safe; keeps errno. */
__attribute__((sentinel)) void debug_say(const char *first, ...);

/* "…: what: Name of the error (number)" for a call that failed with -errno. */
void debug_error(const char *what, int error);

#endif
