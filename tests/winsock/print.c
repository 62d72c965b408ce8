/* SPDX-License-Identifier: MIT */
/* wprintf as on Windows. What is expected is what Microsoft's page on formats says. */
#include "../lib/tap.h"
#include "portres/windows.h"
#include <locale.h>

static FILE *stream;
static char *text;
static size_t size;

static void is_printed(int count, const char *expected, const char *what)
{
	fclose(stream);
	if (!ok(!strcmp(text, expected) && count >= 0, "%s: %s", what, expected))
		diag("%d, %s", count, text);
	free(text);
	stream = open_memstream(&text, &size);
}

#define PRINTS(expected, ...) is_printed(fwprintf(stream, __VA_ARGS__), expected, #__VA_ARGS__)

int main(void)
{
	ULONG64 token = 12345678901234567890u;
	DWORD dword = 4000000000u;
	LONG number = -5;
	wchar_t wide[40];

	stream = open_memstream(&text, &size);
	PRINTS("plain 100%", L"plain 100%%");
	PRINTS("wide", L"%s", L"wide");
	PRINTS("wide", L"%ws", L"wide");
	PRINTS("wide", L"%ls", L"wide");
	PRINTS("narrow", L"%S", "narrow");
	PRINTS("narrow", L"%hs", "narrow");
	PRINTS("x", L"%c", L'x');
	PRINTS("x", L"%C", 'x');
	PRINTS("x", L"%hc", 'x');
	PRINTS("x", L"%wc", L'x');
	PRINTS("[   ab]", L"[%5.2s]", L"abc");
	PRINTS("[abc  ]", L"[%-*ws]", 5, L"abc");
	PRINTS("-6101065172474983726", L"%I64d", token);
	PRINTS("12345678901234567890", L"%I64u", token);
	PRINTS("ab54a98ceb1f0ad2", L"%I64x", token);
	PRINTS("0000AB54A98CEB1F0AD2", L"%020I64X", token);
	PRINTS("12345678901234567890", L"%llu", token);
	PRINTS("4000000000", L"%lu", dword);
	PRINTS("-5", L"%ld", number);
	PRINTS("ee6b2800", L"%I32x", dword);
	PRINTS("4000000000 -5 7", L"%u %d %hd", dword, number, (short)7);
	PRINTS("0x007", L"%#05x", 7);
	PRINTS("1.50 2.5e+00", L"%.2f %.1e", 1.5, 2.5);
	PRINTS("ab%cd%", L"ab%%cd%%");
	PRINTS("", L"");
	fprintf(stream, "narrow, ");
	PRINTS("narrow, and wide", L"and wide");
	setlocale(LC_CTYPE, "C");
	PRINTS("?", L"%s", L"\x20ac");
	if (setlocale(LC_CTYPE, "C.UTF-8"))
		PRINTS("\xe2\x82\xac", L"%s", L"\x20ac");
	else
		skip("text beyond ASCII", "no C.UTF-8 here");
	ok(swprintf(wide, 40, L"%s|%ws|%S", L"a", L"b", "c") == 5 && !wcscmp(wide, L"a|b|c"),
	   "swprintf: a|b|c");
	fputws(L"by fputws", stream);
	PRINTS("by fputws, then", L", then");
	fclose(stream);
	stream = tmpfile();
	ok(fwide(stream, 1) > 0 && fwprintf(stream, L"%s", L"wide") == 4 && !fflush(stream) &&
		   ftell(stream) == 4,
	   "on a stream that is wide already");
	fclose(stream);
	free(text);
	stream = open_memstream(&text, &size);
	ok(_wtoi(L"-12x") == -12 && _wtoi(L"4294967296") == INT32_MAX && !_wtoi(L"x"), "_wtoi");
	ok(fwprintf(stdout, L"# %s\n", L"three") == 8, "the number of characters comes back");
	fclose(stream);
	free(text);
	return done_testing();
}
