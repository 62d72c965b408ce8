/* SPDX-License-Identifier: MIT */
/*
 * process.h - which process are we, and is another one dead
 *
 * A page that the kernel wipes in every fork child (also of _Fork, clone and
 * daemon, which run no fork hook) tells a new process from a vfork child, which
 * shares its parent's memory and must leave it as it is.
 */
#ifndef REAL_PROCESS_H
#define REAL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc/PID/stat says of a process. */
struct process_state {
	pid_t parent;
	uint64_t start;	  /* clock ticks since boot */
	bool ended;	  /* a zombie without threads */
	bool first_ended; /* its first thread is a zombie */
};

/* pid 0: this process. 0, -ESRCH where the process is gone, or another -errno. */
int process_stat(pid_t pid, struct process_state *state);

/* Whether the pids in /proc are those of our own namespace. */
bool process_sees_its_own(void);

/* Whether this process's memory is its own; false in a vfork child. */
bool process_owns_memory(void);

/* Whether the calling thread has a descriptor table of its own, other than the first thread's. */
bool process_thread_unshared(void);

/* This process as another one can find it dead: its pid, its start time and the
 * namespace in which the pid counts. Read once, then remembered until a fork. */
struct process_identity {
	pid_t pid;
	uint64_t start;	    /* 0: unknown */
	uint64_t namespace; /* its pid and time namespaces; 0: unknown */
};

struct process_identity process_identity(void);

#endif
