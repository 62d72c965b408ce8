/* SPDX-License-Identifier: MIT */
/* map-kinds.h - how each kind of port looks */
#ifndef CLI_MAP_KINDS_H
#define CLI_MAP_KINDS_H

#include "inspect/ports.h"

/*
 * Blue is yours, orange is others'; dark is held, bright is in use; what is free is grey.
 * No two of them differ by red and green alone.
 */
struct kind_look {
	char sign;		  /* without colours */
	uint8_t of_256, of_16;	  /* of a terminal */
	const char *light, *dark; /* of a page, as CSS has it */
	const char *words;
};

extern const struct kind_look kind_looks[PORT_KINDS];

#define LABEL_SIZE 80

/* What the kind means, for people. */
void kind_label(enum port_kind kind, const struct port_settings *settings, char label[LABEL_SIZE]);

#endif
