/* SPDX-License-Identifier: MIT */
/*
 * check.h - whether what reservations rest on is there, tried and not told from versions
 *
 * A check is a function that gives a finding, and a line in the table of check.c. It changes
 * nothing: what it binds, starts or makes is gone when it returns.
 */
#ifndef INSPECT_CHECK_H
#define INSPECT_CHECK_H

#include <stddef.h>

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILS };

/* For people, on one line: no control characters. */
struct finding {
	enum verdict verdict;
	char found[768];
	char remedy[512]; /* empty where it is ok */
};

struct check {
	const char *name;
	struct finding (*run)(void);
};

extern const struct check checks[];
extern const size_t check_count;

/* NULL: there is none of that name. */
const struct check *check_find(const char *name);

/* "ok", "warning", "fails" */
const char *verdict_name(enum verdict verdict);

/* To make one: what was found. */
__attribute__((format(printf, 1, 2))) struct finding found_ok(const char *format, ...);
__attribute__((format(printf, 2, 3))) struct finding found_bad(enum verdict verdict,
							       const char *format, ...);
/* And what helps. */
__attribute__((format(printf, 2, 3))) struct finding remedied(struct finding finding,
							      const char *format, ...);

/* What helps against an errno, where it says that something has run out; else the other. */
const char *remedy_of(int error, const char *otherwise);

#endif
