/* SPDX-License-Identifier: MIT */
/* The map in a terminal: two rows of cells a line, as half blocks, or letters. */
#include <stdio.h>
#include <string.h>

#include "cli/brush.h"
#include "cli/map.h"
#include "cli/map-grid.h"
#include "cli/map-kinds.h"
#include "cli/paint.h"
#include "cli/terminal.h"

#define LABEL_WIDTH   6 /* "65000 " */
#define GAP	      3 /* between two pictures */
#define LINES_LEAST   34
#define LINES_FILE    68 /* where there is no screen to fit */
#define LINES_AROUND  15 /* heading, marks and legend */
#define COLUMNS_LEAST 10
#define COUNTS_WIDTH  7

struct canvas {
	const struct map *map;
	struct grid grid;
	unsigned int width;
	bool beside; /* the two protocols */
	struct brush *brush;
};

static int kind_at(const struct canvas *canvas, enum protocol protocol, uint32_t row,
		   uint32_t column)
{
	struct port_range ports;

	if (row >= canvas->grid.rows || !grid_cell(&canvas->grid, row, column, &ports))
		return KIND_NONE;
	return (int)ports_telling(canvas->map->ports, protocol, ports);
}

static void cells_put(struct canvas *canvas, enum protocol protocol, uint32_t row)
{
	uint32_t column;

	for (column = 0; column < canvas->grid.columns; column++)
		brush_cell(canvas->brush, kind_at(canvas, protocol, row, column),
			   kind_at(canvas, protocol, row + 1, column));
	brush_lift(canvas->brush);
}

/* "+0   +200 +400": how far the ports below are from the row's first. */
static unsigned int marks_put(const struct grid *grid)
{
	uint32_t room = (uint32_t)snprintf(NULL, 0, "+%u ", grid_row(grid) - 1);
	uint32_t apart = grid_marks(grid, room), column;
	unsigned int at = 0;

	for (column = 0; column < grid->columns; column += apart)
		at += (unsigned int)printf("%*s+%u", (int)(column - at), "", column * grid->cell);
	return at;
}

static const char *name_of(int protocol)
{
	return protocol == PROTOCOL_TCP ? "TCP" : "UDP";
}

/* Letters are for those who want no more than text. */
static const char *tone(const struct canvas *canvas, enum tone wanted)
{
	return canvas->brush->blocks ? paint(wanted) : "";
}

/* The names of the protocols from one to another, and the marks below them. */
static void head_put(const struct canvas *canvas, int first, int last)
{
	int columns = (int)canvas->grid.columns, protocol, behind = 0;

	printf("%*s", LABEL_WIDTH, "");
	for (protocol = first; protocol <= last; protocol++)
		printf("%s%*s%s", tone(canvas, TONE_STRONG), -(protocol < last ? columns + GAP : 0),
		       name_of(protocol), tone(canvas, TONE_PLAIN));
	printf("\n%*s%s", LABEL_WIDTH, "", tone(canvas, TONE_FAINT));
	for (protocol = first; protocol <= last; protocol++) {
		printf("%*s", behind, "");
		behind = columns + GAP - (int)marks_put(&canvas->grid);
	}
	printf("%s\n", tone(canvas, TONE_PLAIN));
}

static void picture_put(struct canvas *canvas, int first, int last)
{
	const struct grid *grid = &canvas->grid;
	uint32_t row, step = brush_rows(canvas->brush);
	int protocol;

	head_put(canvas, first, last);
	for (row = 0; row < grid->rows; row += step) {
		printf("%*u ", LABEL_WIDTH - 1, grid->origin + row * grid_row(grid));
		for (protocol = first; protocol <= last; protocol++) {
			cells_put(canvas, (enum protocol)protocol, row);
			if (protocol < last)
				printf("%*s", GAP, "");
		}
		putchar('\n');
	}
	putchar('\n');
}

static uint32_t room_of(unsigned int width, unsigned int taken, unsigned int parts)
{
	return width > taken + parts * COLUMNS_LEAST ? (width - taken) / parts : COLUMNS_LEAST;
}

