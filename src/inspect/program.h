/* SPDX-License-Identifier: MIT */
/*
 * program.h - what a command is, and whether the library reaches it
 *
 * The command is looked for as execvp(3) does it; scripts are followed to the program that
 * runs them, env(1) to the one that it starts. Nothing is started.
 */
#ifndef INSPECT_PROGRAM_H
#define INSPECT_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "inspect/image.h"
#include "inspect/library.h"

/* Why it cannot be run at all. */
enum program_fault {
	FAULT_NONE,
	FAULT_MISSING,	 /* not there, or not in PATH */
	FAULT_FORBIDDEN, /* not executable for us, or out of reach */
	FAULT_FOLDER,
	FAULT_NO_FILE,	  /* a device, a socket, a fifo */
	FAULT_NO_PROGRAM, /* a library, an object file */
	FAULT_WORD_SIZE,  /* the kernel runs none of its word size */
	FAULT_DAMAGED,	  /* an ELF file, but not a whole one */
	FAULT_LOADER,	  /* its loader is not there */
	FAULT_LOOP,	  /* scripts of scripts without end */
};

enum program_libc { LIBC_NONE, LIBC_GLIBC, LIBC_MUSL, LIBC_BIONIC, LIBC_UCLIBC, LIBC_UNKNOWN };

/* What a program gains when we start it; for the loader it is then one that must not obey
 * LD_PRELOAD (AT_SECURE in getauxval(3)). */
enum program_gain { GAIN_NONE, GAIN_USER, GAIN_GROUP, GAIN_CAPABILITIES };

/* How one comes from the command to the program. */
enum step_kind { STEP_SCRIPT, STEP_SHELL, STEP_ENV };
struct program_step {
	enum step_kind kind; /* "#!", a script without that, env */
	char path[PATH_MAX];
};
#define PROGRAM_STEPS 16

struct program {
	enum program_fault fault; /* of path */
	char path[PATH_MAX];	  /* the program, as it was found */
	char file[PATH_MAX];	  /* links resolved; empty where there is none */
	struct program_step steps[PROGRAM_STEPS];
	unsigned int step_count;
	bool preload_lost; /* env takes LD_PRELOAD away, or sets another */
	bool unreadable;   /* it can be run and not be read: what follows is not known */
	struct image image;
	enum program_libc libc;
	bool other_loader; /* not the loader of this program: another build of its libc */
	enum program_gain gain;
	bool marked; /* it has the marks of one that gains something, whether or not we do */
};

/* Allocated, for free(); NULL: no memory. command: a list that ends with NULL. */
struct program *program_find(char *const *command);

/* The program that calls this. */
bool program_own(struct image *image);

/* What keeps the library from it. */
enum program_obstacle {
	OBSTACLE_NONE,
	OBSTACLE_FAULT,
	OBSTACLE_UNKNOWN, /* it cannot be read */
	OBSTACLE_LOADER,  /* it starts another program */
	OBSTACLE_MACHINE,
	OBSTACLE_STATIC,
	OBSTACLE_GAIN,
	OBSTACLE_WORD_SIZE,
	OBSTACLE_LIBC,
	OBSTACLE_GO,
	OBSTACLE_ENVIRONMENT, /* preload_lost */
};

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

struct program_reach {
	enum program_obstacle obstacle;
	enum answer binds;    /* it draws ports from the block */
	enum answer kept_out; /* the kernel refuses it ports of the block that are not its own */
	enum answer passes;   /* what it starts is in the reservation */
};

struct program_reach program_reach(const struct program *program,
				   const struct installation *installation);

/* For programs that read it: "static", "word-size"... */
const char *obstacle_name(enum program_obstacle obstacle);
const char *libc_name(enum program_libc libc);
const char *gain_name(enum program_gain gain);
const char *kind_of_image_name(enum image_kind kind);
const char *answer_name(enum answer answer);

#endif
