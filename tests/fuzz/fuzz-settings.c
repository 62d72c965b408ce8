/* SPDX-License-Identifier: MIT */
/*
 * The values of environment variables and other short texts that are read without libc:
 * what is accepted, and what it means, against regular expressions and strtoull.
 */
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "core/run.h"
#include "fuzz.h"
#include "persist/folder.h"
#include "pool/pool.h"
#include "real/text.h"

#define PORT  "[0-9]+"
#define RANGE PORT "(-" PORT ")?"
#define RUN   "(!([0-9]+)|([0-9a-f]+)@([0-9]+)(~([0-9a-f]+))?)/0*([123])([pdmfc]*)"

enum { FORM_RANGE, FORM_REQUEST, FORM_RUN, FORM_POOL, FORM_HOLDER, FORMS };

static regex_t forms[FORMS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const texts[FORMS] = {
		[FORM_RANGE] = "^" RANGE "$",
		[FORM_REQUEST] = "^(tcp|udp):(" RANGE ")$",
		[FORM_RUN] = "^" RUN "$",
		[FORM_POOL] = "^netns-([0-9a-f]+)\\.v([0-9]+)$",
		[FORM_HOLDER] = "^holder-([0-9a-f]+)$",
	};
	int i;

	(void)argc, (void)argv;
	for (i = 0; i < FORMS; i++)
		if (regcomp(&forms[i], texts[i], REG_EXTENDED))
			abort();
	return 0;
}

/* The number in a part of a text; false: it is larger than that. */
static bool number_is(const char *text, const regmatch_t *part, int base, uint64_t most,
		      uint64_t *number)
{
	char *copy = strndup(text + part->rm_so, (size_t)(part->rm_eo - part->rm_so));

	errno = 0;
	*number = strtoull(copy, NULL, base);
	free(copy);
	return !errno && *number <= most;
}

static bool expect_range(const char *text, struct port_range *range)
{
	const char *dash = strchr(text, '-');
	regmatch_t first = {0, (regoff_t)(dash ? dash - text : (long)strlen(text))};
	regmatch_t last = {dash ? (regoff_t)(dash + 1 - text) : 0, (regoff_t)strlen(text)};
	uint64_t from, to;

	if (regexec(&forms[FORM_RANGE], text, 0, NULL, 0) ||
	    !number_is(text, &first, 10, 65535, &from) || !from)
		return false;
	to = from;
	if (dash && (!number_is(text, &last, 10, 65535, &to) || to < from))
		return false;
	*range = (struct port_range){(uint16_t)from, (uint16_t)to};
	return true;
}

/* PORTRES_RANGE, and the block of an option or of a line of the list. */
static void try_range(const char *text)
{
	struct port_range range = {0, 0}, expected = {0, 0};
	bool accepted = !run_range_parse(text, &range);

	PROMISE(accepted == expect_range(text, &expected), "range \"%s\" accepted: %d", text,
		accepted);
	PROMISE(!accepted || (range.first == expected.first && range.last == expected.last),
		"range \"%s\" is %u-%u", text, range.first, range.last);
}

static bool expect_request(const char *text, struct acquire_request *request)
{
	struct port_range range;
	regmatch_t parts[3];

	if (regexec(&forms[FORM_REQUEST], text, 3, parts, 0) ||
	    !expect_range(text + parts[2].rm_so, &range))
		return false;
	request->protocols = *text == 't' ? 1 : 2;
	request->first = strchr(text, '-') ? range.first : 0;
	request->count = strchr(text, '-') ? (uint16_t)(range.last - range.first + 1) : range.first;
	return true;
}

/* The parts of a list, an empty last one, too; each in memory of its own. */
static unsigned int list_split(const char *text, char *parts[RUNS_MAX + 1])
{
	unsigned int count = 0;
	const char *comma;

	do {
		comma = strchr(text, ',');
		parts[count++] = strndup(text, comma ? (size_t)(comma - text) : strlen(text));
		text = comma ? comma + 1 : text;
	} while (comma && count <= RUNS_MAX);
	return count;
}

static bool list_expect(const char *text, bool (*expect)(const char *, void *), void *to,
			size_t size, unsigned int *count)
{
	char *parts[RUNS_MAX + 1];
	unsigned int i;
	bool good;

	*count = list_split(text, parts);
	good = *count <= RUNS_MAX;
	for (i = 0; i < *count; i++) {
		good = good && expect(parts[i], (char *)to + i * size);
		free(parts[i]);
	}
	return good;
}

static bool request_expect(const char *text, void *to)
{
	return expect_request(text, to);
}

