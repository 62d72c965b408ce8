/* SPDX-License-Identifier: MIT */
/* map-grid.h - ports in rows and columns */
#ifndef CLI_MAP_GRID_H
#define CLI_MAP_GRID_H

#include "inspect/ports.h"

/*
 * Rows of `columns` cells of `cell` ports each. The numbers are those that people count in:
 * rows begin at multiples of a round number, and the range need not begin with one.
 */
struct grid {
	struct port_range range;
	uint32_t cell, columns;
	uint32_t origin; /* where the first row begins */
	uint32_t rows;
};

static inline uint32_t grid_row(const struct grid *grid)
{
	return grid->cell * grid->columns;
}

/*
 * The grid of a range with the fewest ports in a cell, `least` at least, in so much room; of
 * several such, that with the fewest rows. There is always one for 8 rows.
 */
struct grid grid_choose(struct port_range range, uint32_t columns, uint32_t rows, uint32_t least);

/* The ports of a cell that are in the range; false: none. */
bool grid_cell(const struct grid *grid, uint32_t row, uint32_t column, struct port_range *ports);

/* How many cells apart marks along a row may stand, if each takes so many: the row is cut in
 * ten, five, four or two; all of it where there is room for no mark but the first. */
uint32_t grid_marks(const struct grid *grid, uint32_t room);

#endif
