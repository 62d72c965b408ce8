/* SPDX-License-Identifier: MIT */
#ifndef PRELOAD_CLOSE_H
#define PRELOAD_CLOSE_H

#include "preload/fdtable.h"

/* Takes a descriptor out of the table, if that is ours, that is about to be closed or
 * replaced; what was known goes to close_ended once it is. */
struct fd_entry close_forget(int fd);
void close_ended(struct fd_entry entry);

#endif
