/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_LOCATE_H
#define INSPECT_LOCATE_H

#include "inspect/program.h"

/* Where execvp(3) finds a command, and what is in the way of running it; where it is not found,
 * the path is the name. */
enum program_fault command_locate(const char *name, char path[PATH_MAX]);

#endif
