/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/format.h"
#include "persist/lines.h"
#include "real/text.h"
#include "tool/message.h"

/* The character that the backslash at `at` and what follows mean. */
static char escaped(const char *at)
{
	switch (at[1]) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '\\':
	case '{':
	case '}':
		return at[1];
	case '\0':
		usage_error("--format ends with a \\; write \\\\ for the character itself");
	default:
		usage_error("--format: \\%c means nothing; give \\n, \\t, \\\\, \\{ or \\}", at[1]);
	}
}

/* Puts the text from start to end, its escapes resolved. */
static void literal_put(FILE *to, const char *start, const char *end)
{
	while (start < end) {
		if (*start == '\\') {
			putc(escaped(start), to);
			start += 2;
		} else {
			putc(*start++, to);
		}
	}
}

/* The } that belongs to the { at `at`. */
static const char *brace_end(const char *at)
{
	const char *end = at + 1;

	while (*end && *end != '}')
		end += *end == '\\' && end[1] ? 2 : 1;
	if (!*end)
		usage_error("--format: a { without its }; write \\{ for the character itself");
	return end;
}

static void ports_put(FILE *to, const struct block *block, const char *separator, const char *end)
{
	unsigned int i;

	for (i = 0; i < block->count; i++) {
		if (i)
			literal_put(to, separator, end);
		fprintf(to, "%u", block->first + i);
	}
}

static bool is_word(const char *at, size_t length, const char *word)
{
	return length == strlen(word) && !memcmp(at, word, length);
}

/* {0}, {1} and so on; false: it is no number. */
static bool nth_put(FILE *to, const char *at, const char *end, const struct block *block)
{
	const char *digits = at;
	uint64_t nth;

	if ((*at == '0' && end != at + 1) || !text_number(&digits, 10, POOL_PORTS - 1, &nth) ||
	    digits != end)
		return false;
	if (nth >= block->count)
		usage_error("--format: {%u} is past the block, whose %u ports are counted from 0; "
			    "give a smaller number",
			    (unsigned int)nth, block->count);
	fprintf(to, "%u", block->first + (unsigned int)nth);
	return true;
}

static void brace_put(FILE *to, const char *at, const char *end, const struct block *block)
{
	static const char ports[] = "ports:", space[] = " ";
	size_t length = (size_t)(end - at);

	if (is_word(at, length, "first"))
		fprintf(to, "%u", block->first);
	else if (is_word(at, length, "last"))
		fprintf(to, "%u", block->first + block->count - 1U);
	else if (is_word(at, length, "count"))
		fprintf(to, "%u", block->count);
	else if (is_word(at, length, "protocol"))
		fputs(protocols_name(block->protocols), to);
	else if (is_word(at, length, "pid"))
		fprintf(to, "%d", (int)getpid());
	else if (is_word(at, length, "ports"))
		ports_put(to, block, space, space + 1);
	else if (!strncmp(at, ports, strlen(ports)))
		ports_put(to, block, at + strlen(ports), end);
	else if (!nth_put(to, at, end, block))
		usage_error(
			"--format: {%.*s} means nothing; give {first}, {last}, {count}, {ports}, "
			"{ports:SEPARATOR}, {protocol}, {pid} or {0}, {1} and so on",
			(int)length, at);
}

char *format_make(const char *format, const struct block *block, size_t *length)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, length);
	const char *end;
	int failed;

	if (!to)
		fail("out of memory; free some and try again");
	while (*format) {
		if (*format == '{') {
			end = brace_end(format);
			brace_put(to, format + 1, end, block);
			format = end + 1;
		} else {
			end = format + (*format == '\\' ? 2 : 1);
			literal_put(to, format, end);
			format = end;
		}
	}
	fflush(to);
	if (text && (!*length || text[*length - 1] != '\n'))
		putc('\n', to);
	failed = ferror(to);
	if (fclose(to) || failed)
		fail("out of memory; free some and try again");
	return text;
}
