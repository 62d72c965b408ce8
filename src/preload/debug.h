/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_DEBUG_H
#define PRELOAD_DEBUG_H

#include <stdint.h>

/* Before the program runs: what it has as standard error. */
void debug_start(void);

/* With PORTRES_DEBUG, one line on standard error put together from strings up to a
 * NULL. Async-signal-safe; keeps errno. */
__attribute__((sentinel)) void debug_say(const char *first, ...);

/* "…: what: Name of the error (number)" for a call that failed with -errno. */
void debug_error(const char *what, int error);

/* "…: what FIRST-LAST" for what was done with these ports. */
void debug_ports(const char *what, uint16_t first, uint16_t count);

#endif