/* Beside each other or one below the other: as the cells are finer, or else beside. */
static void grid_fit(struct canvas *canvas)
{
	unsigned int width = canvas->width, lines = terminal_lines();
	unsigned int per_line = brush_rows(canvas->brush);
	struct port_range range = canvas->map->range;
	struct grid below;

	if (!lines)
		lines = LINES_FILE;
	else
		lines = lines > LINES_LEAST + LINES_AROUND ? lines - LINES_AROUND : LINES_LEAST;
	if (canvas->map->protocols != 3) {
		canvas->grid =
			grid_choose(range, room_of(width, LABEL_WIDTH, 1), lines * per_line, 1);
		return;
	}
	canvas->grid =
		grid_choose(range, room_of(width, LABEL_WIDTH + GAP, 2), lines * per_line, 1);
	below = grid_choose(range, room_of(width, LABEL_WIDTH, 1), lines / 2 * per_line, 1);
	canvas->beside = width >= LABEL_WIDTH + 2 * canvas->grid.columns + GAP &&
			 canvas->grid.cell <= below.cell;
	if (!canvas->beside)
		canvas->grid = below;
}

/* Goes on in the next line where this one is full. */
static unsigned int phrase_put(const char *phrase, unsigned int at, unsigned int width)
{
	unsigned int length = (unsigned int)strlen(phrase);

	if (at && at + 1 + length > width) {
		putchar('\n');
		at = 0;
	}
	return at + (unsigned int)printf("%s%s", at ? " " : "", phrase);
}

static void heading_put(const struct canvas *canvas)
{
	const struct grid *grid = &canvas->grid;
	struct port_range range = grid->range;
	bool two = brush_rows(canvas->brush) > 1 && grid->rows > 1;
	unsigned int at = 0;
	char phrase[64];

	snprintf(phrase, sizeof phrase, range.first == range.last ? "Port %u;" : "Ports %u-%u;",
		 range.first, range.last);
	at = phrase_put(phrase, at, canvas->width);
	snprintf(phrase, sizeof phrase, "a %s %u%s", two ? "line is two rows of" : "row is",
		 grid_row(grid), grid->cell > 1 ? "," : "");
	at = phrase_put(phrase, at, canvas->width);
	snprintf(phrase, sizeof phrase, "a cell the most telling of %u ports", grid->cell);
	if (grid->cell > 1)
		phrase_put(phrase, at, canvas->width);
	fputs("\n\n", stdout);
}

static void legend_put(struct canvas *canvas)
{
	unsigned int counts[PROTOCOLS][PORT_KINDS];
	const struct map *map = canvas->map;
	int room = (int)canvas->width - 3, protocol, kind;
	char label[LABEL_SIZE];

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		ports_count(map->ports, (enum protocol)protocol, map->range, counts[protocol]);
		if (map->protocols & PROTOCOL_BIT(protocol))
			room -= COUNTS_WIDTH;
	}
	if (room > 62)
		room = 62;
	if (room < COLUMNS_LEAST)
		room = COLUMNS_LEAST;
	printf("%*s", room + 3, "");
	for (protocol = 0; protocol < PROTOCOLS; protocol++)
		if (map->protocols & PROTOCOL_BIT(protocol))
			printf("%*s", COUNTS_WIDTH, name_of(protocol));
	for (kind = 0; kind < PORT_KINDS; kind++) {
		putchar('\n');
		brush_sample(canvas->brush, (enum port_kind)kind);
		kind_label((enum port_kind)kind, map->settings, label);
		printf("%-*.*s", room, room, label);
		for (protocol = 0; protocol < PROTOCOLS; protocol++)
			if (map->protocols & PROTOCOL_BIT(protocol))
				printf("%*u", COUNTS_WIDTH, counts[protocol][kind]);
	}
	putchar('\n');
}

void map_draw(const struct map *map, struct brush *brush)
{
	struct canvas canvas = {.map = map, .width = terminal_columns(), .brush = brush};
	int protocol;

	grid_fit(&canvas);
	heading_put(&canvas);
	if (canvas.beside)
		picture_put(&canvas, PROTOCOL_TCP, PROTOCOL_UDP);
	for (protocol = 0; !canvas.beside && protocol < PROTOCOLS; protocol++)
		if (map->protocols & PROTOCOL_BIT(protocol))
			picture_put(&canvas, protocol, protocol);
	legend_put(&canvas);
}
