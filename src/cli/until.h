/* SPDX-License-Identifier: MIT */
/* until.h - waiting until whoever has started us lets go */
#ifndef CLI_UNTIL_H
#define CLI_UNTIL_H

#include <poll.h>
#include <stdbool.h>

enum until_index { UNTIL_SIGNALS, UNTIL_INPUT, UNTIL_ANCHOR, UNTIL_COUNT };

struct until {
	struct pollfd some[UNTIL_COUNT];
};

/*
 * From here on SIGTERM, SIGINT and SIGHUP end the waiting and not the process; the latter two
 * unless they are ignored, as nohup and background commands of scripts have it. What standard
 * input is counts as it is now. The anchor is that of what is held meanwhile.
 */
void until_begin(struct until *until, int anchor);

/* Waits for a signal or the end of standard input. False: what was held is lost. */
bool until_let_go(struct until *until);

#endif
