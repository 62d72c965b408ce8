/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/gain.h"
#include "inspect/locate.h"
#include "inspect/program.h"
#include "inspect/script.h"
#include "inspect/word-size.h"

#define SHELL "/bin/sh"
/* Scripts of scripts: as many as the kernel follows. */
#define SCRIPTS_NESTED 5

static void path_find(struct program *program, const char *name)
{
	program->fault = command_locate(name, program->path);
	if (!realpath(program->path, program->file))
		program->file[0] = '\0';
}

static bool step_add(struct program *program, enum step_kind kind)
{
	struct program_step *step = &program->steps[program->step_count];

	if (program->step_count == PROGRAM_STEPS) {
		program->fault = FAULT_LOOP;
		return false;
	}
	step->kind = kind;
	strcpy(step->path, program->path);
	program->step_count++;
	return true;
}

/* The name of a file, without its folder. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static enum program_libc libc_find(const char *loader)
{
	static const struct {
		const char *begin;
		enum program_libc libc;
	} names[] = {
		{"ld-musl", LIBC_MUSL},	 {"ld-uClibc", LIBC_UCLIBC}, {"ld64-uClibc", LIBC_UCLIBC},
		{"linker", LIBC_BIONIC}, {"ld-linux", LIBC_GLIBC},   {"ld-2.", LIBC_GLIBC},
		{"ld64.so", LIBC_GLIBC}, {"ld.so", LIBC_GLIBC},	     {"libc.so", LIBC_MUSL},
	};
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strncmp(name_of(loader), names[i].begin, strlen(names[i].begin)))
			return names[i].libc;
	return LIBC_UNKNOWN;
}

bool program_own(struct image *image)
{
	struct installation installation;
	int fd, error;

	installation_find(&installation);
	fd = open(installation.self, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	error = image_read(image, fd);
	close(fd);
	return !error;
}

/* Behind its links: where musl stands in for glibc, that says so. */
static void loader_look(struct program *program)
{
	const char *loader = program->image.loader;
	char resolved[PATH_MAX];
	struct image own;
	struct stat theirs, ours;

	if (!*loader)
		return;
	program->libc = libc_find(loader);
	if (!realpath(loader, resolved)) {
		program->fault = FAULT_LOADER;
		return;
	}
	if (libc_find(resolved) == LIBC_MUSL && strcmp(name_of(resolved), "libc.so") != 0)
		program->libc = LIBC_MUSL;
	program->other_loader = program_own(&own) && own.machine == program->image.machine &&
				own.bits == program->image.bits && !stat(loader, &theirs) &&
				!stat(own.loader, &ours) &&
				(theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

/* What an earlier step found is of no interest any more. */
static void file_forget(struct program *program)
{
	program->unreadable = program->other_loader = program->marked = false;
	program->image = (struct image){.bits = 0};
	program->libc = LIBC_NONE;
	program->gain = GAIN_NONE;
}

/* The kernel opens an interpreter as it stands there, without a search. */
static bool interpreter_prepend(struct words *words, const char *interpreter)
{
	char path[SCRIPT_LINE + 2];

	snprintf(path, sizeof path, "%s%s", strchr(interpreter, '/') ? "" : "./", interpreter);
	return words_prepend(words, path);
}

/* A script: its words become those of its interpreter. False: too many are nested. */
static bool script_follow(struct program *program, struct words *words, const char *interpreter,
			  const char *argument)
{
	if (!step_add(program, STEP_SCRIPT) || !words_replace(words, program->path))
		return false;
	return (!argument || words_prepend(words, argument)) &&
	       interpreter_prepend(words, interpreter);
}

/* No ELF file. */
static bool text_follow(struct program *program, struct words *words, int fd)
{
	char line[SCRIPT_LINE] = "", *interpreter, *argument;
	bool followed;

	if (pread(fd, line, sizeof line - 1, 0) >= 0 && script_parse(line, &interpreter, &argument))
		followed = script_follow(program, words, interpreter, argument);
	else
		followed = step_add(program, STEP_SHELL) && words_replace(words, program->path) &&
			   words_prepend(words, SHELL);
	if (!followed)
		program->fault = FAULT_LOOP;
	return followed;
}

/* What env starts, if this is it. */
static bool env_follow(struct program *program, struct words *words)
{
	bool lost = program->preload_lost;

	if (program->fault || strcmp(name_of(program->path), "env") != 0)
		return false;
	/* Without a command it is itself what runs. */
	if (!words_follow_env(words, &lost) || !words->count)
		return false;
	program->preload_lost = lost;
	if (step_add(program, STEP_ENV))
		return true;
	program->fault = FAULT_LOOP;
	return false;
}

static void image_look(struct program *program, int fd)
{
	if (program->image.kind == IMAGE_LIBRARY)
		program->fault = FAULT_NO_PROGRAM;
	else if (program->image.machine == EM_386 && !small_words_run())
		program->fault = FAULT_WORD_SIZE;
	if (program->fault)
		return;
	program->gain = gain_find(fd, &program->marked);
	loader_look(program);
}

/* Looks at the file; true: the words say what is run in its place. */
static bool file_follow(struct program *program, struct words *words)
{
	int fd = open(program->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;
	bool further = false;

	program->unreadable = fd < 0;
	if (fd < 0)
		return false;
	error = image_read(&program->image, fd);
	if (error == -ENOEXEC) {
		further = text_follow(program, words, fd);
	} else if (error) {
		program->fault = FAULT_DAMAGED;
	} else {
		image_look(program, fd);
		further = env_follow(program, words);
	}
	close(fd);
	return further;
}

static bool nested_too_deep(const struct program *program)
{
	unsigned int depth = 0;

	while (depth < program->step_count &&
	       program->steps[program->step_count - 1 - depth].kind == STEP_SCRIPT)
		depth++;
	return depth > SCRIPTS_NESTED;
}

struct program *program_find(char *const *command)
{
	struct program *program = calloc(1, sizeof *program);
	struct words *words = malloc(sizeof *words);
	bool further = program && words;

	if (words)
		words_set(words, command);
	while (further) {
		file_forget(program);
		path_find(program, words->list[0]);
		if (!program->fault && nested_too_deep(program))
			program->fault = FAULT_LOOP;
		further = !program->fault && file_follow(program, words);
	}
	if (!words) {
		free(program);
		program = NULL;
	}
	free(words);
	return program;
}
