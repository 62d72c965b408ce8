/* SPDX-License-Identifier: MIT */
/*
 * Waiting for what nothing announces: the last thread of a process that dies, a port
 * that its holder gives back later, a thread that has gone to sleep.
 */
#ifndef TESTS_LIB_WAIT_H
#define TESTS_LIB_WAIT_H

#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#define WAIT_PAUSE     1000 /* microseconds between two questions */
#define WAIT_QUESTIONS 20000

/* Asks for the condition until it holds, and gives up in the end. True if it held. */
#define comes_true(condition)                                                                      \
	({                                                                                         \
		int questions_ = 0, true_;                                                         \
		while (!(true_ = !!(condition)) && ++questions_ < WAIT_QUESTIONS)                  \
			usleep(WAIT_PAUSE);                                                        \
		true_;                                                                             \
	})

/* The state of a process or a thread as /proc/PID/stat says it; 0 if there is none. */
__attribute__((unused)) static char task_state(pid_t id)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", id);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state;
}

#endif
