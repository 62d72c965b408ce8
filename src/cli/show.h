/* SPDX-License-Identifier: MIT */
/* show.h - small things as people read them */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "pool/pool.h"

/* "21029-21030", or one port; "?" for a block that is not known yet. */
#define SHOW_BLOCK 16
void show_block(const struct block *block, char text[SHOW_BLOCK]);

/* The time of today, the day otherwise; "-" for 0. */
#define SHOW_TIME 16
void show_time(int64_t since, char text[SHOW_TIME]);

/* How many columns a report for people has: those of terminal.h, and at least 40. */
unsigned int show_width(void);

/* How many bytes of a text fill so many columns at most, of one character each. */
int show_bytes(const char *text, unsigned int columns);

#endif
