/* SPDX-License-Identifier: MIT */
/* library.h - where the library and its helpers are */
#ifndef INSPECT_LIBRARY_H
#define INSPECT_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

struct installation {
	char self[PATH_MAX];			 /* this program */
	char library[PATH_MAX];			 /* libportres.so */
	char helper[PATH_MAX], holder[PATH_MAX]; /* portres-exec, portres-hold */
	bool built;				 /* in a build tree, and not installed */
};

/* Those beside this program in a build tree, else those that were installed with it. */
void installation_find(struct installation *installation);

/*
 * Where the library is installed for programs of both word sizes, side by side as
 * distributions do it, a path in which each program's loader finds its own; else the
 * library's. The caller frees it; NULL: no memory.
 */
char *library_path_for_all(const char *library);

/* The library for programs of the other word size; NULL: there is none. The caller frees it. */
char *library_other(const char *library);

#endif
