/* SPDX-License-Identifier: MIT */
/* terminal.h - what standard output can show */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* How wide it is: as the terminal says; else COLUMNS; else 80. */
unsigned int terminal_columns(void);

/* How many lines the terminal has; 0: it is none, or does not say. */
unsigned int terminal_lines(void);

/* Whether it is one on which the cursor cannot be moved. */
bool terminal_dumb(void);

/* Whether texts are UTF-8, as the user's locale says. */
bool terminal_utf8(void);

/* Whether the terminal has the 256 colours of xterm, not only 16. */
bool terminal_256(void);

/* Prints a text of others: what the locale cannot show as question marks; cut, where it has
 * more columns than these. */
void terminal_print(const char *text, unsigned int columns);

#endif
