/* SPDX-License-Identifier: MIT */
/* store-model.h - a second reader of the list of blocks, written from persist/store.h */
#ifndef TESTS_FUZZ_STORE_MODEL_H
#define TESTS_FUZZ_STORE_MODEL_H

#include "fuzz.h"

#define LINES 512

struct line {
	const char *start;
	size_t length;
	bool entry, fault;
	uint8_t protocols;
	unsigned int first, last;
	const char *name; /* not terminated, in the text */
	size_t name_length;
};

/* Those of the text that was read last; they point into it. */
extern struct line lines[LINES];
extern size_t line_count;
void model_read(const char *text, size_t size);

/* Whether it may be the name of a block. */
bool model_is_name(const char *name, size_t length);

/* The length of the character at a text; 0: it is none, or none that may be shown. */
size_t model_character(const unsigned char *at, size_t left, uint32_t *code);

/* Whether it turns the direction of writing. */
bool model_turns(uint32_t code);

#endif
