/* SPDX-License-Identifier: MIT */
/* name.h - --name: the same block as last time, and blocks that others count on */
#ifndef TOOL_NAME_H
#define TOOL_NAME_H

#include "tool/request.h"

/*
 * Reads the list of reserved blocks. With --name, the request becomes one for the block
 * that the name had last, if it fits what is asked for. Blocks that are listed are avoided
 * in a search as long as there are others.
 */
void name_recall(struct request *request);

/* The named block could not be had: the request becomes one for any block. False where it
 * was that already. */
bool name_give_way(struct request *request, struct pool *pool);

/* Remembers what the name has now, and says so where it is not what it had. */
void name_remember(const struct request *request, const struct block *block);

#endif
