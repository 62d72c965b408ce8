/* SPDX-License-Identifier: MIT */
/* paint.h - colours on a terminal */
#ifndef CLI_PAINT_H
#define CLI_PAINT_H

#include <stdbool.h>

enum tone {
	TONE_PLAIN,
	TONE_STRONG,
	TONE_FAINT,
	TONE_GOOD,
	TONE_WARNING,
	TONE_BAD,
};

/*
 * Whether standard output takes colours: it is a terminal that is not dumb, and NO_COLOR is
 * not set to anything (no-color.org).
 */
bool paint_wanted(void);

/*
 * What to print before a text of this tone; TONE_PLAIN ends every tone. Empty where no
 * colours are wanted, so that a printf needs no second form.
 */
const char *paint(enum tone tone);

#endif
