/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is a file fuzz-NAME.c with the two functions that libFuzzer calls. replay.c calls
 * them, too, with inputs that were kept, so that these are tried without libFuzzer and with any
 * compiler.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that is taken apart from its front. Behind its end are zeros. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

/* A number of so many bytes, at most 8. */
uint64_t take(struct bytes *bytes, unsigned int size);

/* One byte's choice, from 0 to below the limit (1 to 256). */
unsigned int take_below(struct bytes *bytes, unsigned int limit);

/* The rest of an input as a text, for the caller to free. */
char *take_text(struct bytes *bytes);

/* What must hold whatever the input is. */
#define PROMISE(holds, ...)                                                                        \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "\n%s:%d: broken: ", __FILE__, __LINE__);                  \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/*
 * Starts this program again in a folder of its own (world_folder, also PORTRES_DIR and
 * PORTRES_STATE, removed at the end) and in a network that nobody else is in, with
 * loopback alone. Where that is forbidden the program ends: as a test it skips.
 */
void world_enter(char **argv);
extern const char *world_folder;

/* The environment variable that tells a program that it is there. */
#define WORLD_FOLDER "PORTRES_FUZZ_FOLDER"

/* How many descriptors this process has, by a number that does not depend on their order. */
unsigned int world_descriptors(void);

#endif
