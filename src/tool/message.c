/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "persist/utf8.h"
#include "tool/message.h"

static void complain_list(const char *format, va_list arguments)
{
	char *message;

	if (vasprintf(&message, format, arguments) < 0)
		return;
	/* One line, whatever the arguments hold. */
	utf8_clean(message);
	fprintf(stderr, "%s: %s\n", message_program, message);
	free(message);
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_list(format, arguments);
	va_end(arguments);
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_list(format, arguments);
	va_end(arguments);
	exit(message_failure);
}

void usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_list(format, arguments);
	va_end(arguments);
	exit(message_misuse);
}

void output_check(void)
{
	if (ferror(stdout) || fflush(stdout) == EOF)
		fail("standard output cannot be written: %s; see where it goes", strerror(errno));
}

void say_and_exit(const char *text)
{
	fputs(text, stdout);
	output_check();
	exit(0);
}
