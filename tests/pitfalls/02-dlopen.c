/* SPDX-License-Identifier: MIT */
/*
 * dlsym in a hook meets the loader that the program is using. dlopen holds the loader's
 * lock while constructors run, and one that waits for a thread waits for ever if that
 * thread's first call is looked up only then. And a look-up that finds nothing, or all it
 * wants, wipes the message that the program's own dlerror() is to read. Ours looks up at
 * its start what it may ever need.
 */
#include "modes.h"
#include <dlfcn.h>

static char *plugin;

/* Each in a child of its own: the first call counts. */
static int loads(void *call)
{
	signal(SIGALRM, SIG_DFL);
	alarm(30);
	setenv("PLUGIN_CALLS", call, 1);
	return dlopen(plugin, RTLD_NOW) != NULL;
}

static int message_stays(void *call)
{
	const char *message;
	FILE *file = fopen("/dev/null", "re");
	int fd = socket_open(TCP, "127.0.0.1", 0);

	if (dlopen("/nowhere/plugin.so", RTLD_NOW))
		return 0;
	if (!strcmp(call, "bind"))
		socket_bind(fd, "127.0.0.1", 0, 0);
	else
		fclose(file);
	message = dlerror();
	return message && strstr(message, "/nowhere/plugin.so");
}

int main(int argc, char **argv)
{
	static char calls[][8] = {"fclose", "bind"};

	(void)argc;
	modes_begin(argv);
	if (asprintf(&plugin, "%s/tests/pitfalls/.libs/dlopen-plugin.so", getenv("top_builddir")) <
	    0)
		bail_out("asprintf");
	for (int i = 0; i < 2; i++) {
		ok(in_child(loads, calls[i]), "dlopen: a constructor waits for a thread's %s",
		   calls[i]);
		ok(in_child(message_stays, calls[i]), "dlerror() is kept by %s", calls[i]);
	}
	return modes_end(argv);
}
