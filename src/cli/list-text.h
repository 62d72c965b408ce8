/* SPDX-License-Identifier: MIT */
/* list-text.h - reservations as a table */
#ifndef CLI_LIST_TEXT_H
#define CLI_LIST_TEXT_H

#include <stdio.h>

#include "inspect/reservations.h"

/* width: of the terminal, in columns; lines are cut there. 0: they are not. */
void list_text(FILE *output, const struct reservations *reservations, unsigned int width);

#endif
