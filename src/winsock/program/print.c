/* SPDX-License-Identifier: MIT */
/*
 * wprintf as Windows has it: %s is a wide string, %S and %hs narrow ones, %I64d a number
 * of 64 bits, %ld one of 32. Source: Microsoft's page "Format specification syntax:
 * printf and wprintf functions".
 *
 * The text goes out as bytes, so that a program may print with printf, too, on the same
 * stream, as it may on Windows.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <wchar.h>

#include "winsock/program/print.h"

static bool in(wchar_t c, const wchar_t *set)
{
	return c && wcschr(set, c);
}

struct size {
	const wchar_t *windows, *here;
	bool wide, narrow; /* for text */
};

/* The longest first. */
static const struct size sizes[] = {
	{L"I64", L"ll", false, false}, {L"I32", L"", false, false}, {L"I", L"z", false, false},
	{L"ll", L"ll", true, false},   {L"l", L"", true, false},    {L"w", L"", true, false},
	{L"hh", L"hh", false, true},   {L"h", L"h", false, true},   {L"L", L"L", false, false},
	{L"j", L"j", false, false},    {L"z", L"z", false, false},  {L"t", L"t", false, false},
	{L"", L"", false, false},
};

static const struct size *size_find(const wchar_t *at)
{
	const struct size *size = sizes;

	while (wcsncmp(at, size->windows, wcslen(size->windows)))
		size++;
	return size;
}

/* The size and the conversion in glibc's terms, appended to `to`. */
static wchar_t *conversion(wchar_t *to, const struct size *size, wchar_t letter)
{
	if (in(letter, L"sScC")) {
		bool wide = size->wide || (!size->narrow && in(letter, L"sc"));

		if (wide)
			*to++ = L'l';
		letter = in(letter, L"sS") ? L's' : L'c';
	} else {
		wcscpy(to, size->here);
		to += wcslen(to);
	}
	*to++ = letter;
	return to;
}

wchar_t *print_format(const wchar_t *format)
{
	/* No conversion grows by more than a letter. */
	wchar_t *result = malloc((wcslen(format) * 2 + 1) * sizeof *result), *to = result;

	if (!result)
		return NULL;
	while (*format) {
		const struct size *size;

		*to++ = *format;
		if (*format++ != L'%')
			continue;
		while (in(*format, L"-+ #0123456789.*"))
			*to++ = *format++;
		if (*format == L'%') {
			*to++ = *format++;
			continue;
		}
		size = size_find(format);
		format += wcslen(size->windows);
		if (*format)
			to = conversion(to, size, *format++);
	}
	*to = L'\0';
	return result;
}

/* What the locale has no bytes for becomes a question mark, as on a Windows console. */
static bool put_one(FILE *stream, wchar_t character, mbstate_t *state)
{
	char bytes[64];
	size_t size;

	/* Somebody writes to it with libc's wide functions, and bytes would be refused. */
	if (fwide(stream, 0) > 0)
		return (fputwc)(character, stream) != WEOF;
	size = wcrtomb(bytes, character, state);
	if (size == (size_t)-1) {
		*state = (mbstate_t){0};
		bytes[0] = '?';
		size = 1;
	}
	return fwrite(bytes, 1, size, stream) == size;
}

static int put(FILE *stream, const wchar_t *text)
{
	mbstate_t state = {0};
	int count = 0;

	for (; *text; text++, count++)
		if (!put_one(stream, *text, &state))
			return -1;
	return count;
}

int portres_fputws(const wchar_t *text, FILE *stream)
{
	return put(stream, text);
}

wint_t portres_fputwc(wchar_t character, FILE *stream)
{
	mbstate_t state = {0};

	return put_one(stream, character, &state) ? (wint_t)character : WEOF;
}

int portres_swprintf(wchar_t *text, size_t size, const wchar_t *format, ...)
{
	wchar_t *here = print_format(format);
	va_list arguments;
	int result = -1;

	va_start(arguments, format);
	if (here)
		result = vswprintf(text, size, here, arguments);
	va_end(arguments);
	free(here);
	return result;
}

int portres_vfwprintf(FILE *stream, const wchar_t *format, va_list arguments)
{
	wchar_t *here = print_format(format), *text = NULL;
	size_t size = 0;
	FILE *memory = here ? open_wmemstream(&text, &size) : NULL;
	int result = -1;

	if (memory) {
		result = vfwprintf(memory, here, arguments);
		if (fclose(memory))
			result = -1;
		if (result >= 0)
			result = put(stream, text);
	}
	free(text);
	free(here);
	return result;
}

int portres_fwprintf(FILE *stream, const wchar_t *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = portres_vfwprintf(stream, format, arguments);
	va_end(arguments);
	return result;
}

int portres_wprintf(const wchar_t *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = portres_vfwprintf(stdout, format, arguments);
	va_end(arguments);
	return result;
}
