/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/image.h"

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

static int variable_read(struct process_image *image, const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t length = equals ? (size_t)(equals - variable) : 0;

	if (!length)
		return 0;
#define IS(name) (length == strlen(name) && !strncmp(variable, name, length))
	if (IS("LD_PRELOAD"))
		image->preload |= strstr(equals, LIBRARY) != NULL;
	else if (IS("PORTRES_RESERVATION"))
		return variable_take(&image->reservation, equals + 1);
	else if (IS("PORTRES_RESERVE"))
		return variable_take(&image->reserve, equals + 1);
	else if (IS("PORTRES_DIR"))
		return variable_take(&image->folder, equals + 1);
#undef IS
	return 0;
}

/* Shows the pieces of a file of /proc that end with a certain character. */
static int pieces_read(struct process_image *image, pid_t pid, const char *name, int end,
		       int (*visit)(struct process_image *image, const char *piece))
{
	FILE *file = file_open(pid, name);
	char *piece = NULL;
	size_t size = 0;
	int error = 0;

	if (!file)
		return -errno;
	errno = 0;
	while (!error && getdelim(&piece, &size, end, file) > 0)
		error = visit(image, piece);
	/* It may be opened and not be read where another process has come to its number. */
	if (!error && ferror(file))
		error = errno ? -errno : -EIO;
	free(piece);
	fclose(file);
	return error;
}

static int mapping_read(struct process_image *image, const char *line)
{
	const char *name = strrchr(line, '/');
	size_t length = strlen(LIBRARY);

	/* " (deleted)" may follow. */
	if (name && !strncmp(name + 1, LIBRARY, length) &&
	    (name[1 + length] == '\n' || name[1 + length] == ' '))
		image->library = true;
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

static int start_read(struct process_image *image, pid_t pid)
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
			image->dynamic = value != 0;
		else if (type == AT_SECURE)
			image->secure = value != 0;
	}
	fclose(file);
	return 0;
}

int image_read(struct process_image *image, pid_t pid)
{
	int error;

	*image = (struct process_image){.library = false};
	error = start_read(image, pid);
	if (!error)
		error = pieces_read(image, pid, "environ", '\0', variable_read);
	if (!error)
		error = pieces_read(image, pid, "maps", '\n', mapping_read);
	if (error)
		image_free(image);
	return error;
}

void image_free(struct process_image *image)
{
	free(image->reservation);
	free(image->reserve);
	free(image->folder);
	*image = (struct process_image){.library = false};
}
