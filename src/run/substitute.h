/* SPDX-License-Identifier: MIT */
#ifndef RUN_SUBSTITUTE_H
#define RUN_SUBSTITUTE_H

#include "pool/pool.h"

/*
 * The argument with each {K}, for a K of the block, replaced by its Kth port; in
 * memory of its own. Anything else in braces stays as it is. NULL: out of memory.
 */
char *substitute(const char *argument, const struct block *block);

#endif
