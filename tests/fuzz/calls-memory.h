/* SPDX-License-Identifier: MIT */
/* calls-memory.h - pointers and addresses as programs should not pass them */
#ifndef TESTS_FUZZ_CALLS_MEMORY_H
#define TESTS_FUZZ_CALLS_MEMORY_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "fuzz.h"

void memory_begin(void);

/* A pointer, and how much of what it should point to is there: behind it no byte may be
 * read, nor written but to those. */
struct place {
	void *pointer;
	size_t readable, writable;
};

/* The place of so many bytes of data; most are good ones. Each call has another slice. */
struct place place_choose(struct bytes *bytes, const void *data, size_t size);
void places_forget(void);

/* An address of any family and length. taken: ports that are not to be in it, first and count
 * in host byte order. */
struct named {
	struct sockaddr_storage address;
	struct place place;
	socklen_t length;
};
struct named address_choose(struct bytes *bytes, uint16_t taken, uint16_t count);

#endif
