/* SPDX-License-Identifier: MIT */
/* lines.h - the lines of the list (store.h has their form) */
#ifndef PERSIST_LINES_H
#define PERSIST_LINES_H

#include "persist/store.h"

/* More than a block's lines can be. */
#define LINES_SIZE (STORE_NAME_LONGEST + 64)

/* Finds the entries and the faults in the text. 0 or -ENOMEM. */
int lines_parse(struct store *store);
void lines_free(struct store *store);

/* The lines of a block: with a name one, else one for each protocol. Their length. */
size_t lines_format(char *text, const struct block *block, const char *name);

/* "tcp", "udp" or "tcp+udp". */
const char *protocols_name(uint8_t protocols);

/* Whether they have a port of one protocol in common. */
bool blocks_overlap(const struct block *one, const struct block *other);

#endif
