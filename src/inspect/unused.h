/* SPDX-License-Identifier: MIT */
/* unused.h - removing a file that nobody uses */
#ifndef INSPECT_UNUSED_H
#define INSPECT_UNUSED_H

/*
 * Takes a file of this user's for its own where no process has it open or mapped, until the
 * descriptor is closed: whoever opens it meanwhile with O_NONBLOCK gets EWOULDBLOCK, and
 * shall try again. From then on the process ignores SIGIO. A descriptor; -EBUSY: it is in
 * use; -EOPNOTSUPP: this file system does not say; another -errno.
 */
int unused_take(int folder, const char *name);

/* Removes it and closes it. 0; -EBUSY: somebody waits for it, and has it now; another
 * -errno. */
int unused_remove(int folder, const char *name, int fd);

#endif
