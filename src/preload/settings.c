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

_Atomic unsigned int hook_state = STATE_NEW | STATE_UNCOPIED;
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

/*
 * Threads that another library's constructor has made may come at once: nobody goes on
 * before it is done, or it would bind as if there were no reservation. Only a signal
 * handler of the thread that does it cannot wait, and goes on as it is.
 */
__attribute__((constructor)) void hook_start(void)
{
	/* Who does it: its process, and its thread, known by where its errno is. */
	static _Atomic pid_t process;
	static _Atomic(int *) thread;
	pid_t none = 0, self;

	/* A library that is initialised even before libc calls too early: it goes unserved. */
	if (!hook_state_has(STATE_NEW) || !environ || atomic_load(&thread) == &errno)
		return;
	self = getpid();
	while (hook_state_has(STATE_NEW)) {
		if (atomic_compare_exchange_strong(&process, &none, self)) {
			atomic_store(&thread, &errno);
			start();
			return;
		}
		/* Of another process: we were forked in the midst of it. */
		if (none == self)
			none = 0;
		sched_yield();
	}
}
