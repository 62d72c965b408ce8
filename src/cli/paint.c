/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/paint.h"

static bool wanted_find(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	if ((no_color && *no_color) || !terminal || !*terminal || !strcmp(terminal, "dumb"))
		return false;
	return isatty(STDOUT_FILENO);
}

bool paint_wanted(void)
{
	static bool known, wanted;

	if (!known)
		wanted = wanted_find();
	known = true;
	return wanted;
}

const char *paint(enum tone tone)
{
	/* The terminal's own colours, which its user has made readable. */
	static const char *const codes[] = {
		[TONE_PLAIN] = "\033[0m", [TONE_STRONG] = "\033[1m",   [TONE_FAINT] = "\033[2m",
		[TONE_GOOD] = "\033[32m", [TONE_WARNING] = "\033[33m", [TONE_BAD] = "\033[31m",
	};

	return paint_wanted() ? codes[tone] : "";
}
