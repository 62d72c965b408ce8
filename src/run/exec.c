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
#include <time.h>
#include <unistd.h>

#include "core/here.h"
#include "run/environment.h"
#include "run/name.h"
#include "run/options.h"
#include "run/substitute.h"
#include "tool/holder.h"
#include "tool/message.h"
#include "tool/pool.h"

/* How often a block is asked for again: at first soon, then in peace. */
#define RETRY_FIRST_MS 10
#define RETRY_LAST_MS  250

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

static void range_read(struct acquire_request *request)
{
	const char *value = secure_getenv("PORTRES_RANGE");

	if (value && *value && run_range_parse(value, &request->range))
		fail("PORTRES_RANGE is %s, which is not FIRST-LAST; correct or unset it", value);
}

const char *message_program = "portres-run";
int message_failure = EXIT_FAILED;

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

__attribute__((noreturn)) static void fail_to_reserve(const struct options *options, int error)
{
	const struct acquire_request *request = &options->request;
	char block[64];

	if (request->first)
		snprintf(block, sizeof block, "ports %u-%u", request->first,
			 request->first + request->count - 1U);
	else
		snprintf(block, sizeof block, "a block of %u ports", request->count);
	switch (error) {
	case -EADDRINUSE:
		if (request->first)
			fail("%s cannot be reserved: one of them is in use or reserved; end what "
			     "uses "
			     "it (see ss -tulpn), choose others, or wait with --wait",
			     block);
		fail("%s cannot be reserved: none is free; ask for fewer, set PORTRES_RANGE, or "
		     "wait "
		     "with --wait",
		     block);
	case -EACCES:
		fail("%s cannot be reserved: ports below net.ipv4.ip_unprivileged_port_start need "
		     "CAP_NET_BIND_SERVICE; choose higher ones",
		     block);
	case -EOPNOTSUPP:
		fail("%s cannot be reserved: the kernel lacks the means (SO_BINDTOIFINDEX for "
		     "everybody, Linux 5.7) or portres-hold is missing; use a newer kernel, or "
		     "install again",
		     block);
	case -EMFILE:
		fail("%s cannot be reserved: out of descriptors; raise ulimit -n or ask for fewer",
		     block);
	default:
		fail("%s cannot be reserved: %s; ask for fewer or try again", block,
		     strerror(-error));
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct reservation reserve(struct options *options)
{
	struct pool *pool;
	struct reservation reservation;
	double end = now() + options->wait;
	long pause = RETRY_FIRST_MS;
	int error;

	folder_settle();
	pool = pool_or_fail();

	for (;;) {
		error = reservation_acquire(pool, &options->request, &reservation,
					    &options->run.anchor);
		if (!error)
			break;
		if ((error == -EADDRINUSE || error == -EACCES) && name_give_way(options, pool))
			continue;
		if (error != -EADDRINUSE || now() >= end)
			fail_to_reserve(options, error);
		nanosleep(&(struct timespec){.tv_nsec = pause * 1000000}, NULL);
		pause = pause * 2 < RETRY_LAST_MS ? pause * 2 : RETRY_LAST_MS;
	}
	name_remember(options, &reservation.block);
	options->run.token = reservation.token;
	options->run.netns = pool->netns;
	return reservation;
}

int main(int argc, char **argv)
{
	struct options options;
	struct reservation reservation;
	char **argument;
	int error;

	if (argc < 2)
		fail("this is portres-run's helper; run portres-run");
	options_read(&options, argc - 1, argv + 1);
	library_check(argv[1]);
	holder_beside();
	range_read(&options.request);
	name_recall(&options);
	options_check_count(&options);
	/* What people will know the reservation's maker by. */
	program_invocation_short_name = basename(options.command[0]);
	reservation = reserve(&options);
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
