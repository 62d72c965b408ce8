/* SPDX-License-Identifier: MIT */
/* map.h - the picture of all ports, and what it is made of */
#ifndef CLI_MAP_H
#define CLI_MAP_H

#include "inspect/ports.h"

struct map {
	const struct reservations *reservations;
	const struct port_settings *settings;
	const struct ports *ports;
	struct port_range range;
	uint8_t protocols; /* PROTOCOL_BIT()s */
};

struct brush;

/* The picture and its legend, on standard output. */
void map_draw(const struct map *map, struct brush *brush);

/* What is in the range, a line for each run of ports. */
void map_list(const struct map *map, struct brush *brush);

/* The picture as SVG, into a file; "-" is standard output. */
void map_svg(const struct map *map, const char *file);

/* All runs of ports, as JSON on standard output. */
void map_json(const struct map *map);

#endif
