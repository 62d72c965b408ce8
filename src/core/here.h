/* SPDX-License-Identifier: MIT */
/* here.h - the pool of this process, as its environment says */
#ifndef CORE_HERE_H
#define CORE_HERE_H

#include "pool/pool.h"

/* PORTRES_DIR; NULL: the user's folder in /dev/shm. */
const char *pool_folder(void);

/* The pool of this thread's network namespace there; made if it is missing, where create is
 * set. 0; -ENETDOWN: no socket says which namespace that is; or what pool_open says. */
int pool_here(struct pool **pool, bool create);

#endif
