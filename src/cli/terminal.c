/* SPDX-License-Identifier: MIT */
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/terminal.h"
#include "real/text.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MOST	10000
#define CUT		"..."

static struct winsize size_ask(void)
{
	struct winsize size = {0};

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		size = (struct winsize){0};
	return size;
}

unsigned int terminal_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = size_ask();
	uint64_t number;

	if (size.ws_col)
		return size.ws_col;
	if (columns && text_number(&columns, 10, COLUMNS_MOST, &number) && !*columns && number)
		return (unsigned int)number;
	return COLUMNS_DEFAULT;
}

unsigned int terminal_lines(void)
{
	return size_ask().ws_row;
}

static void locale_take(void)
{
	static bool taken;

	if (!taken)
		setlocale(LC_CTYPE, "");
	taken = true;
}

bool terminal_dumb(void)
{
	const char *terminal = getenv("TERM");

	return !terminal || !*terminal || !strcmp(terminal, "dumb");
}

bool terminal_utf8(void)
{
	locale_take();
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool terminal_256(void)
{
	const char *terminal = getenv("TERM"), *depth = getenv("COLORTERM");

	if (depth && *depth)
		return true;
	return terminal && (strstr(terminal, "256") || strstr(terminal, "direct"));
}

/* The next character of a text. */
struct character {
	size_t length;
	unsigned int columns;
	bool good;
};

static struct character character_read(const char *text, size_t length)
{
	struct character character = {1, 1, false};
	mbstate_t state = {0};
	wchar_t wide;
	size_t read = mbrtowc(&wide, text, length, &state);
	int columns;

	if (!read || read > length)
		return character;
	character.length = read;
	columns = wcwidth(wide);
	if (columns < 0)
		return character;
	character.columns = (unsigned int)columns;
	character.good = true;
	return character;
}

/* How many bytes of a text fill so many columns at most. */
static size_t text_fit(const char *text, unsigned int columns)
{
	size_t length = strlen(text), at = 0;

	while (at < length) {
		struct character next = character_read(text + at, length - at);

		if (next.columns > columns)
			break;
		columns -= next.columns;
		at += next.length;
	}
	return at;
}

void terminal_print(const char *text, unsigned int columns)
{
	size_t length, at = 0;
	bool cut;

	locale_take();
	length = text_fit(text, columns);
	cut = text[length] && columns > strlen(CUT);
	if (cut)
		length = text_fit(text, columns - (unsigned int)strlen(CUT));
	while (at < length) {
		struct character next = character_read(text + at, length - at);

		if (next.good)
			fwrite(text + at, 1, next.length, stdout);
		else
			putchar('?');
		at += next.length;
	}
	if (cut)
		fputs(CUT, stdout);
}
