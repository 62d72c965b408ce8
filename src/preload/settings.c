/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/run.h"
#include "preload/debug.h"
#include "preload/hook.h"
#include "preload/inherit.h"
#include "preload/run.h"
#include "preload/settings.h"

_Atomic unsigned int hook_state = STATE_NEW;
struct settings settings;

int hook_return(int error, int saved_errno)
{
	errno = error ? -error : saved_errno;
	return error ? -1 : 0;
}

/*
 * Copied: programs write over the memory of their environment to set their title.
 * The page is not touched where the variable is not set.
 */
static char folder[PATH_MAX];

static void settings_read(void)
{
	const char *value = secure_getenv("PORTRES_DEBUG");
	struct text text = TEXT(folder);

	settings.debug = value && *value && strcmp(value, "0") != 0;
	if (settings.debug)
		debug_start();
	value = secure_getenv("PORTRES_RANGE");
	if (value && *value && run_range_parse(value, &settings.range)) {
		settings.range_bad = true;
		debug_say("PORTRES_RANGE is not FIRST-LAST: ", value, NULL);
	}
	value = secure_getenv("PORTRES_DIR");
	if (value && *value) {
		/* The program may go elsewhere before it first needs it. */
		if (*value != '/' && getcwd(folder, sizeof folder)) {
			text.length = strlen(folder);
			text_add(&text, "/");
		}
		text_add(&text, value);
		settings.folder = folder;
	}
}

/*
 * The constructor, or the first hook if another library's constructor came before.
 * No file is opened and nothing mapped, unless this is the first program of a
 * PORTRES_RESERVE or has inherited a reservation across exec.
 */
static void start(void)
{
	int cancel = hook_enter();

	settings_read();
	real_resolve();
	run_start();
	inherit_start();
	atomic_fetch_and(&hook_state, ~(unsigned int)STATE_NEW);
	hook_leave(cancel);
}

/* More rounds than anything of the start takes. */
#define PATIENCE 100000

/*
 * Threads that another library's constructor has made may come at once: none goes on
 * before it is done, or it would bind as if there were no reservation. Two cannot wait
 * and go on unserved: a signal handler of the thread that does it, and, when patience
 * ends, a thread that holds what dlsym needs.
 */
__attribute__((constructor)) void hook_start(void)
{
	static _Atomic uint64_t starter;
	uint64_t process, self, who = 0;
	unsigned int round;

	/* A library that is initialised even before libc calls too early for all. */
	if (!hook_state_has(STATE_NEW) || !environ)
		return;
	/* A thread is known by where its errno is. */
	process = (uint64_t)getpid() << 32;
	self = process | (uint32_t)(uintptr_t)&errno;
	for (round = 0; round < PATIENCE && hook_state_has(STATE_NEW); round++) {
		if (atomic_compare_exchange_strong(&starter, &who, self)) {
			start();
			return;
		}
		if (who == self)
			return;
		/* Of another process: we were forked in the midst of it. */
		if (who >> 32 << 32 == process)
			who = 0;
		sched_yield();
	}
}
