/* SPDX-License-Identifier: MIT */
/*
 * unshared ANCHOR - a thread takes a table of descriptors of its own and waits; the others
 * lose the anchor. Says "ready" and goes on until its standard input ends.
 */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static sem_t unshared;

static void *keep(void *unused)
{
	(void)unused;
	if (unshare(CLONE_FILES))
		_exit(1);
	sem_post(&unshared);
	pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	sem_init(&unshared, 0, 0);
	if (argc != 2 || pthread_create(&thread, NULL, keep, NULL))
		return 1;
	sem_wait(&unshared);
	/* No library sees it. */
	syscall(SYS_close, atoi(argv[1]));
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return 0;
}
