/* SPDX-License-Identifier: MIT */
/* What the unit tests have in common: folders, ports, processes of their own. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../lib/cunit-tap.h"
#include "../preload/sockets.h"
#include "pool/pool.h"

#define TESTS(...)                                                                                 \
	{                                                                                          \
		__VA_ARGS__, CU_TEST_INFO_NULL                                                     \
	}

/* A user whom nobody is, for the tests that run as root. */
#define SOMEBODY 65534

#define LONGEST 100 /* seconds, for a program that takes some tenths */

/*
 * The whole of a main(): a folder of our own, an alarm against hanging, where the
 * machine allows it a network of our own (so that nobody else meets our ports),
 * and the tests.
 */
int unit_main(const char *suite, CU_TestInfo *tests);

/* Our folder; it goes when the program ends. */
extern char unit_folder[];

/* A path in it that was never given before. */
char *unit_path(char *buffer, size_t size);
#define PATH_SIZE 256

/* A fresh pool for the network that we are in. */
struct pool *unit_pool(void);

/* How many slots of it hold a token, how many port words are not free. */
unsigned int unit_slots(const struct pool *pool);
unsigned int unit_words(const struct pool *pool);

/* The entries of a folder; the name of one of them goes to name (256 bytes), if wanted. */
int unit_entries(const char *folder, char *name);

/* Whether the network is ours alone, and which of its ports are for us to use. */
extern bool unit_alone;
extern uint16_t unit_lowest, unit_highest;

/* So many consecutive ports that nobody has, TCP and UDP. */
uint16_t unit_block(uint16_t count);
uint16_t unit_block_in(uint16_t lowest, uint16_t highest, uint16_t count);

/* Leaves a connection of 127.0.0.1 and this port in TIME_WAIT. flags as in sockets.h. */
void unit_time_wait(uint16_t port, int flags);

/* How many descriptors are open. */
int unit_descriptors(void);

/* The soft limit of descriptors; all that may be had is asked for where it must be higher. */
void unit_limit(unsigned int soft);

/* A function in a child process: 0, if all that it asserted there held. */
int unit_in_child(void (*run)(void *context), void *context);

/* The same in two steps, so that several can run at once. */
pid_t unit_begin(void (*run)(void *context), void *context);
int unit_end(pid_t pid);

/* A child process that has run a function and then waits to be killed. */
pid_t unit_idle(void (*prepare)(void *context), void *context);
/* Kills it; back when it is gone. */
void unit_kill(pid_t pid);

/* Memory that child processes share. */
void *unit_shared(size_t size);

/* Asks every millisecond, for 10 seconds at most, whether something holds. */
bool unit_eventually(bool (*holds)(void *context), void *context);

/* Moves this process into a network of its own with a loopback; -1 where that is forbidden. */
int unit_network(void);

/* Moves this process into mounts of its own; -1 where that is forbidden. */
int unit_mounts(void);

/* Anchors that need a holder take that of the build tree. */
void unit_holder_set(void);

#endif
