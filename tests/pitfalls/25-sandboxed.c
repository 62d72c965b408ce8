/* SPDX-License-Identifier: MIT */
/*
 * A sandbox may refuse the calls that a library asks its questions by. Who goes on
 * unasked then gives a program of a reservation a port from elsewhere, and nobody
 * notices. Ours fails, or finds another way; the program lives.
 */
#include "../preload/sandbox.h"
#include "modes.h"

enum { COUNT = 4, TIMES = 3 };

struct sandbox {
	long number;
	int type, before; /* sockets were made, and tied, before the filter */
	int unbound;	  /* the kernel binds by itself, in listen or connect */
};

static int gets_port(int fd, const struct sandbox *sandbox)
{
	if (!sandbox->unbound)
		return socket_bind(fd, "127.0.0.1", 0, 0);
	if (sandbox->type == TCP)
		return listen(fd, 1);
	return socket_connect(fd, "127.0.0.1", 9, 0);
}

/* In BARE mode, which says what works without us, every port is right. */
static int no_port_from_elsewhere(void *argument)
{
	const struct sandbox *sandbox = argument;
	struct block block = mode_block(sandbox->type, COUNT);
	int fds[TIMES], good = 0;

	for (int i = 0; i < TIMES && sandbox->before; i++)
		fds[i] = member(&block);
	forbid(sandbox->number, SECCOMP_RET_ERRNO | EPERM);
	for (int i = 0; i < TIMES; i++) {
		int error, right;

		/* in a run, where a socket need not be tied */
		if (!sandbox->before)
			fds[i] = socket(AF_INET, sandbox->type, 0);
		error = gets_port(fds[i], sandbox) ? errno : 0;
		right = error ? mode != BARE && port_of(fds[i]) == 0
			      : belongs(&block, port_of(fds[i]));
		if (!right)
			diag("%s", error ? strerrorname_np(error) : "a port from elsewhere");
		good += right;
	}
	return good == TIMES;
}

int main(int argc, char **argv)
{
	static const struct {
		long number;
		const char *name;
	} calls[] = {{SYS_getsockopt, "getsockopt"}, {SYS_setsockopt, "setsockopt"}};
	char what[100];

	(void)argc;
	modes_begin(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (int i = 0; i < 8; i++) {
			struct sandbox sandbox = {.number = calls[i / 2 % 2].number,
						  .type = type,
						  .before = i % 2,
						  .unbound = i / 4};

			if (mode == PRELOADED && !sandbox.before)
				continue;
			/* of a run, connect is not asked for */
			if (sandbox.unbound && type == UDP && mode != PRELOADED)
				continue;
			snprintf(what, sizeof what,
				 "%s is EPERM: no port from elsewhere for a %s socket from %s, %s",
				 calls[i / 2 % 2].name, type_name(type),
				 sandbox.before ? "before" : "afterwards",
				 sandbox.unbound ? "unbound" : "bound");
			confined(no_port_from_elsewhere, &sandbox, what);
		}
	}
	return modes_end(argv);
}
