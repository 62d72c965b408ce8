/* SPDX-License-Identifier: MIT */
/* owners.h - which processes have a socket open (proc(5)) */
#ifndef INSPECT_OWNERS_H
#define INSPECT_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process and a socket that it has open. */
struct owner {
	uint32_t inode;
	pid_t pid;
	int fd; /* its lowest descriptor of it */
};

/* All there are, by inode and pid. */
struct owners {
	struct owner *list;
	size_t count;
	/* Processes whose descriptors we may not see: those of other users. */
	size_t hidden;
};

/* Goes through /proc. 0; -ENOENT: it is not there; -ENOMEM. Allocates. */
int owners_read(struct owners *owners);
void owners_free(struct owners *owners);

/* Those of a socket: the first, and in *count how many follow each other. */
const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count);

#endif
