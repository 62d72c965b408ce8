/* SPDX-License-Identifier: MIT */
/*
 * hook.h - what all hooks have in common
 *
 * The rules of a hook: no lock, no malloc, no stdio, no getenv; async-signal-safe;
 * errno stays as the real call left it. It decides in a few lines, hands over to
 * core and calls the real function. In a program that uses no reservation it is one
 * load, one test and a jump.
 */
#ifndef PRELOAD_HOOK_H
#define PRELOAD_HOOK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "real/real.h"

/*
 * Exports a function under a libc name. Its C name is our own: libc's headers may
 * make the other one a macro, an inline or a function of other types.
 */
#define HOOK(name) __asm__(#name) __attribute__((visibility("default"), used))

/* What this process may need of the hooks. */
enum hook_state {
	STATE_NEW = 1,	     /* the environment has not been read yet */
	STATE_TABLE = 2,     /* the table knows descriptors */
	STATE_RUN = 4,	     /* in a run reservation */
	STATE_CONNECT = 8,   /* whose outgoing connections count, too */
	STATE_SHARE = 16,    /* the program has used SO_REUSEPORT */
	STATE_NO_PORT = 32,  /* the program has used IP_BIND_ADDRESS_NO_PORT */
	STATE_UNSHARED = 64, /* threads may have descriptor tables of their own */
	STATE_MOVED = 128,   /* an anchor made way where the table could not be changed */
};

extern _Atomic unsigned int hook_state;

/* Reads the environment, if nobody has. */
void hook_start(void);

/*
 * Whether none of these holds: most hooks, in most programs, have nothing to do then.
 * Each asks this first and leaves all else to a function that is not inlined, so that
 * it saves no register for what it does not do.
 */
static inline bool hook_idle(unsigned int states)
{
	unsigned int state = atomic_load_explicit(&hook_state, memory_order_relaxed);

	return __builtin_expect(!(state & (states | STATE_NEW)), 1);
}

#define HOOK_BUSY __attribute__((noinline))

/* Whether any of these holds; reads the environment first. */
static inline bool hook_needed(unsigned int states)
{
	/* Whoever sees a state sees what was read from the environment, too. */
	unsigned int state = atomic_load_explicit(&hook_state, memory_order_acquire);

	if (__builtin_expect(state & STATE_NEW, 0)) {
		hook_start();
		state = atomic_load_explicit(&hook_state, memory_order_acquire);
	}
	return __builtin_expect(state & states, 0);
}

static inline bool hook_state_has(unsigned int states)
{
	return (atomic_load_explicit(&hook_state, memory_order_relaxed) & states) == states;
}

static inline void hook_state_add(unsigned int states)
{
	if (!hook_state_has(states))
		atomic_fetch_or(&hook_state, states);
}

/*
 * What the inside calls may be a cancellation point where the program's call is none, and
 * must not be left in its midst: a thread is not cancelled between these two.
 */
static inline int hook_enter(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void hook_leave(int state)
{
	pthread_setcancelstate(state, NULL);
}

/* 0 or -errno of the inside as a libc function returns it; success leaves errno alone. */
int hook_return(int error, int saved_errno);

#endif
