/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "preload/debug.h"
#include "preload/settings.h"
#include "real/text.h"

void debug_say(const char *first, ...)
{
	char line[512];
	struct text text = TEXT(line);
	const char *part;
	int saved = errno;
	va_list parts;
	ssize_t written;

	if (!settings.debug)
		return;
	text_add(&text, "libportres: ");
	va_start(parts, first);
	for (part = first; part; part = va_arg(parts, const char *))
		text_add(&text, part);
	va_end(parts);
	text_add(&text, "\n");
	/* In one piece, so that lines of several processes do not mix. */
	written = write(STDERR_FILENO, line, text.length);
	(void)written;
	errno = saved;
}

static const char *error_name(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "a port is in use, or no block is free";
	case EADDRNOTAVAIL:
		return "outside the block, or the reservation has ended";
	case EACCES:
		return "not allowed";
	case EMFILE:
	case ENFILE:
		return "out of descriptors";
	case ENOSPC:
		return "the pool is full";
	case EBADMSG:
		return "the pool file is damaged";
	case EOPNOTSUPP:
		return "the kernel or the socket lacks the means";
	case EINVAL:
		return "invalid";
	default:
		return "failed";
	}
}

void debug_error(const char *what, int error)
{
	char digits[24];
	struct text text = TEXT(digits);

	if (!settings.debug || error >= 0)
		return;
	text_add_number(&text, (uint64_t)-error, 10);
	debug_say(what, ": ", error_name(-error), " (errno ", digits, ")", NULL);
}
