/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/brush.h"
#include "cli/map-kinds.h"
#include "cli/paint.h"
#include "cli/terminal.h"

#define UPPER "\xe2\x96\x80"
#define LOWER "\xe2\x96\x84"

struct brush brush_take(bool letters)
{
	return (struct brush){
		.blocks = !letters && paint_wanted() && terminal_utf8(),
		.of_256 = terminal_256(),
		.fore = KIND_NONE,
		.back = KIND_NONE,
	};
}

unsigned int brush_rows(const struct brush *brush)
{
	return brush->blocks ? 2 : 1;
}

static void colour_put(const struct brush *brush, int kind, bool back)
{
	unsigned int colour;

	if (kind == KIND_NONE) {
		fputs(back ? "\033[49m" : "\033[39m", stdout);
	} else if (brush->of_256) {
		printf("\033[%d;5;%um", back ? 48 : 38, kind_looks[kind].of_256);
	} else {
		colour = kind_looks[kind].of_16;
		printf("\033[%um", (colour < 8 ? 30 + colour : 90 + colour - 8) + (back ? 10 : 0));
	}
}

static void colours_set(struct brush *brush, int fore, int back)
{
	if (brush->fore != fore)
		colour_put(brush, fore, false);
	if (brush->back != back)
		colour_put(brush, back, true);
	brush->fore = fore;
	brush->back = back;
}

void brush_cell(struct brush *brush, int upper, int lower)
{
	if (!brush->blocks) {
		putchar(upper == KIND_NONE ? ' ' : kind_looks[upper].sign);
	} else if (upper == lower) {
		/* A space has no edge that a font could draw badly. */
		colours_set(brush, brush->fore, upper);
		putchar(' ');
	} else if (upper == KIND_NONE) {
		colours_set(brush, lower, KIND_NONE);
		fputs(LOWER, stdout);
	} else {
		colours_set(brush, upper, lower);
		fputs(UPPER, stdout);
	}
}

void brush_lift(struct brush *brush)
{
	if (brush->blocks)
		colours_set(brush, KIND_NONE, KIND_NONE);
}

void brush_sample(struct brush *brush, enum port_kind kind)
{
	brush_cell(brush, (int)kind, (int)kind);
	if (brush->blocks)
		brush_cell(brush, (int)kind, (int)kind);
	else
		putchar(' ');
	brush_lift(brush);
	putchar(' ');
}
