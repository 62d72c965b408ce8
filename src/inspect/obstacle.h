/* SPDX-License-Identifier: MIT */
/* obstacle.h - what is in the way of a program, in words */
#ifndef INSPECT_OBSTACLE_H
#define INSPECT_OBSTACLE_H

#include "inspect/check.h"
#include "inspect/program.h"

/* What keeps the library from it, and what helps: of any obstacle but OBSTACLE_NONE and
 * OBSTACLE_FAULT. */
struct finding obstacle_finding(const struct program *program, enum program_obstacle obstacle);

/* Why it cannot be run at all. */
struct finding fault_finding(const struct program *program);

#endif
