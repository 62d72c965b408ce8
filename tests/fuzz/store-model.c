/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "store-model.h"

struct line lines[LINES];
size_t line_count;

size_t model_character(const unsigned char *at, size_t left, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : *at >= 0xc0 ? 2 : 0, i;

	if (!length || length > left || *at >= 0xf8)
		return 0;
	*code = length == 1 ? *at : *at & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if (at[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000) ||
	    *code < 0x20 || (*code >= 0x7f && *code < 0xa0))
		return 0;
	return length;
}

bool model_turns(uint32_t code)
{
	return code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

bool model_is_name(const char *name, size_t length)
{
	size_t at = 0, step = 1;
	uint32_t code;

	if (!length || length > 255 || name[0] == ' ' || name[length - 1] == ' ')
		return false;
	for (; at < length && step; at += step)
		step = model_character((const unsigned char *)name + at, length - at, &code);
	return step;
}

static size_t word_end(const char *text, size_t length, size_t at)
{
	while (at < length && text[at] != ' ' && text[at] != '\t')
		at++;
	return at;
}

static size_t white_end(const char *text, size_t length, size_t at)
{
	while (at < length && (text[at] == ' ' || text[at] == '\t'))
		at++;
	return at;
}

static bool number_is(const char *text, size_t length, unsigned int *number)
{
	size_t i;

	*number = 0;
	for (i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*number = *number * 10 + (unsigned int)(text[i] - '0');
		if (*number > 65535)
			return false;
	}
	return length && *number;
}

static bool range_is(const char *text, size_t length, struct line *line)
{
	const char *dash = memchr(text, '-', length);

	if (!dash)
		return number_is(text, length, &line->first) && (line->last = line->first, true);
	return number_is(text, (size_t)(dash - text), &line->first) &&
	       number_is(dash + 1, length - (size_t)(dash + 1 - text), &line->last) &&
	       line->first <= line->last;
}

static bool meets_before(const struct line *line)
{
	const struct line *before;

	for (before = lines; before < line; before++) {
		if (!before->entry || !before->name != !line->name)
			continue;
		if (line->name ? before->name_length == line->name_length &&
					 !memcmp(before->name, line->name, line->name_length)
			       : before->protocols & line->protocols &&
					 before->first <= line->last && line->first <= before->last)
			return true;
	}
	return false;
}

/* What a line is, by store.h. */
static void line_read(struct line *line)
{
	const char *text = line->start;
	size_t length = line->length, end, at;

	line->entry = line->fault = false;
	line->name = NULL;
	while (length && strchr(" \t\r", text[length - 1]) && text[length - 1])
		length--;
	if (memchr(line->start, 0, line->length)) {
		line->fault = true;
		return;
	}
	if (!length || *text == '#')
		return;
	line->fault = true;
	at = white_end(text, length, 0);
	end = word_end(text, length, at);
	line->protocols = end - at == 7 && !memcmp(text + at, "tcp+udp", 7) ? 3
			  : end - at == 3 && !memcmp(text + at, "tcp", 3)   ? 1
			  : end - at == 3 && !memcmp(text + at, "udp", 3)   ? 2
									    : 0;
	at = white_end(text, length, end);
	end = word_end(text, length, at);
	if (!line->protocols || !range_is(text + at, end - at, line))
		return;
	at = white_end(text, length, end);
	if (at < length) {
		line->name = text + at;
		line->name_length = length - at;
		if (!model_is_name(line->name, line->name_length))
			return;
	}
	if ((!line->name && line->protocols == 3) || meets_before(line))
		return;
	line->entry = true;
	line->fault = false;
}

void model_read(const char *text, size_t size)
{
	size_t at = 0;

	for (line_count = 0; at < size; line_count++) {
		const char *end = memchr(text + at, '\n', size - at);

		lines[line_count].start = text + at;
		lines[line_count].length = end ? (size_t)(end - text) - at : size - at;
		line_read(&lines[line_count]);
		at += lines[line_count].length + 1;
	}
}
