/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/rows.h"
#include "cli/show.h"

#define MARGIN 2

static unsigned int columns_of(const char *text, size_t length)
{
	unsigned int columns = 0;

	for (; length; length--, text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

static void label_show(const struct rows *rows, const char *label)
{
	printf("%*s%-*s", MARGIN, "", (int)rows->indent - MARGIN, label);
}

void row_go_on(const struct rows *rows, enum tone tone, const char *text)
{
	unsigned int at = rows->indent, columns;
	size_t length;

	fputs(tone == TONE_PLAIN ? "" : paint(tone), stdout);
	for (; *text; text += length) {
		text += strspn(text, " ");
		length = strcspn(text, " ");
		columns = columns_of(text, length);
		if (at > rows->indent && at + 1 + columns > rows->width) {
			printf("\n%*s", (int)rows->indent, "");
			at = rows->indent;
		} else if (at > rows->indent) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, length, stdout);
		at += columns;
	}
	printf("%s\n", tone == TONE_PLAIN ? "" : paint(TONE_PLAIN));
}

void row_show(const struct rows *rows, const char *label, enum tone tone, const char *text)
{
	label_show(rows, label);
	row_go_on(rows, tone, text);
}

void row_show_cut(const struct rows *rows, const char *label, const char *text)
{
	unsigned int room = rows->width > rows->indent ? rows->width - rows->indent : 1;

	label_show(rows, label);
	printf("%.*s\n", show_bytes(text, room), text);
}
