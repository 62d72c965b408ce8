/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "inspect/obstacle.h"

/* Of each obstacle that is the program's own: what it is, and what helps. */
static const struct {
	const char *reason, *remedy;
} obstacles[] = {
	[OBSTACLE_UNKNOWN] = {"it cannot be read, so nothing can be said of it",
			      "look as somebody who may read it"},
	[OBSTACLE_LOADER] = {"it is a loader, and what counts is the program that it starts",
			     "ask for that program"},
	[OBSTACLE_MACHINE] = {"it is for another machine and runs in an emulator, if at all",
			      "use a build for this machine"},
	[OBSTACLE_STATIC] =
		{"it is linked statically, and no library is loaded into it",
		 "use a dynamically linked build, or let a program that is reached bind and "
		 "hand the socket on (systemd-socket-activate)"},
	[OBSTACLE_GO] = {"it is a Go program, which binds by system calls of its own",
			 "let a program that is reached bind and hand the socket on "
			 "(systemd-socket-activate)"},
	[OBSTACLE_WORD_SIZE] = {"no library is installed for programs of its word size",
				"build the library for them, too, and install it beside this one"},
	[OBSTACLE_LIBC] = {"the loader of its libc cannot load the library",
			   "use a build for glibc or musl"},
	[OBSTACLE_GAIN] = {"it gains privileges, and the loader ignores LD_PRELOAD",
			   "start portres-run with its privileges already (sudo portres-run ...)"},
	[OBSTACLE_ENVIRONMENT] = {"env takes LD_PRELOAD from it, or sets another",
				  "start portres-run behind env"},
};

struct finding obstacle_finding(const struct program *program, enum program_obstacle obstacle)
{
	bool doubtful = obstacle == OBSTACLE_UNKNOWN || obstacle == OBSTACLE_LOADER;
	const char *remedy = obstacles[obstacle].remedy;

	if (obstacle == OBSTACLE_GAIN && program->gain == GAIN_CAPABILITIES)
		remedy = "use a copy without file capabilities, and give them by setpriv "
			 "--ambient-caps";
	return remedied(found_bad(doubtful ? VERDICT_WARNING : VERDICT_FAILS, "%s",
				  obstacles[obstacle].reason),
			"%s", remedy);
}

static struct finding missing_finding(const struct program *program)
{
	const struct program_step *last =
		program->step_count ? &program->steps[program->step_count - 1] : NULL;
	const char *path = program->path;
	const char *searched = strchr(path, '/') ? "" : ", in no folder of PATH";
	size_t length = strlen(path);

	if (!last)
		return remedied(found_bad(VERDICT_FAILS, "%s is not there%s", path, searched),
				"check its name, or install it");
	if (last->kind == STEP_ENV)
		return remedied(found_bad(VERDICT_FAILS, "%s, which %s is to start, is not there%s",
					  path, last->path, searched),
				"check its name, or install it");
	return remedied(
		found_bad(VERDICT_FAILS, "%s, which is to run %s, is not there", path, last->path),
		length && path[length - 1] == '\r'
			? "take the carriage returns out of the script"
			: "correct the script's first line, or install that");
}

struct finding fault_finding(const struct program *program)
{
	const char *path = program->path;

	switch (program->fault) {
	case FAULT_MISSING:
		return missing_finding(program);
	case FAULT_FORBIDDEN:
		return remedied(found_bad(VERDICT_FAILS, "%s cannot be executed by you", path),
				"chmod +x, or a filesystem that is not mounted noexec");
	case FAULT_FOLDER:
		return remedied(found_bad(VERDICT_FAILS, "%s is a folder", path), "name a program");
	case FAULT_NO_FILE:
		return remedied(found_bad(VERDICT_FAILS, "%s is no ordinary file", path),
				"name a program");
	case FAULT_NO_PROGRAM:
		return remedied(found_bad(VERDICT_FAILS, "%s is a library or an object file", path),
				"name a program");
	case FAULT_WORD_SIZE:
		return remedied(found_bad(VERDICT_FAILS,
					  "%s is a 32-bit program, and this kernel runs none",
					  path),
				"use a 64-bit build, or a kernel with CONFIG_IA32_EMULATION");
	case FAULT_DAMAGED:
		return remedied(found_bad(VERDICT_FAILS, "%s is a damaged ELF file", path),
				"install or build it again");
	case FAULT_LOADER:
		return remedied(found_bad(VERDICT_FAILS, "%s: its loader, %s, is not there", path,
					  program->image.loader),
				"install the libc that it was built for, or use another build");
	case FAULT_LOOP:
		return remedied(found_bad(VERDICT_FAILS,
					  "%s: too many scripts or links, one behind the "
					  "other",
					  path),
				"see which leads back to another");
	case FAULT_NONE:
		break;
	}
	return found_ok("%s", path);
}
