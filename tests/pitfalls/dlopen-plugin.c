/* SPDX-License-Identifier: MIT */
/* A plugin that makes a call in a thread while it is loaded, and waits for the thread. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *call(void *name)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	FILE *file;
	int fd;

	if (!strcmp(name, "fclose")) {
		file = fopen("/dev/null", "re");
		if (file)
			fclose(file);
	} else if (!strcmp(name, "bind")) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&address, sizeof address))
			abort();
		close(fd);
	}
	return NULL;
}

__attribute__((constructor)) static void plugin_loaded(void)
{
	char *name = getenv("PLUGIN_CALLS");
	pthread_t thread;

	if (name && !pthread_create(&thread, NULL, call, name))
		pthread_join(thread, NULL);
}
