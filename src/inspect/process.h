/* SPDX-License-Identifier: MIT */
/* process.h - a process as people know it (proc(5)) */
#ifndef INSPECT_PROCESS_H
#define INSPECT_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#define COMMAND_SIZE 256

struct process_about {
	pid_t pid;
	uid_t uid;
	/* Its arguments with spaces between, cut where they are long, without control
	 * characters; its name where it has none. */
	char command[COMMAND_SIZE];
	int64_t since; /* seconds since 1970 */
};

/* 0; -ESRCH: there is none. */
int process_about(pid_t pid, struct process_about *about);

#define PROCESS_NAME_SIZE 64

/* The short name that the kernel knows it by, without control characters; empty: there is no
 * such process. */
void process_name(pid_t pid, char name[PROCESS_NAME_SIZE]);

#define USER_NAME_SIZE 64

/* The name of a user, or the number. */
const char *user_name(uid_t uid, char buffer[USER_NAME_SIZE]);

#endif
