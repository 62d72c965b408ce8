/* SPDX-License-Identifier: MIT */
/* json.h - reports for programs */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <sys/types.h>

#include "inspect/reservations.h"

/* Prints a report on standard output and lets it go. NULL, as json_pack gives where it has
 * no memory: the end, with a line that says so. */
void json_show(json_t *report);

/* A text of the system's, which need not be UTF-8 as JSON must: other bytes become U+FFFD. */
json_t *json_text(const char *text);

/* Puts the members "protocol", "first", "last" and "count" of a block into an object. */
void json_block_set(json_t *object, const struct block *block);

/* A process, with the members "pid" and, unless it has ended, "uid", "command", "since". */
json_t *json_process(pid_t pid);

/* A reservation, as portres list has it. */
json_t *json_reserved(const struct reserved *entry);

#endif
