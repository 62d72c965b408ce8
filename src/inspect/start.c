/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/start.h"

#define LIBRARY "libportres.so"

static FILE *file_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

static int variable_take(char **to, const char *value)
{
	/* The first one is what getenv finds. */
	if (*to || !*value)
		return 0;
	*to = strdup(value);
	return *to ? 0 : -ENOMEM;
}

static int variable_read(struct process_start *start, const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t length = equals ? (size_t)(equals - variable) : 0;

	if (!length)
		return 0;
#define IS(name) (length == strlen(name) && !strncmp(variable, name, length))
	if (IS("LD_PRELOAD"))
		start->preload |= strstr(equals, LIBRARY) != NULL;
	else if (IS("PORTRES_RESERVATION"))
		return variable_take(&start->reservation, equals + 1);
	else if (IS("PORTRES_RESERVE"))
		return variable_take(&start->reserve, equals + 1);
	else if (IS("PORTRES_DIR"))
		return variable_take(&start->folder, equals + 1);
	else if (IS("PORTRES_STATE"))
		return variable_take(&start->state, equals + 1);
#undef IS
	return 0;
}

/* Shows the pieces of a file of /proc that end with a certain character. */
static int pieces_read(struct process_start *start, pid_t pid, const char *name, int end,
		       int (*visit)(struct process_start *start, const char *piece))
{
	FILE *file = file_open(pid, name);
	char *piece = NULL;
	size_t size = 0;
	int error = 0;

	if (!file)
		return -errno;
	errno = 0;
	while (!error && getdelim(&piece, &size, end, file) > 0)
		error = visit(start, piece);
	/* It may be opened and not be read where another process has come to its number. */
	if (!error && ferror(file))
		error = errno ? -errno : -EIO;
	free(piece);
	fclose(file);
	return error;
}

static int mapping_read(struct process_start *start, const char *line)
{
	const char *name = strrchr(line, '/');
	size_t length = strlen(LIBRARY);

	/* " (deleted)" may follow. */
	if (name && !strncmp(name + 1, LIBRARY, length) &&
	    (name[1 + length] == '\n' || name[1 + length] == ' '))
		start->library = true;
	return 0;
}

/* Two words of the process's own size, as the kernel told it at its start. */
static bool entry_read(FILE *file, bool wide, uint64_t *type, uint64_t *value)
{
	uint64_t pair[2];
	uint32_t narrow[2];

	if (wide) {
		if (fread(pair, sizeof pair, 1, file) != 1)
			return false;
		*type = pair[0];
		*value = pair[1];
	} else {
		if (fread(narrow, sizeof narrow, 1, file) != 1)
			return false;
		*type = narrow[0];
		*value = narrow[1];
	}
	return *type != AT_NULL;
}

static int vector_read(struct process_start *start, pid_t pid)
{
	unsigned char ident[EI_NIDENT] = {0};
	uint64_t type, value;
	FILE *file = file_open(pid, "exe");

	if (!file)
		return -errno;
	if (fread(ident, sizeof ident, 1, file) != 1)
		ident[EI_CLASS] = ELFCLASSNONE;
	fclose(file);
	file = file_open(pid, "auxv");
	if (!file)
		return -errno;
	while (entry_read(file, ident[EI_CLASS] != ELFCLASS32, &type, &value)) {
		if (type == AT_BASE)
			start->dynamic = value != 0;
		else if (type == AT_SECURE)
			start->secure = value != 0;
	}
	fclose(file);
	return 0;
}

int start_variables_read(struct process_start *start, pid_t pid)
{
	int error;

	*start = (struct process_start){.library = false};
	error = pieces_read(start, pid, "environ", '\0', variable_read);
	if (error)
		start_free(start);
	return error;
}

int start_read(struct process_start *start, pid_t pid)
{
	int error = start_variables_read(start, pid);

	if (!error)
		error = vector_read(start, pid);
	if (!error)
		error = pieces_read(start, pid, "maps", '\n', mapping_read);
	if (error)
		start_free(start);
	return error;
}

void start_free(struct process_start *start)
{
	free(start->reservation);
	free(start->reserve);
	free(start->folder);
	free(start->state);
	*start = (struct process_start){.library = false};
}
