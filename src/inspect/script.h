/* SPDX-License-Identifier: MIT */
/* script.h - who runs a script, and what env(1) runs */
#ifndef INSPECT_SCRIPT_H
#define INSPECT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* As the kernel reads it (fs/binfmt_script.c): no more than this of a file counts. */
#define SCRIPT_LINE 256

/*
 * The interpreter of a script and the one argument that it gets (NULL: none), of the line
 * that the file begins with. They point into the line, which is cut. False: there is none.
 */
bool script_parse(char line[SCRIPT_LINE], char **interpreter, char **argument);

/* The words of a command, as they are found out. */
#define WORDS_MOST 64
struct words {
	char *list[WORDS_MOST + 1]; /* ends with NULL */
	size_t count;
	char text[4096]; /* of those that are not the caller's */
	size_t used;
};

void words_set(struct words *words, char *const *list);

/* Puts another word in front, or in the place of the first. False: there is no room. */
bool words_prepend(struct words *words, const char *word);
bool words_replace(struct words *words, const char *word);

/* Takes env and its options and assignments away, so that the command that it runs is left,
 * if any. lost: it takes LD_PRELOAD from that. False: there is no room. */
bool words_follow_env(struct words *words, bool *lost);

#endif
