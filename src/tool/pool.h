/* SPDX-License-Identifier: MIT */
#ifndef TOOL_POOL_H
#define TOOL_POOL_H

#include "pool/pool.h"

/* The pool of this process (core/here.h), or the end with a line that says why not. */
struct pool *pool_or_fail(void);

/* The same for who only looks: NULL where there is none, and none is made. */
struct pool *pool_to_look_at(void);

/* The same for who has something to say without it: NULL, too, where it cannot be read, with
 * a line that says why. */
struct pool *pool_if_readable(void);

#endif
