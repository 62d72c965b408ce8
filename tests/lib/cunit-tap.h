/* SPDX-License-Identifier: MIT */
/*
 * CUnit speaks no TAP: this runs its suites and prints one TAP line a test, what
 * failed in it as diagnostics behind the line.
 */
#ifndef TESTS_LIB_CUNIT_TAP_H
#define TESTS_LIB_CUNIT_TAP_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

/* Runs the suites and prints TAP. The exit status for main(). */
int cunit_tap_run(CU_SuiteInfo *suites);

/* The running test cannot be made here. It must return then. */
void cunit_tap_skip(const char *why);

/* A line for the reader of the log. */
__attribute__((format(printf, 1, 2))) void cunit_tap_note(const char *format, ...);

/*
 * Assertions that say what they saw. They do not end the test; FATAL ones do, also
 * in a child process that unit_in_child made.
 */
#define OK(condition)	    cunit_tap_ok((condition) != 0, #condition, __FILE__, __LINE__, false)
#define OK_FATAL(condition) cunit_tap_ok((condition) != 0, #condition, __FILE__, __LINE__, true)
#define IS(actual, expected)                                                                       \
	cunit_tap_is((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__, false)
#define IS_FATAL(actual, expected)                                                                 \
	cunit_tap_is((long long)(actual), (long long)(expected), #actual, __FILE__, __LINE__, true)

bool cunit_tap_ok(bool good, const char *what, const char *file, unsigned int line, bool fatal);
bool cunit_tap_is(long long actual, long long expected, const char *what, const char *file,
		  unsigned int line, bool fatal);

/* Prints the failures but for the first `known`: for a child process that ends. How many. */
unsigned int cunit_tap_failures(unsigned int known);

#endif
