/* SPDX-License-Identifier: MIT */
/* format.h - a block in the form that a script asks for */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include "pool/pool.h"

/*
 * The text of --format with what stands in braces replaced: {first}, {last}, {count},
 * {ports} (with spaces between, {ports:SEPARATOR} with something else), {protocol}, {pid},
 * and {0}, {1} and so on; \n, \t, \\, \{ and \} mean characters. It ends with a line end.
 * In memory of its own. Wrong usage is the end.
 */
char *format_make(const char *format, const struct block *block, size_t *length);

#endif
