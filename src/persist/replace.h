/* SPDX-License-Identifier: MIT */
/* replace.h - a new file in place of an old one, whole or not at all */
#ifndef PERSIST_REPLACE_H
#define PERSIST_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

struct replacement {
	const char *name;
	const char *temporary; /* beside it; what is left there of others is removed */
	mode_t mode;
	const char *text;
	size_t length;
};

/*
 * Writes the text to the temporary file, syncs that and gives it the name. 0 or -errno, and
 * then the old file is there as it was. -ENOSPC also where ulimit -f does not allow the length.
 */
int file_replace(int folder, const struct replacement *replacement);

#endif
