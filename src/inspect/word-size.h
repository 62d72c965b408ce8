/* SPDX-License-Identifier: MIT */
#ifndef INSPECT_WORD_SIZE_H
#define INSPECT_WORD_SIZE_H

#include <stdbool.h>

/* Whether the kernel runs 32-bit programs beside those of 64 bits: tried with one that only
 * ends. True, too, where that cannot be tried. */
bool small_words_run(void);

#endif
