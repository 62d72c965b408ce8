/* SPDX-License-Identifier: MIT */
/* folder.h - where the list of reserved blocks is kept on disk */
#ifndef PERSIST_FOLDER_H
#define PERSIST_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * PORTRES_STATE, else /var/lib/portres for root, else $XDG_STATE_HOME/portres, else
 * ~/.local/state/portres. 0; -ENAMETOOLONG; -ENOENT: this user has no home.
 */
int state_path(char *path, size_t size);

/*
 * Opens it. make: with all that is missing of it. A descriptor, or -errno: -ENOENT (not
 * there), -EACCES (it is not the user's, others may replace its files, or it is a symbolic
 * link), and what making it met.
 */
int state_open(bool make);

/* Whether somebody keeps a lock on a file of the folder; false, too, if there is none. */
bool state_locked(int folder, const char *name);

/*
 * Locks a file of the folder, which is made if it is missing, until the descriptor is
 * closed. seconds: how long to wait for others. A descriptor, -EBUSY, or another -errno.
 */
int state_lock(int folder, const char *name, unsigned int seconds);

/* Removes the file of a lock that nobody has; -EBUSY: somebody has it. */
int state_lock_remove(int folder, const char *name);

/*
 * Who holds the guards of the listed blocks notes in its lock which list it has acted on;
 * others can see whether it is this one.
 */
void holder_note(int lock, const void *identity, size_t size);
bool holder_noted(int folder, const char *name, const void *identity, size_t size);

/* The name of the lock of who holds the guards of the listed blocks in a namespace. */
#define HOLDER_NAME_SIZE 40
void state_holder_name(char name[HOLDER_NAME_SIZE], uint64_t netns);
/* Which namespace a name is that of; false: it is none of these. */
bool state_holder_parse(const char *name, uint64_t *netns);

#endif
