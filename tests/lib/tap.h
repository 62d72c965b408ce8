/* SPDX-License-Identifier: MIT */
/*
 * The smallest TAP producer that our C tests need: ok() counts and prints,
 * done_testing() prints the plan and gives the exit status of main().
 */
#ifndef TESTS_LIB_TAP_H
#define TESTS_LIB_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static int ok(int good, const char *format, ...)
{
	va_list args;

	tap_count++;
	if (!good)
		tap_failed++;
	printf("%sok %d - ", good ? "" : "not ", tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return good;
}

/* A line for the reader of the log; TAP ignores it. */
__attribute__((format(printf, 1, 2), unused)) static void diag(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* What has been tried, as a row of the table that make check-long ends with. */
__attribute__((unused)) static void proved(const char *what, unsigned long cases,
					   unsigned long failures)
{
	diag("proof: %s: %lu cases, %lu failures", what, cases, failures);
}

/* A call that failed with the errno we expect; says what it did instead. */
__attribute__((unused)) static int fails_with(int result, int expected, const char *what)
{
	int error = errno;
	int good = result == -1 && error == expected;

	ok(good, "%s: %s", what, strerrorname_np(expected));
	if (!good)
		diag("result %d, errno %s", result, result == -1 ? strerrorname_np(error) : "untouched");
	return good;
}

__attribute__((unused)) static int skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, what, why);
	fflush(stdout);
	return 1;
}

__attribute__((unused)) static int done_testing(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failed ? 1 : 0;
}

/* The test gives up: what it needs is not there or its set-up failed. */
__attribute__((unused, noreturn)) static void bail_out(const char *why)
{
	printf("Bail out! %s: %s\n", why, strerror(errno));
	fflush(stdout);
	exit(99);
}

/* Runs this very program again under the library of the build tree, once. */
__attribute__((unused)) static void under_preload(char **argv)
{
	const char *library = getenv("PORTRES_LIB");

	if (getenv("PORTRES_TEST_PRELOADED"))
		return;
	if (!library)
		bail_out("PORTRES_LIB is not set (run me through make check)");
	setenv("PORTRES_TEST_PRELOADED", "1", 1);
	setenv("LD_PRELOAD", library, 1);
	execv("/proc/self/exe", argv);
	bail_out("exec under the preload");
}

#endif
