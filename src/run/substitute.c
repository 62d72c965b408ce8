/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real/text.h"
#include "run/substitute.h"

/* "{K}" at `at`: its length and the port, or 0. */
static size_t place(const char *at, const struct block *block, unsigned int *port)
{
	const char *digits = at + 1;
	uint64_t nth;

	if (*at != '{' || (at[1] == '0' && at[2] != '}') ||
	    !text_number(&digits, 10, POOL_PORTS - 1, &nth) || *digits != '}' ||
	    nth >= block->count)
		return 0;
	*port = block->first + (unsigned int)nth;
	return (size_t)(digits + 1 - at);
}

char *substitute(const char *argument, const struct block *block)
{
	/* "{0}" may become "65535", the longest growth there is. */
	char *result = malloc(strlen(argument) * 2 + 1), *to = result;
	unsigned int port;

	if (!result)
		return NULL;
	while (*argument) {
		size_t length = place(argument, block, &port);

		if (length) {
			to += sprintf(to, "%u", port);
			argument += length;
		} else {
			*to++ = *argument++;
		}
	}
	*to = '\0';
	return result;
}
