/* SPDX-License-Identifier: MIT */
/* options.h - what the user asked portres-run for */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include "core/run.h"
#include "tool/request.h"

#define EXIT_FAILED	125 /* portres-run itself; nothing was started */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND	127

/* A variable of the command's environment that gets a port of the block. */
struct port_variable {
	const char *name; /* not terminated: up to its length */
	size_t length;
	uint32_t nth; /* from 0 */
};

struct options {
	struct request request;
	struct run run; /* how strict it is; filled in but for token and anchor */
	bool substitute;
	struct port_variable *variables;
	int variable_count;
	char **command;
};

/* Reads them, or ends the program with one line that says what is wrong. */
void options_read(struct options *options, int argc, char **argv);

/* The same where a variable wants a port that the block does not have. */
void options_check_count(const struct options *options);

#endif
