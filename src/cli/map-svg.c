/* SPDX-License-Identifier: MIT */
/* The map as SVG: nothing in it but ports, kinds and counts, so that it can be shown around. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/map.h"
#include "cli/map-grid.h"
#include "cli/map-kinds.h"
#include "cli/map-svg.h"
#include "tool/message.h"

#define SIZE_MOST 300000 /* bytes: then cells get larger */

/* The grid's bounds. */
#define COLUMNS_MOST 100
#define ROWS_MOST    68

#define PICTURE_GAP  34
#define ROW_LEAST    8
#define ROW_MOST     18
#define PICTURE_HIGH 544 /* if the rows need no more */
#define LABEL_APART  14	 /* labels of rows, at least */
#define MARK_ROOM    45	 /* marks above a row */

static unsigned int pictures(const struct page *page)
{
	return page->map->protocols == 3 ? 2 : 1;
}

static void page_lay_out(struct page *page)
{
	unsigned int row = PICTURE_HIGH / page->grid.rows;

	page->row = row < ROW_LEAST ? ROW_LEAST : row > ROW_MOST ? ROW_MOST : row;
	page->width = PAGE_LEFT + PAGE_MARGIN + pictures(page) * PAGE_PICTURE +
		      (pictures(page) - 1) * PICTURE_GAP;
	page->legend = PAGE_TOP + page->grid.rows * page->row + 2 * PAGE_LINE;
	page->height = page->legend + PORT_KINDS * PAGE_LINE + PAGE_MARGIN;
}

/* The first ports of rows, as many as have room. */
static void labels_put(const struct page *page)
{
	static const unsigned int steps[] = {1, 2, 5};
	unsigned int step = 0, row;

	while (steps[step] * page->row < LABEL_APART)
		step++;
	for (row = 0; row < page->grid.rows; row += steps[step])
		fprintf(page->output,
			"<text class=\"less small end\" x=\"%u\" y=\"%u\">%u</text>\n",
			PAGE_LEFT - 6, PAGE_TOP + row * page->row + page->row / 2 + 4,
			page->grid.origin + row * grid_row(&page->grid));
}

static double cell_width(const struct page *page)
{
	return (double)PAGE_PICTURE / page->grid.columns;
}

static void marks_put(const struct page *page, unsigned int left)
{
	const struct grid *grid = &page->grid;
	uint32_t room = (uint32_t)(MARK_ROOM / cell_width(page)) + 1;
	uint32_t apart = grid_marks(grid, room), column;

	for (column = 0; column < grid->columns; column += apart)
		fprintf(page->output, "<text class=\"less small\" x=\"%g\" y=\"%u\">+%u</text>\n",
			left + column * cell_width(page), PAGE_TOP - 6, column * grid->cell);
}

/* Cells from one column to another, which all are of one kind. */
static void cells_put(const struct page *page, int protocol, unsigned int left, uint32_t row,
		      struct port_range columns, enum port_kind kind)
{
	double width = cell_width(page);
	struct port_range from, to, range;
	unsigned int counts[PORT_KINDS];

	grid_cell(&page->grid, row, columns.first, &from);
	grid_cell(&page->grid, row, columns.last, &to);
	range = (struct port_range){from.first, to.last};
	ports_count(page->map->ports, (enum protocol)protocol, range, counts);
	fprintf(page->output,
		"<rect class=\"k%d\" x=\"%g\" y=\"%u\" width=\"%g\" height=\"%u\"><title>",
		(int)kind, left + columns.first * width, PAGE_TOP + row * page->row,
		(columns.last - columns.first + 1) * width, page->row - 1);
	page_range(page->output, range);
	fprintf(page->output, " %s: ", page_protocol(protocol));
	if (counts[kind] < range.last - range.first + 1U)
		fprintf(page->output, "%u ", counts[kind]);
	fprintf(page->output, "%s</title></rect>\n", kind_looks[kind].words);
}

static void row_put(const struct page *page, int protocol, unsigned int left, uint32_t row)
{
	struct port_range columns = {0, 0}, ports;
	enum port_kind kind = PORT_FREE, next;
	bool begun = false;
	uint32_t column;

	for (column = 0; column < page->grid.columns; column++) {
		if (!grid_cell(&page->grid, row, column, &ports))
			continue;
		next = ports_telling(page->map->ports, (enum protocol)protocol, ports);
		if (begun && next != kind)
			cells_put(page, protocol, left, row, columns, kind);
		if (!begun || next != kind)
			columns.first = (uint16_t)column;
		columns.last = (uint16_t)column;
		kind = next;
		begun = true;
	}
	if (begun)
		cells_put(page, protocol, left, row, columns, kind);
}

static void pictures_put(const struct page *page)
{
	unsigned int left = PAGE_LEFT;
	int protocol;
	uint32_t row;

	labels_put(page);
	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(page->map->protocols & PROTOCOL_BIT(protocol)))
			continue;
		fprintf(page->output, "<text class=\"text name\" x=\"%u\" y=\"%u\">%s</text>\n",
			left, PAGE_TOP - 24, page_protocol(protocol));
		marks_put(page, left);
		fprintf(page->output, "<g class=\"cells\" id=\"%s\">\n",
			protocol == PROTOCOL_TCP ? "tcp" : "udp");
		for (row = 0; row < page->grid.rows; row++)
			row_put(page, protocol, left, row);
		fputs("</g>\n", page->output);
		left += PAGE_PICTURE + PICTURE_GAP;
	}
}

/* The page with this many ports in a cell at least, and how many it has then. */
static char *page_make(const struct map *map, uint32_t *least, size_t *length)
{
	struct page page = {.map = map};
	char *text = NULL;

	page.output = open_memstream(&text, length);
	if (!page.output)
		fail("out of memory; free some and try again");
	page.grid = grid_choose(map->range, COLUMNS_MOST, ROWS_MOST, *least);
	page_lay_out(&page);
	page_head(&page);
	pictures_put(&page);
	page_legend(&page);
	fputs("</svg>\n", page.output);
	if (fclose(page.output))
		fail("out of memory; free some and try again");
	*least = page.grid.cell;
	return text;
}

void map_svg(const struct map *map, const char *file)
{
	uint32_t least = 1;
	size_t length;
	char *text = page_make(map, &least, &length);

	while (length > SIZE_MOST) {
		free(text);
		least++;
		text = page_make(map, &least, &length);
	}
	svg_write(file, text, length);
	free(text);
}
