/* SPDX-License-Identifier: MIT */
/*
 * The list of reserved blocks: any text is read as the format in store.h says, by a second
 * reader that is written from it; a change does what it shall, and leaves all else to the
 * letter. And texts of others are fit to be shown.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "persist/folder.h"
#include "persist/store.h"
#include "persist/utf8.h"
#include "store-model.h"

static char path[4096];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	world_enter(*argv);
	if (state_open(true) < 0)
		abort();
	snprintf(path, sizeof path, "%s/state/" STORE_NAME, world_folder);
	return 0;
}

static void entry_compare(const struct store_entry *entry, const struct line *line)
{
	PROMISE(entry->line == line - lines + 1, "line %u is an entry", entry->line);
	PROMISE(entry->block.first == line->first && entry->block.protocols == line->protocols &&
			entry->block.first + entry->block.count - 1U == line->last,
		"the block of line %u", entry->line);
	PROMISE(!entry->name == !line->name, "line %u has a name: %d", entry->line, !!entry->name);
	PROMISE(!line->name || (strlen(entry->name) == line->name_length &&
				!memcmp(entry->name, line->name, line->name_length)),
		"the name of line %u", entry->line);
}

static void store_compare(const struct store *store)
{
	size_t i, entries = 0, faults = 0;

	for (i = 0; i < line_count; i++) {
		if (lines[i].entry) {
			PROMISE(entries < store->count, "line %zu is no entry", i + 1);
			entry_compare(&store->entries[entries++], &lines[i]);
		} else if (lines[i].fault) {
			PROMISE(faults < store->fault_count &&
					store->faults[faults].line == i + 1 &&
					*store->faults[faults].what,
				"line %zu makes no sense and is not reported", i + 1);
			faults++;
		}
	}
	PROMISE(entries == store->count, "%zu entries, not %zu", store->count, entries);
	PROMISE(faults == store->fault_count, "%zu faults, not %zu", store->fault_count, faults);
}

static void file_write(const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void file_compare(const char *expected, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(size + 2);
	ssize_t got = read(fd, text, size + 2);

	close(fd);
	PROMISE(got == (ssize_t)size && !memcmp(text, expected, size),
		"the file has %zd bytes, \"%.*s\", not \"%.*s\"", got, (int)(got < 0 ? 0 : got),
		text, (int)size, expected);
	free(text);
}

static bool goes(const struct store_entry *entry, const void *mask)
{
	return *(const uint8_t *)mask >> (entry->line - 1) % 8 & 1;
}

/* The lines that stay, to the letter, and the new ones. */
static char *text_expect(uint8_t mask, const struct store_change *change, size_t *size)
{
	char *text;
	FILE *to = open_memstream(&text, size);
	unsigned int protocol, last;
	size_t i;
	bool ended = true;

	for (i = 0; i < line_count; i++) {
		if (lines[i].entry && mask >> i % 8 & 1)
			continue;
		fwrite(lines[i].start, 1, lines[i].length, to);
		ended = lines[i].start[lines[i].length] == '\n';
		if (ended)
			fputc('\n', to);
	}
	if (change->block) {
		static const char *const names[] = {"", "tcp", "udp", "tcp+udp"};

		last = change->block->first + change->block->count - 1U;
		if (!ended)
			fputc('\n', to);
		if (change->name)
			fprintf(to, "%s %u-%u %s\n", names[change->block->protocols],
				change->block->first, last, change->name);
		for (protocol = 1; !change->name && protocol <= 2; protocol++)
			if (change->block->protocols & protocol)
				fprintf(to, "%s %u-%u\n", names[protocol], change->block->first,
					last);
	}
	fclose(to);
	return text;
}

/* text is terminated. */
static void try_list(struct bytes *bytes)
{
	static const char *const names[] = {NULL, "a", "b c"};
	struct block block = {.first = (uint16_t)(1 + take(bytes, 2) % 65535), .count = 1};
	struct store_change change = {.gone = goes};
	uint8_t mask = (uint8_t)take(bytes, 1);
	struct store store;
	char *text, *expected;
	size_t size, length;
	int error;

	block.protocols = (uint8_t)(1 + take_below(bytes, 3));
	block.count = (uint16_t)(1 + take(bytes, 2) % (65536U - block.first));
	change.block = take_below(bytes, 4) ? &block : NULL;
	change.name = names[take_below(bytes, 3)];
	change.context = &mask;
	length = bytes->left;
	text = take_text(bytes);
	model_read(text, length);
	file_write(text, length);

	error = store_open(&store, STORE_WRITE);
	PROMISE(!error, "the list cannot be read: %d", error);
	store_compare(&store);
	error = store_change(&store, &change);
	PROMISE(!error, "the list cannot be changed: %d", error);
	store_close(&store);

	expected = text_expect(mask, &change, &size);
	file_compare(expected, size);
	model_read(expected, size);
	error = store_open(&store, STORE_READ);
	PROMISE(!error, "the new list cannot be read: %d", error);
	store_compare(&store);
	store_close(&store);
	free(expected);
	free(text);
}

/* Whatever a text of others is: what is shown of it are characters, and none is lost. */
static void try_clean(struct bytes *bytes)
{
	char *text = take_text(bytes), *clean = strdup(text);
	const unsigned char *from = (unsigned char *)text, *to = (unsigned char *)clean;
	size_t length;
	uint32_t code, was;

	utf8_clean(clean);
	for (; *to; to += length) {
		length = model_character(to, strlen((const char *)to), &code);
		PROMISE(length && !model_turns(code), "\"%s\" is shown as \"%s\"", text, clean);
		if (model_character(from, strlen((const char *)from), &was) && !model_turns(was)) {
			PROMISE(code == was, "a character of \"%s\" is lost in \"%s\"", text,
				clean);
			from += length;
		} else {
			PROMISE(code == '?', "\"%s\" is shown as \"%s\"", text, clean);
			was = 0;
			length = model_character(from, strlen((const char *)from), &was);
			/* One question mark for a character that turns, and for a control of C1. */
			from += length ? length : from[0] == 0xc2 && from[1] >> 6 == 2 ? 2 : 1;
			length = 1;
		}
	}
	/* Only the beginning of a character may be missing. */
	PROMISE(strlen((const char *)from) < 4, "\"%s\" is cut to \"%s\"", text, clean);
	PROMISE(store_name_valid(text) == model_is_name(text, strlen(text)), "the name \"%s\"",
		text);
	free(clean);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	size_t i, newlines = 0;

	for (i = 0; i < size; i++)
		newlines += data[i] == '\n';
	if (newlines >= LINES - 4)
		return 0;
	if (take_below(&bytes, 2))
		try_clean(&bytes);
	else
		try_list(&bytes);
	return 0;
}
