/* SPDX-License-Identifier: MIT */
/* commands.h - the subcommands of portres: each gets its own name as argv[0] */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "tool/message.h" /* usage_error */

#define EXIT_NOT_SO 1 /* the asked-for thing is not so, or cannot be done */
#define EXIT_USAGE  2

int command_persist(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_list(int argc, char **argv);
int command_map(int argc, char **argv);
int command_reserve(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_hold(int argc, char **argv);

/* Ends with a line that says what getopt_long, which gave `result`, did not take; its option
 * string begins with a colon. */
__attribute__((noreturn)) void usage_option(const char *subcommand, char **argv, int result);

/* Ends with a line on why the kernel does not say which sockets there are. */
__attribute__((noreturn)) void sockets_fail(int error);

#endif
