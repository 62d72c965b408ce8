/* SPDX-License-Identifier: MIT */
/* environment.h - what the command finds in its environment */
#ifndef RUN_ENVIRONMENT_H
#define RUN_ENVIRONMENT_H

#include "run/options.h"

/* Sets a variable, or ends the program with a line that says why not. */
void environment_put(const char *name, const char *value);

/* The reservation, the ports of the block and the library to preload. */
void environment_set(const struct options *options, const struct block *block, const char *library);

#endif
