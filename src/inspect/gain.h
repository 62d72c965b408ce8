/* SPDX-License-Identifier: MIT */
/* gain.h - whether a program gains privileges when this process starts it */
#ifndef INSPECT_GAIN_H
#define INSPECT_GAIN_H

#include "inspect/program.h"

/* marked: it is setuid, setgid or has file capabilities, whoever starts it. */
enum program_gain gain_find(int fd, bool *marked);

#endif
