/* SPDX-License-Identifier: MIT */
/* rows.h - labels with texts beside them, which are broken into lines */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli/paint.h"

struct rows {
	unsigned int width;  /* of a line */
	unsigned int indent; /* where the texts begin */
};

/* The label stands two columns from the left; where it is empty, it is the text that goes on. */
void row_show(const struct rows *rows, const char *label, enum tone tone, const char *text);

/* The text alone, where the label has been written. */
void row_go_on(const struct rows *rows, enum tone tone, const char *text);

/* The same of a text that is cut and not broken. */
void row_show_cut(const struct rows *rows, const char *label, const char *text);

#endif
