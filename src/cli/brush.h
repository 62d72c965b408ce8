/* SPDX-License-Identifier: MIT */
/* brush.h - cells of the map on standard output: half blocks in colours, or letters */
#ifndef CLI_BRUSH_H
#define CLI_BRUSH_H

#include "inspect/ports.h"

#define KIND_NONE (-1) /* no port of those that are asked for */

struct brush {
	bool blocks; /* colours and half blocks, not letters */
	bool of_256; /* colours */
	int fore, back;
};

/* As the terminal and the locale can; letters: all the same. */
struct brush brush_take(bool letters);

/* How many rows of cells are in a line: 2 or 1. */
unsigned int brush_rows(const struct brush *brush);

/* A cell of this row and of the one below it, which letters leave to the next line. */
void brush_cell(struct brush *brush, int upper, int lower);

/* The colours behind the last cell are the terminal's again. */
void brush_lift(struct brush *brush);

/* Two columns that show the kind, and a space. */
void brush_sample(struct brush *brush, enum port_kind kind);

#endif
