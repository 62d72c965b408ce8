/* SPDX-License-Identifier: MIT */
/*
 * main() for a program whose own main function is wmain(), with wide arguments. In an
 * archive, from which the linker takes it only where a program has no main().
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* As C and extern "C" call it, and as C++ does: (), (int, wchar_t **) and with envp. */
extern int wmain(int argc, wchar_t **argv, wchar_t **envp) __attribute__((weak));
extern int wmain_plain(void) __asm__("_Z5wmainv") __attribute__((weak));
extern int wmain_arguments(int argc, wchar_t **argv) __asm__("_Z5wmainiPPw") __attribute__((weak));
extern int wmain_constant(int argc, const wchar_t **argv) __asm__("_Z5wmainiPPKw")
	__attribute__((weak));
extern int wmain_environment(int argc, wchar_t **argv, wchar_t **envp) __asm__("_Z5wmainiPPwS0_")
	__attribute__((weak));

/* What the locale cannot read stays recognisable. */
#define UNREADABLE L'\xfffd'

static wchar_t *widen(const char *text)
{
	size_t length = strlen(text) + 1;
	wchar_t *wide = malloc(length * sizeof *wide), *to = wide;
	mbstate_t state = {0};

	if (!wide) {
		fputs("out of memory for the arguments\n", stderr);
		exit(EXIT_FAILURE);
	}
	while (length) {
		size_t used = mbrtowc(to, text, length, &state);

		if (!used)
			break;
		if (used > length) {
			*to = UNREADABLE;
			used = 1;
			memset(&state, 0, sizeof state);
		}
		text += used;
		length -= used;
		to++;
	}
	*to = L'\0';
	return wide;
}

static wchar_t **widen_all(char **texts)
{
	size_t count = 0, i;
	wchar_t **wide;

	while (texts[count])
		count++;
	wide = calloc(count + 1, sizeof *wide);
	if (!wide) {
		fputs("out of memory for the arguments\n", stderr);
		exit(EXIT_FAILURE);
	}
	for (i = 0; i < count; i++)
		wide[i] = widen(texts[i]);
	return wide;
}

int main(int argc, char **argv, char **envp)
{
	wchar_t **wide;
	const char *locale = setlocale(LC_CTYPE, "");

	/* Arguments are Unicode on Windows whatever the user's language. */
	if (!locale || !strcmp(locale, "C") || !strcmp(locale, "POSIX"))
		setlocale(LC_CTYPE, "C.UTF-8");
	wide = widen_all(argv);
	if (wmain_arguments)
		return wmain_arguments(argc, wide);
	if (wmain_constant)
		return wmain_constant(argc, (const wchar_t **)wide);
	if (wmain_plain)
		return wmain_plain();
	if (wmain_environment)
		return wmain_environment(argc, wide, widen_all(envp));
	if (wmain)
		return wmain(argc, wide, widen_all(envp));
	fputs("the program has neither main() nor wmain()\n", stderr);
	return EXIT_FAILURE;
}
