/* SPDX-License-Identifier: MIT */
/* start.h - what a process was started with: its program, our library, our variables */
#ifndef INSPECT_START_H
#define INSPECT_START_H

#include <stdbool.h>
#include <sys/types.h>

struct process_start {
	bool dynamic; /* it has an interpreter, which loads libraries */
	bool secure;  /* setuid or with capabilities: the loader does not obey its user */
	bool library; /* libportres.so is mapped */
	bool preload; /* LD_PRELOAD names it */
	/* PORTRES_RESERVATION, PORTRES_RESERVE, PORTRES_DIR and PORTRES_STATE, from when it
	 * began; NULL: not set, or empty. */
	char *reservation, *reserve, *folder, *state;
};

/* 0; -EACCES, -ESRCH and the like: we may not, or it has ended; -ENOMEM. Allocates. */
int start_read(struct process_start *start, pid_t pid);
/* The variables alone, with preload. Likewise. */
int start_variables_read(struct process_start *start, pid_t pid);
void start_free(struct process_start *start);

#endif
