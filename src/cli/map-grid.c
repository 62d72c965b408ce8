/* SPDX-License-Identifier: MIT */
#include "cli/map-grid.h"

#define ROW_MOST 10000

/* The next of 10, 20, 25, 50, 100, 200, 250, 500, 1000 ... */
static uint32_t row_next(uint32_t row)
{
	uint32_t ten = 10;

	while (ten * 10 <= row)
		ten *= 10;
	switch (row / (ten / 10)) {
	case 10:
		return 2 * ten;
	case 20:
		return ten / 10 * 25;
	case 25:
		return 5 * ten;
	default:
		return 10 * ten;
	}
}

/* The least number of ports in a cell that cuts the row evenly into so many at most. */
static uint32_t cell_of_row(uint32_t row, uint32_t columns, uint32_t least)
{
	uint32_t cell = least;

	while (cell < row && (row % cell || row / cell > columns))
		cell++;
	return cell;
}

static uint32_t rows_of(struct port_range range, uint32_t row)
{
	return range.last / row - range.first / row + 1;
}

struct grid grid_choose(struct port_range range, uint32_t columns, uint32_t rows, uint32_t least)
{
	struct grid best = {.range = range};
	uint32_t row;

	for (row = 10; row <= ROW_MOST; row = row_next(row)) {
		uint32_t cell = cell_of_row(row, columns, least), count = rows_of(range, row);

		if (cell > row || (count > rows && row < ROW_MOST))
			continue;
		if (best.cell && (cell > best.cell || (cell == best.cell && count >= best.rows)))
			continue;
		best.cell = cell;
		best.columns = row / cell;
		best.rows = count;
	}
	best.origin = range.first - range.first % grid_row(&best);
	return best;
}

bool grid_cell(const struct grid *grid, uint32_t row, uint32_t column, struct port_range *ports)
{
	uint32_t first = grid->origin + row * grid_row(grid) + column * grid->cell;
	uint32_t last = first + grid->cell - 1;

	if (first < grid->range.first)
		first = grid->range.first;
	if (last > grid->range.last)
		last = grid->range.last;
	if (first > last)
		return false;
	*ports = (struct port_range){(uint16_t)first, (uint16_t)last};
	return true;
}

uint32_t grid_marks(const struct grid *grid, uint32_t room)
{
	static const uint32_t parts[] = {10, 5, 4, 2};
	size_t i;

	for (i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (grid->columns % parts[i] == 0 && grid->columns / parts[i] >= room)
			return grid->columns / parts[i];
	return grid->columns;
}
