/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/show.h"
#include "cli/terminal.h"

#define DAY	    86400
#define WIDTH_LEAST 40

void show_block(const struct block *block, char text[SHOW_BLOCK])
{
	if (!block->count)
		strcpy(text, "?");
	else if (block->count == 1)
		snprintf(text, SHOW_BLOCK, "%u", block->first);
	else
		snprintf(text, SHOW_BLOCK, "%u-%u", block->first, block->first + block->count - 1U);
}

void show_time(int64_t since, char text[SHOW_TIME])
{
	time_t then = (time_t)since, now = time(NULL);
	struct tm local;

	if (!then || !localtime_r(&then, &local) ||
	    !strftime(text, SHOW_TIME, now - then < DAY && now >= then ? "%H:%M:%S" : "%y-%m-%d",
		      &local))
		strcpy(text, "-");
}

unsigned int show_width(void)
{
	unsigned int width = terminal_columns();

	return width < WIDTH_LEAST ? WIDTH_LEAST : width;
}

int show_bytes(const char *text, unsigned int columns)
{
	const char *at = text;

	for (; *at; at++) {
		/* Only the first byte of a character of UTF-8 moves on. */
		if (((unsigned char)*at & 0xc0) == 0x80)
			continue;
		if (!columns--)
			break;
	}
	return (int)(at - text);
}
