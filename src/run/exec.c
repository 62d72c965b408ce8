/* SPDX-License-Identifier: MIT */
/*
 * portres-exec - the helper of portres-run
 *
 * portres-exec LIBRARY [OPTION]... COMMAND [ARG]...: takes the block, leaves its
 * anchor open, sets the environment and becomes the command: same process, nothing
 * in between, nothing to forward.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/here.h"
#include "run/environment.h"
#include "run/options.h"
#include "run/substitute.h"
#include "tool/holder.h"
#include "tool/message.h"
#include "tool/pool.h"

/* What the loader says when it does not come back: damaged files can end it. */
static char damaged[PATH_MAX + 128];

static void loading_failed(int signal_number)
{
	(void)signal_number;
	if (write(STDERR_FILENO, damaged, strlen(damaged)) < 0)
		_exit(EXIT_FAILED);
	_exit(EXIT_FAILED);
}

static bool library_loads(const char *library)
{
	struct sigaction action = {.sa_handler = loading_failed}, bus, segment;
	bool loads;

	snprintf(damaged, sizeof damaged,
		 "portres-run: the library is damaged: %s; build or install libportres again\n",
		 library);
	sigaction(SIGBUS, &action, &bus);
	sigaction(SIGSEGV, &action, &segment);
	loads = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segment, NULL);
	return loads;
}

/* The loader only warns of a library that it cannot preload, and goes on without it. */
static void library_check(const char *library)
{
	/* It would act on these, but it is the command that shall. */
	unsetenv("PORTRES_RESERVE");
	unsetenv("PORTRES_RESERVATION");
	if (strpbrk(library, " :"))
		fail("the library's path has a space or a colon, which LD_PRELOAD cannot hold: %s; "
		     "install it elsewhere",
		     library);
	if (!library_loads(library))
		fail("the library does not load: %s; build or install libportres again", dlerror());
}

const char *message_program = "portres-run";
int message_failure = EXIT_FAILED, message_misuse = EXIT_FAILED;

/* The tree shall find the pool from wherever it goes. */
static void folder_settle(void)
{
	const char *folder = pool_folder();
	char directory[PATH_MAX], *absolute;

	if (!folder || *folder == '/' || !getcwd(directory, sizeof directory))
		return;
	if (asprintf(&absolute, "%s/%s", directory, folder) < 0)
		fail("out of memory; free some and try again");
	environment_put("PORTRES_DIR", absolute);
	free(absolute);
}

int main(int argc, char **argv)
{
	struct options options;
	struct reservation reservation;
	struct pool *pool;
	char **argument;
	int error;

	if (argc < 2)
		fail("this is portres-run's helper; run portres-run");
	options_read(&options, argc - 1, argv + 1);
	library_check(argv[1]);
	holder_beside();
	request_recall(&options.request);
	options_check_count(&options);
	/* What people will know the reservation's maker by. */
	program_invocation_short_name = basename(options.command[0]);
	folder_settle();
	pool = pool_or_fail();
	reservation = request_reserve(&options.request, pool, &options.run.anchor);
	options.run.token = reservation.token;
	options.run.netns = pool->netns;
	environment_set(&options, &reservation.block, argv[1]);
	if (options.substitute) {
		for (argument = options.command; *argument; argument++) {
			*argument = substitute(*argument, &reservation.block);
			if (!*argument)
				fail("out of memory reading the arguments; free some and try "
				     "again");
		}
	}
	execvp(options.command[0], options.command);
	error = errno;
	complain("\"%s\" cannot be run: %s; check its name and that it is executable",
		 options.command[0], strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}
