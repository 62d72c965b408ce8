/* SPDX-License-Identifier: MIT */
/* message.h - how the tools speak to who runs them: one line, what, why and what to do */
#ifndef TOOL_MESSAGE_H
#define TOOL_MESSAGE_H

/* What each line begins with, and the exit statuses of fail() and usage_error(). */
extern const char *message_program;
extern int message_failure, message_misuse;

/* A line on standard error, whatever the arguments hold. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* The same, and the end: it cannot be done, or it was not asked for in the right way. */
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format, ...);

__attribute__((format(printf, 1, 2), noreturn)) void usage_error(const char *format, ...);

/* Help and the like: text on standard output, and the end, with exit status 0. */
__attribute__((noreturn)) void say_and_exit(const char *text);

/* Ends with a failure where what was written to standard output has not arrived. */
void output_check(void);

#endif
