/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "persist/utf8.h"

size_t utf8_length(const unsigned char *at)
{
	static const struct {
		unsigned char mask, first, lowest, highest; /* of the second byte */
		size_t length;
	} forms[] = {
		{0xff, 0xe0, 0xa0, 0xbf, 3}, {0xff, 0xed, 0x80, 0x9f, 3},
		{0xf0, 0xe0, 0x80, 0xbf, 3}, {0xff, 0xf0, 0x90, 0xbf, 4},
		{0xff, 0xf4, 0x80, 0x8f, 4}, {0xfc, 0xf0, 0x80, 0xbf, 4},
		{0xff, 0xc2, 0xa0, 0xbf, 2}, {0xe0, 0xc0, 0x80, 0xbf, 2},
	};
	size_t i, j;

	if (*at < 0x80)
		return *at >= ' ' && *at != 0x7f;
	if (*at == 0xc0 || *at == 0xc1)
		return 0;
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if ((*at & forms[i].mask) != forms[i].first)
			continue;
		if (at[1] < forms[i].lowest || at[1] > forms[i].highest)
			return 0;
		for (j = 2; j < forms[i].length; j++)
			if ((at[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069 */
static bool turns_direction(const unsigned char *at)
{
	if (at[0] != 0xe2)
		return false;
	return (at[1] == 0x80 && ((at[2] & 0xfe) == 0x8e || (at[2] >= 0xaa && at[2] <= 0xae))) ||
	       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

/* Whether the rest of the text is the beginning of a character. */
static bool is_cut(const unsigned char *at)
{
	size_t wanted = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2, i;

	if (*at < 0xc2 || *at > 0xf4)
		return false;
	for (i = 1; i < wanted && at[i]; i++)
		if ((at[i] & 0xc0) != 0x80)
			return false;
	return i < wanted;
}

/* A control character of two bytes: one question mark. */
static bool is_c1(const unsigned char *at)
{
	return at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;
}

void utf8_clean(char *text)
{
	unsigned char *from = (unsigned char *)text, *to = from;

	while (*from) {
		size_t length = utf8_length(from);

		if (length && !turns_direction(from)) {
			memmove(to, from, length);
			to += length;
		} else if (!length && is_cut(from)) {
			break;
		} else {
			length = length ? length : is_c1(from) ? 2 : 1;
			*to++ = '?'; /* perhaps where it is read */
		}
		from += length;
	}
	*to = '\0';
}
