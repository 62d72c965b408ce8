/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cunit-tap.h"

static unsigned int count, failed;
static const char *skipped;

void cunit_tap_skip(const char *why)
{
	skipped = why;
}

void cunit_tap_note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	/* A fork must find nothing in the buffer, or it is printed twice. */
	fflush(stdout);
}

bool cunit_tap_ok(bool good, const char *what, const char *file, unsigned int line, bool fatal)
{
	CU_assertImplementation(good, line, what, file, "", fatal);
	return good;
}

static const char *error_name(long long number)
{
	const char *name = number < 0 && number > -4096 ? strerrorname_np((int)-number) : NULL;

	return name ? name : "";
}

bool cunit_tap_is(long long actual, long long expected, const char *what, const char *file,
		  unsigned int line, bool fatal)
{
	if (actual != expected)
		cunit_tap_note("%s is %lld %s, expected %lld %s", what, actual, error_name(actual),
			       expected, error_name(expected));
	return cunit_tap_ok(actual == expected, what, file, line, fatal);
}

static unsigned int failures_print(const CU_FailureRecord *failure)
{
	unsigned int number = 0;

	for (; failure; failure = failure->pNext, number++)
		cunit_tap_note("%s:%u: %s", failure->strFileName ? failure->strFileName : "",
			       failure->uiLineNumber,
			       failure->strCondition ? failure->strCondition : "");
	return number;
}

unsigned int cunit_tap_failures(unsigned int known)
{
	const CU_FailureRecord *failure = CU_get_failure_list();

	while (failure && known--)
		failure = failure->pNext;
	return failures_print(failure);
}

static void test_start(const CU_pTest test, const CU_pSuite suite)
{
	(void)test;
	(void)suite;
	skipped = NULL;
}

static void test_complete(const CU_pTest test, const CU_pSuite suite,
			  const CU_pFailureRecord failure)
{
	(void)suite;
	count++;
	if (failure) {
		failed++;
		printf("not ok %u - %s\n", count, test->pName);
		failures_print(failure);
	} else if (skipped) {
		printf("ok %u - %s # SKIP %s\n", count, test->pName, skipped);
	} else {
		printf("ok %u - %s\n", count, test->pName);
	}
	fflush(stdout);
}

static void suite_failed(const CU_pSuite suite)
{
	printf("Bail out! the set-up of %s failed\n", suite->pName);
	exit(99);
}

int cunit_tap_run(CU_SuiteInfo *suites)
{
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
		printf("Bail out! CUnit: %s\n", CU_get_error_msg());
		return 99;
	}
	CU_set_error_action(CUEA_IGNORE);
	CU_set_test_start_handler(test_start);
	CU_set_test_complete_handler(test_complete);
	CU_set_suite_init_failure_handler(suite_failed);
	CU_run_all_tests();
	CU_cleanup_registry();
	printf("1..%u\n", count);
	fflush(stdout);
	return failed || !count ? 1 : 0;
}
