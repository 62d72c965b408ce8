/* SPDX-License-Identifier: MIT */
/* check-program.h - what is to be said of a program, in the form of check.h */
#ifndef INSPECT_CHECK_PROGRAM_H
#define INSPECT_CHECK_PROGRAM_H

#include "inspect/check.h"
#include "inspect/program.h"

struct program_subject {
	const struct program *program;
	struct program_reach reach;
	const struct installation *installation;
};

struct program_check {
	const char *name;
	/* A finding without a text: there is nothing to say. */
	struct finding (*run)(const struct program_subject *subject);
};

extern const struct program_check program_checks[];
extern const size_t program_check_count;

/* The sum: whether portres-run serves it; else why not, and what helps. */
struct finding program_sum(const struct program_subject *subject);

#endif
