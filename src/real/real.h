/* SPDX-License-Identifier: MIT */
/*
 * real.h - the next libc
 *
 * Everything below the hooks calls libc through this table: inside the shared
 * object it so never meets its own hooks, and a test can put a failing call in
 * the place of a real one. Each entry starts as a function that looks the real
 * one up and replaces itself: a call before our constructor has run works, and
 * the way of every later call is one load and one jump.
 *
 * The pointers are atomic because threads may look the same name up at once.
 * Relaxed is enough: what they point to was there before the process started.
 */
#ifndef REAL_REAL_H
#define REAL_REAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "real/calls.h"

#define CALL(result, name, pointer_parameters, ...)                                                \
	typedef result real_##name##_function pointer_parameters;
REAL_CALLS(CALL)
#undef CALL

struct real_calls {
#define CALL(result, name, ...) _Atomic(real_##name##_function *) name;
	REAL_CALLS(CALL)
#undef CALL
};

extern struct real_calls real_calls;

#define CALL(result, name, pointer_parameters, parameters, number, ...)                            \
	static inline result real_##name parameters                                                \
	{                                                                                          \
		return atomic_load_explicit(&real_calls.name, memory_order_relaxed)(__VA_ARGS__);  \
	}
REAL_CALLS(CALL)
#undef CALL

/* libc's own (library.c). */
#define CALL(result, name, parameters, ...) result real_##name parameters;
LIBRARY_CALLS(CALL)
#undef CALL

/* Looks up what the library overrides, now: for our constructor (next.c). */
void real_resolve(void);
void real_resolve_library(void); /* its part of it (library.c) */

/* An int option of a socket. 0 or -errno. */
int real_option_get(int fd, int level, int option, int *value);
int real_option_set(int fd, int level, int option, int value);

/* Whether a descriptor is open, and not close-on-exec. */
bool real_survives_exec(int fd);

/* SO_COOKIE of a descriptor, by which a socket is known from all others; 0: no socket. */
uint64_t real_cookie(int fd);

#endif
