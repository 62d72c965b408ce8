/* SPDX-License-Identifier: MIT */
/* For tests that are linked with the library and are not preloaded. */
#ifndef TESTS_WINSOCK_LINKED_H
#define TESTS_WINSOCK_LINKED_H

#include "../preload/process.h"
#include "portres/mstcpip.h"

/* First call of main: a pool folder of the test's own. */
HELPER void linked(char **argv)
{
	setenv("PORTRES_LIB", "", 1);
	private_pool(argv);
}

#endif
