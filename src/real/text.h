/* SPDX-License-Identifier: MIT */
/*
 * text.h - putting short texts together and reading numbers, async-signal-safe
 *
 * stdio may allocate and lock, and none of it may happen in a hook.
 */
#ifndef REAL_TEXT_H
#define REAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that grows in a buffer of the caller; full is set where it did not fit. */
struct text {
	char *buffer;
	size_t size, length;
	bool full;
};

#define TEXT(array)                                                                                \
	{                                                                                          \
		.buffer = (array), .size = sizeof(array)                                           \
	}

void text_add(struct text *text, const char *string);
void text_add_number(struct text *text, uint64_t number, unsigned int base);

/* Reads digits at *at, at most up to limit, and moves *at behind them. */
bool text_number(const char **at, unsigned int base, uint64_t limit, uint64_t *number);

/* Reads a whole small file, as those in /proc are. Its length, or -errno. */
int text_file(const char *path, char *buffer, size_t size);

#endif
