/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "persist/lines.h"
#include "tool/message.h"

#define REPLACEMENT "\xef\xbf\xbd"

void json_show(json_t *report)
{
	if (!report)
		fail("out of memory; free some and try again");
	/* What could not be written is found by output_check. */
	json_dumpf(report, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(report);
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text), *byte;
	char *clean, *end;

	if (string)
		return string;
	clean = end = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	if (!clean)
		return NULL;
	for (; *text; text++) {
		/* One byte is UTF-8 if it is ASCII; no more is asked of a damaged text. */
		byte = json_stringn(text, 1);
		if (byte)
			*end++ = *text;
		else
			end = stpcpy(end, REPLACEMENT);
		json_decref(byte);
	}
	*end = '\0';
	string = json_string(clean);
	free(clean);
	return string;
}

void json_block_set(json_t *object, const struct block *block)
{
	json_object_set_new(object, "protocol", json_string(protocols_name(block->protocols)));
	json_object_set_new(object, "first", json_integer(block->first));
	json_object_set_new(object, "last", json_integer(block->first + block->count - 1));
	json_object_set_new(object, "count", json_integer(block->count));
}
