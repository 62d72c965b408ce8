/* SPDX-License-Identifier: MIT */
/* judge.h - what the kernel says of a reservation, and who keeps it */
#ifndef INSPECT_JUDGE_H
#define INSPECT_JUDGE_H

#include "inspect/reservations.h"
#include "inspect/unix.h"

/* What it is judged by. */
struct judging {
	const struct reservations *reservations; /* sockets and owners are read */
	const struct unix_sockets *anchors;	 /* NULL: the kernel does not tell */
	struct pool *pool;
};

/* Fills in health, keepers, holder and the counts of an entry; false: out of memory. */
bool reserved_judge(struct reserved *entry, const struct judging *judging);

#endif
