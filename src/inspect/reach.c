/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <stdlib.h>

#include "inspect/program.h"

static bool word_size_missing(const struct image *image, const struct image *own,
			      const struct installation *installation)
{
	char *other;

	if (image->bits == own->bits && image->machine == own->machine)
		return false;
	/* x32 has libraries of its own. */
	if (image->machine == EM_X86_64 && image->bits == 32)
		return true;
	other = library_other(installation->library);
	free(other);
	return !other;
}

static enum program_obstacle obstacle_find(const struct program *program,
					   const struct installation *installation)
{
	const struct image *image = &program->image;
	struct image own;

	if (program->fault)
		return OBSTACLE_FAULT;
	if (program->unreadable || !program_own(&own))
		return OBSTACLE_UNKNOWN;
	if (!machine_shared(image, &own))
		return OBSTACLE_MACHINE;
	if (program->gain)
		return OBSTACLE_GAIN;
	if (image->go)
		return OBSTACLE_GO;
	if (image->kind == IMAGE_LOADER)
		return OBSTACLE_LOADER;
	if (image->kind != IMAGE_DYNAMIC)
		return OBSTACLE_STATIC;
	if (word_size_missing(image, &own, installation))
		return OBSTACLE_WORD_SIZE;
	if (program->libc == LIBC_BIONIC || program->libc == LIBC_UCLIBC)
		return OBSTACLE_LIBC;
	return program->preload_lost ? OBSTACLE_ENVIRONMENT : OBSTACLE_NONE;
}

struct program_reach program_reach(const struct program *program,
				   const struct installation *installation)
{
	/* binds, kept out, passes */
	static const enum answer answers[][3] = {
		[OBSTACLE_NONE] = {ANSWER_YES, ANSWER_YES, ANSWER_YES},
		[OBSTACLE_FAULT] = {ANSWER_NO, ANSWER_NO, ANSWER_NO},
		[OBSTACLE_UNKNOWN] = {ANSWER_UNKNOWN, ANSWER_YES, ANSWER_UNKNOWN},
		[OBSTACLE_LOADER] = {ANSWER_UNKNOWN, ANSWER_YES, ANSWER_UNKNOWN},
		[OBSTACLE_MACHINE] = {ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN},
		[OBSTACLE_STATIC] = {ANSWER_NO, ANSWER_YES, ANSWER_YES},
		/* The loader takes LD_PRELOAD out of the environment, too. */
		[OBSTACLE_GAIN] = {ANSWER_NO, ANSWER_YES, ANSWER_NO},
		[OBSTACLE_WORD_SIZE] = {ANSWER_NO, ANSWER_YES, ANSWER_YES},
		[OBSTACLE_LIBC] = {ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN},
		[OBSTACLE_GO] = {ANSWER_NO, ANSWER_YES, ANSWER_YES},
		[OBSTACLE_ENVIRONMENT] = {ANSWER_NO, ANSWER_YES, ANSWER_NO},
	};
	enum program_obstacle obstacle = obstacle_find(program, installation);
	struct program_reach reach = {obstacle, answers[obstacle][0], answers[obstacle][1],
				      answers[obstacle][2]};

	/* Whatever else it is. */
	if (program->preload_lost && reach.passes == ANSWER_YES)
		reach.passes = ANSWER_NO;
	return reach;
}

const char *obstacle_name(enum program_obstacle obstacle)
{
	static const char *const names[] = {
		[OBSTACLE_NONE] = "none",
		[OBSTACLE_FAULT] = "cannot-run",
		[OBSTACLE_UNKNOWN] = "unreadable",
		[OBSTACLE_LOADER] = "loader",
		[OBSTACLE_MACHINE] = "machine",
		[OBSTACLE_STATIC] = "static",
		[OBSTACLE_GAIN] = "privileges",
		[OBSTACLE_WORD_SIZE] = "word-size",
		[OBSTACLE_LIBC] = "libc",
		[OBSTACLE_GO] = "go",
		[OBSTACLE_ENVIRONMENT] = "environment",
	};

	return names[obstacle];
}

const char *libc_name(enum program_libc libc)
{
	static const char *const names[] = {
		[LIBC_NONE] = "none",	  [LIBC_GLIBC] = "glibc",   [LIBC_MUSL] = "musl",
		[LIBC_BIONIC] = "bionic", [LIBC_UCLIBC] = "uclibc", [LIBC_UNKNOWN] = "unknown",
	};

	return names[libc];
}

const char *gain_name(enum program_gain gain)
{
	static const char *const names[] = {[GAIN_NONE] = "none",
					    [GAIN_USER] = "setuid",
					    [GAIN_GROUP] = "setgid",
					    [GAIN_CAPABILITIES] = "capabilities"};

	return names[gain];
}

const char *kind_of_image_name(enum image_kind kind)
{
	static const char *const names[] = {[IMAGE_DYNAMIC] = "dynamic",
					    [IMAGE_STATIC] = "static",
					    [IMAGE_STATIC_PIE] = "static-pie",
					    [IMAGE_LOADER] = "loader",
					    [IMAGE_LIBRARY] = "library"};

	return names[kind];
}

const char *answer_name(enum answer answer)
{
	static const char *const names[] = {
		[ANSWER_NO] = "no", [ANSWER_YES] = "yes", [ANSWER_UNKNOWN] = "unknown"};

	return names[answer];
}
