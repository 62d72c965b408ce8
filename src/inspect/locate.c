/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/locate.h"
#include "inspect/script.h"

/* What there is in the way of running a file. */
static enum program_fault fault_find(const char *path)
{
	struct stat status;

	if (stat(path, &status)) {
		if (errno == ELOOP)
			return FAULT_LOOP;
		return errno == EACCES ? FAULT_FORBIDDEN : FAULT_MISSING;
	}
	if (S_ISDIR(status.st_mode))
		return FAULT_FOLDER;
	if (!S_ISREG(status.st_mode))
		return FAULT_NO_FILE;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? FAULT_FORBIDDEN : FAULT_NONE;
}

/* The default of libc. */
static const char *search_path(char *buffer, size_t size)
{
	const char *path = getenv("PATH");

	if (path)
		return path;
	return confstr(_CS_PATH, buffer, size) ? buffer : "/bin:/usr/bin";
}

/* Whether what stands there is an image or a script whose interpreter is missing, which execvp
 * passes over. */
static bool interpreter_missing(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char line[SCRIPT_LINE] = "", *interpreter, *argument;
	struct image image;
	bool missing = false;

	if (fd < 0)
		return false;
	if (!image_read(&image, fd))
		missing = *image.loader && access(image.loader, F_OK);
	else if (pread(fd, line, sizeof line - 1, 0) > 0 &&
		 script_parse(line, &interpreter, &argument))
		missing = access(interpreter, F_OK);
	close(fd);
	return missing;
}

/* A part of PATH with the name in it, "" where that is too long. The next part; NULL: that was
 * the last. */
static const char *candidate_make(const char *at, const char *name, char path[PATH_MAX])
{
	int length = (int)strcspn(at, ":");

	/* An empty part is the working folder. */
	if (snprintf(path, PATH_MAX, "%.*s%s%s", length, at, length ? "/" : "./", name) >= PATH_MAX)
		*path = '\0';
	return at[length] ? at + length + 1 : NULL;
}

/* In PATH as execvp does it: the first that can be run; else the first that is there at all. */
static enum program_fault path_search(const char *name, char path[PATH_MAX])
{
	char buffer[256], candidate[PATH_MAX];
	const char *at = search_path(buffer, sizeof buffer);
	enum program_fault fault, first = FAULT_MISSING;
	bool found = false;

	snprintf(path, PATH_MAX, "%s", name);
	while (at) {
		at = candidate_make(at, name, candidate);
		fault = fault_find(candidate);
		if (fault == FAULT_MISSING)
			continue;
		if (fault == FAULT_NONE && !interpreter_missing(candidate)) {
			strcpy(path, candidate);
			return FAULT_NONE;
		}
		if (!found) {
			strcpy(path, candidate);
			first = fault;
		}
		found = true;
	}
	return first;
}

enum program_fault command_locate(const char *name, char path[PATH_MAX])
{
	if (*name && !strchr(name, '/'))
		return path_search(name, path);
	snprintf(path, PATH_MAX, "%s", name);
	return strlen(name) < PATH_MAX ? fault_find(name) : FAULT_MISSING;
}
