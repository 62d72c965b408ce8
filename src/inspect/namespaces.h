/* SPDX-License-Identifier: MIT */
/* namespaces.h - in which network namespaces this user's processes are (proc(5)) */
#ifndef INSPECT_NAMESPACES_H
#define INSPECT_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A network namespace (real/netns.h) and a process that is in it, or in a reservation there. */
struct lived_in {
	uint64_t netns;
	pid_t pid;
};

struct namespaces {
	struct lived_in *list;
	size_t count;
	pid_t unknown; /* a process in one that cannot be asked which it is; 0: none */
};

/*
 * Goes through all processes and threads that this user may send signals. Our own namespace
 * is not among them. 0; -ENOENT: /proc is not there, or not that of our processes; -ENOMEM.
 * Makes child processes, one for each namespace. Allocates.
 */
int namespaces_read(struct namespaces *namespaces);
void namespaces_free(struct namespaces *namespaces);

/* A process of this namespace; 0: none. */
pid_t namespaces_find(const struct namespaces *namespaces, uint64_t netns);

#endif
