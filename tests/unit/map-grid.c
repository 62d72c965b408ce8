/* SPDX-License-Identifier: MIT */
/* Rows and columns of the map. */
#include "cli/map-grid.h"
#include "unit.h"

static void is_grid(struct port_range range, uint32_t columns, uint32_t rows,
		    const struct grid *expected)
{
	struct grid grid = grid_choose(range, columns, rows, 1);

	IS(grid.cell, expected->cell);
	IS(grid.columns, expected->columns);
	IS(grid.origin, expected->origin);
	IS(grid.rows, expected->rows);
}

static void test_choose(void)
{
	struct port_range all = {PORT_FIRST, PORT_LAST};

	is_grid(all, 35, 68, &(struct grid){.cell = 40, .columns = 25, .rows = 66});
	is_grid(all, 75, 68, &(struct grid){.cell = 20, .columns = 50, .rows = 66});
	is_grid(all, 100, 68, &(struct grid){.cell = 10, .columns = 100, .rows = 66});
	is_grid(all, 100, 140, &(struct grid){.cell = 5, .columns = 100, .rows = 132});
	is_grid(all, 35, 34, &(struct grid){.cell = 80, .columns = 25, .rows = 33});
	is_grid((struct port_range){5000, 5999}, 35, 68,
		&(struct grid){.cell = 1, .columns = 25, .origin = 5000, .rows = 40});
	is_grid((struct port_range){5000, 5999}, 100, 68,
		&(struct grid){.cell = 1, .columns = 100, .origin = 5000, .rows = 10});
	is_grid((struct port_range){8080, 8080}, 100, 68,
		&(struct grid){.cell = 1, .columns = 10, .origin = 8080, .rows = 1});
	is_grid((struct port_range){5995, 6004}, 100, 1,
		&(struct grid){.cell = 25, .columns = 100, .origin = 5000, .rows = 1});
	is_grid((struct port_range){65535, 65535}, 10, 2,
		&(struct grid){.cell = 1, .columns = 10, .origin = 65530, .rows = 1});
}

/* Whatever is asked for: within its bounds, round, and with each port in one cell. */
static void test_cover(void)
{
	static const struct port_range ranges[] = {
		{1, 65535},	{1, 1},		{1, 1023},   {5000, 5999}, {4999, 6000},
		{32768, 60999}, {65530, 65535}, {999, 1001}, {1, 5000},	   {12345, 54321},
	};
	unsigned int wrong = 0;

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		for (uint32_t columns = 1; columns <= 300; columns += 7) {
			for (uint32_t rows = 8; rows <= 200; rows += 12) {
				struct grid grid = grid_choose(ranges[i], columns, rows, 1);
				uint32_t next = ranges[i].first, row, column;
				struct port_range ports;

				wrong += grid.columns > columns || grid.rows > rows;
				wrong += grid.origin % grid_row(&grid) || grid_row(&grid) % 5;
				for (row = 0; row < grid.rows; row++)
					for (column = 0; column < grid.columns; column++) {
						if (!grid_cell(&grid, row, column, &ports))
							continue;
						wrong += ports.first != next;
						wrong += ports.last < ports.first;
						next = ports.last + 1U;
					}
				wrong += next != ranges[i].last + 1U;
			}
		}
	}
	IS(wrong, 0);
}

static void test_least(void)
{
	struct port_range all = {PORT_FIRST, PORT_LAST};
	uint32_t before = 0, steps = 0;

	/* A larger cell can always be had, until one is a row. */
	for (;; steps++) {
		struct grid grid = grid_choose(all, 100, 68, before + 1);

		if (!OK(grid.cell > before) || grid.columns == 1)
			break;
		before = grid.cell;
	}
	OK(steps > 10);
}

static void test_marks(void)
{
	struct grid grid = {.cell = 10, .columns = 100};

	IS(grid_marks(&grid, 5), 10);
	IS(grid_marks(&grid, 10), 10);
	IS(grid_marks(&grid, 11), 20);
	IS(grid_marks(&grid, 21), 25);
	IS(grid_marks(&grid, 26), 50);
	IS(grid_marks(&grid, 51), 100);
	grid.columns = 25;
	IS(grid_marks(&grid, 5), 5);
	IS(grid_marks(&grid, 6), 25);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"the finest grid that fits", test_choose}, {"each port has a cell", test_cover},
		{"a larger cell is to be had", test_least}, {"marks", test_marks});

	return unit_main("map-grid", tests);
}
