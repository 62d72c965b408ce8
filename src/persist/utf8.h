/* SPDX-License-Identifier: MIT */
/* utf8.h - texts of others, which need not be texts (RFC 3629) */
#ifndef PERSIST_UTF8_H
#define PERSIST_UTF8_H

#include <stddef.h>

/* The bytes of the character that begins here; 0: it is none, or a control character, those
 * of C1 too, on which terminals act. */
size_t utf8_length(const unsigned char *at);

/*
 * Makes a text fit to be shown, in place: a question mark for each byte that is no character,
 * for each control character and for those that turn the direction of writing. A character that
 * was cut off at the end goes.
 */
void utf8_clean(char *text);

#endif