/* PORTRES_RESERVE */
static void try_requests(const char *text)
{
	struct acquire_request requests[RUNS_MAX], expected[RUNS_MAX];
	int i, got = run_requests_parse(text, requests);
	unsigned int count;

	if (!list_expect(text, request_expect, expected, sizeof expected[0], &count)) {
		PROMISE(got == -EINVAL, "requests \"%s\": %d", text, got);
		return;
	}
	PROMISE(got == (int)count, "requests \"%s\": %d of %u", text, got, count);
	for (i = 0; i < got; i++)
		PROMISE(requests[i].first == expected[i].first &&
				requests[i].count == expected[i].count &&
				requests[i].protocols == expected[i].protocols &&
				requests[i].kind == KIND_RUN && requests[i].keep_on_exec,
			"request %d of \"%s\"", i, text);
}

static bool run_expect(const char *text, void *to)
{
	struct run *run = to;
	regmatch_t parts[9];
	uint64_t number;
	const char *option;

	*run = (struct run){.anchor = -1};
	if (regexec(&forms[FORM_RUN], text, 9, parts, 0))
		return false;
	if (*text == '!') {
		if (!number_is(text, &parts[2], 10, 4095, &number) || !number)
			return false;
		run->error = (int)number;
	} else {
		if (!number_is(text, &parts[3], 16, UINT64_MAX, &run->token) || !run->token ||
		    !number_is(text, &parts[4], 10, INT32_MAX, &number))
			return false;
		run->anchor = (int)number;
		if (parts[5].rm_so >= 0 && !number_is(text, &parts[6], 16, UINT64_MAX, &run->netns))
			return false;
	}
	run->protocols = (uint8_t)(text[parts[7].rm_so] - '0');
	for (option = text + parts[8].rm_so; *option; option++) {
		run->outside = *option == 'p'	? OUTSIDE_PASS
			       : *option == 'd' ? OUTSIDE_DENY
			       : *option == 'm' ? OUTSIDE_MAP
						: run->outside;
		run->full_pass |= *option == 'f';
		run->connect |= *option == 'c';
	}
	return true;
}

static bool run_same(const struct run *one, const struct run *other)
{
	return one->token == other->token && one->anchor == other->anchor &&
	       one->netns == other->netns && one->outside == other->outside &&
	       one->full_pass == other->full_pass && one->connect == other->connect &&
	       one->protocols == other->protocols && one->error == other->error;
}

/* PORTRES_RESERVATION, which is also written again. */
static void try_runs(const char *text)
{
	struct run runs[RUNS_MAX], expected[RUNS_MAX], again[RUNS_MAX];
	char room[1024];
	struct text written = TEXT(room);
	unsigned int i, count, got = run_parse(text, runs);

	if (!list_expect(text, run_expect, expected, sizeof expected[0], &count))
		count = 0;
	PROMISE(got == count, "runs \"%s\": %u, not %u", text, got, count);
	if (!got)
		return;
	run_format(&written, runs, got);
	PROMISE(!written.full && run_parse(room, again) == got, "\"%s\" becomes \"%s\"", text,
		room);
	for (i = 0; i < got; i++) {
		PROMISE(run_same(&runs[i], &expected[i]), "run %u of \"%s\"", i, text);
		PROMISE(run_same(&runs[i], &again[i]), "run %u of \"%s\" in \"%s\"", i, text, room);
	}
}

/* The names of pool files and of the locks of holders. */
static void try_names(const char *text)
{
	uint64_t netns = 0, expected = 0, version = 0;
	unsigned int got_version = 0;
	regmatch_t parts[3];
	bool good = !regexec(&forms[FORM_POOL], text, 3, parts, 0) &&
		    number_is(text, &parts[1], 16, UINT64_MAX, &expected) &&
		    number_is(text, &parts[2], 10, UINT32_MAX, &version);

	PROMISE(pool_name_parse(text, &netns, &got_version) == good, "pool \"%s\"", text);
	PROMISE(!good || (netns == expected && got_version == version), "pool \"%s\"", text);
	good = !regexec(&forms[FORM_HOLDER], text, 2, parts, 0) &&
	       number_is(text, &parts[1], 16, UINT64_MAX, &expected);
	PROMISE(state_holder_parse(text, &netns) == good, "holder \"%s\"", text);
	PROMISE(!good || netns == expected, "holder \"%s\"", text);
}

/* A buffer that is too small for a text has its beginning. */
static void try_room(const char *text, size_t size)
{
	char room[16];
	struct text to = {.buffer = room, .size = 1 + size % sizeof room};
	size_t length = strlen(text);

	text_add(&to, text);
	PROMISE(to.full == (length >= to.size), "%zu bytes in a room of %zu", length, to.size);
	PROMISE(!strncmp(room, text, to.length) && strlen(room) == to.length &&
			to.length == (to.full ? to.size - 1 : length),
		"\"%s\" of \"%s\"", room, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	unsigned int choice = take_below(&bytes, 5);
	char *text = take_text(&bytes);

	if (choice == 0)
		try_range(text);
	else if (choice == 1)
		try_requests(text);
	else if (choice == 2)
		try_runs(text);
	else if (choice == 3)
		try_names(text);
	else
		try_room(text, size);
	free(text);
	return 0;
}
