/* SPDX-License-Identifier: MIT */
/* map-svg.h - the page around the picture, and where it goes */
#ifndef CLI_MAP_SVG_H
#define CLI_MAP_SVG_H

#include <stddef.h>
#include <stdio.h>

#include "cli/map.h"
#include "cli/map-grid.h"

/* All lengths in pixels. */
#define PAGE_MARGIN  20
#define PAGE_LABELS  46 /* room for the first port of a row */
#define PAGE_LEFT    (PAGE_MARGIN + PAGE_LABELS)
#define PAGE_PICTURE 500 /* how wide it is */
#define PAGE_TOP     104 /* of the first row */
#define PAGE_LINE    18	 /* of the legend */

struct page {
	FILE *output;
	const struct map *map;
	struct grid grid;
	unsigned int row; /* how high */
	unsigned int width, height;
	unsigned int legend; /* where it begins */
};

/* "TCP", "UDP" */
const char *page_protocol(int protocol);

/* "5000-5019", or one port */
void page_range(FILE *output, struct port_range range);

/* All before the picture: what it is, the colours, the heading. */
void page_head(const struct page *page);

void page_legend(const struct page *page);

/* Puts a text into a file, in place of all that was there, or ends with a line that says why
 * not; "-" is standard output. */
void svg_write(const char *file, const char *text, size_t length);

#endif
