/* SPDX-License-Identifier: MIT */
/* request.h - the block that a user asks a tool for: portres-run and portres reserve */
#ifndef TOOL_REQUEST_H
#define TOOL_REQUEST_H

#include "core/reservation.h"

struct request {
	struct acquire_request acquire;
	double wait;	  /* seconds */
	const char *name; /* NULL: none */
	bool count_given, range_given, tcp, udp;
};

/* Its options for getopt_long; those of a tool itself begin at REQUEST_OPTIONS. */
#define REQUEST_SHORT "n:p:"
enum {
	REQUEST_NAME = 256,
	REQUEST_ALIGN,
	REQUEST_TCP,
	REQUEST_UDP,
	REQUEST_WAIT,
	REQUEST_OPTIONS,
};
/* clang-format off */
#define REQUEST_LONG                                                                               \
	{"ports", required_argument, NULL, 'n'},                                                   \
	{"range", required_argument, NULL, 'p'},                                                   \
	{"name", required_argument, NULL, REQUEST_NAME},                                           \
	{"align", required_argument, NULL, REQUEST_ALIGN},                                         \
	{"tcp", no_argument, NULL, REQUEST_TCP},                                                   \
	{"udp", no_argument, NULL, REQUEST_UDP},                                                   \
	{"wait", required_argument, NULL, REQUEST_WAIT}
/* clang-format on */

/* What there is without options. */
void request_begin(struct request *request);

/* Reads one option; false where it is none of these. Wrong usage is the end. */
bool request_option(struct request *request, int option, const char *argument);

/* When all are read: what is only right or wrong together, and the protocols. */
void request_check(struct request *request);

/* What the environment (PORTRES_RANGE) and the list of blocks (name.h) say of it. */
void request_recall(struct request *request);

/*
 * Takes the block, if need be after waiting, and remembers it for its name; or the end, with
 * a line that says why not. The anchor is the caller's.
 */
struct reservation request_reserve(struct request *request, struct pool *pool, int *anchor);

#endif
