/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "inspect/script.h"

#define BLANKS " \t"

bool script_parse(char line[SCRIPT_LINE], char **interpreter, char **argument)
{
	char *end, *at;

	line[SCRIPT_LINE - 1] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return false;
	end = strchr(line, '\n');
	at = line + 2 + strspn(line + 2, BLANKS);
	/* A name that was cut is no name. */
	if (!end && strlen(line) == SCRIPT_LINE - 1 && !strpbrk(at, BLANKS))
		return false;
	if (end)
		*end = '\0';
	else
		end = line + strlen(line);
	while (end > at && strchr(BLANKS, end[-1]))
		*--end = '\0';
	*interpreter = at;
	at += strcspn(at, BLANKS);
	*argument = NULL;
	if (*at) {
		*at++ = '\0';
		*argument = at + strspn(at, BLANKS);
	}
	return **interpreter;
}

void words_set(struct words *words, char *const *list)
{
	*words = (struct words){.count = 0};
	while (list[words->count] && words->count < WORDS_MOST) {
		words->list[words->count] = list[words->count];
		words->count++;
	}
}

static char *text_keep(struct words *words, const char *text, size_t length)
{
	char *kept = words->text + words->used;

	if (words->used + length + 1 > sizeof words->text)
		return NULL;
	memcpy(kept, text, length);
	kept[length] = '\0';
	words->used += length + 1;
	return kept;
}

/* At a place in the list. */
static bool word_insert(struct words *words, size_t place, const char *text, size_t length)
{
	char *kept;

	/* What a command has behind so many words does not matter. */
	if (place == WORDS_MOST)
		return true;
	kept = text_keep(words, text, length);
	if (!kept)
		return false;
	if (words->count == WORDS_MOST)
		words->count--;
	memmove(words->list + place + 1, words->list + place,
		(words->count - place) * sizeof *words->list);
	words->list[place] = kept;
	words->list[++words->count] = NULL;
	return true;
}

bool words_prepend(struct words *words, const char *word)
{
	return word_insert(words, 0, word, strlen(word));
}

static void words_drop(struct words *words, size_t count)
{
	if (count > words->count)
		count = words->count;
	words->count -= count;
	memmove(words->list, words->list + count, (words->count + 1) * sizeof *words->list);
}

bool words_replace(struct words *words, const char *word)
{
	words_drop(words, 1);
	return words_prepend(words, word);
}

/* env -S: the words of a string, with quotes; what is escaped in them does not matter for a
 * name. In place of the first word. */
static bool words_split(struct words *words, const char *string)
{
	char word[256], quote = '\0';
	size_t place = 0, length = 0;
	bool inside = false;

	words_drop(words, 1);
	for (;; string++) {
		bool blank = !*string || (!quote && strchr(BLANKS "\n", *string));

		if (blank && inside) {
			if (!word_insert(words, place, word, length))
				return false;
			place += place < WORDS_MOST;
		}
		if (!*string)
			return true;
		if (blank) {
			inside = false;
			length = 0;
			continue;
		}
		inside = true;
		if (quote ? *string == quote : *string == '"' || *string == '\'') {
			quote = quote ? '\0' : *string;
			continue;
		}
		if (*string == '\\' && string[1] && quote != '\'')
			string++;
		if (length < sizeof word)
			word[length++] = *string;
	}
}

static bool begins(const char *word, const char *with)
{
	return !strncmp(word, with, strlen(with));
}

static bool is_preload(const char *name)
{
	return name && !strcmp(name, "LD_PRELOAD");
}

/* The option of one letter in a word like -iu, which may take the rest of the word, or the next
 * one. How many words it took. */
static size_t letters_follow(const struct words *words, bool *lost)
{
	const char *at;

	for (at = words->list[0] + 1; *at; at++) {
		if (*at == 'i')
			*lost = true;
		if (*at == 'u')
			*lost |= is_preload(at[1] ? at + 1 : words->list[1]);
		if (strchr("uCa", *at))
			return at[1] ? 1 : 2;
	}
	return 1;
}

/* The same for one like --unset=NAME. */
static size_t long_follow(const struct words *words, bool *lost)
{
	const char *word = words->list[0];

	if (begins(word, "--ignore-env"))
		*lost = true;
	if (begins(word, "--unset"))
		*lost |= is_preload(word[7] ? word + 8 : words->list[1]);
	return !strcmp(word, "--unset") || !strcmp(word, "--chdir") || !strcmp(word, "--argv0") ? 2
												: 1;
}

/* The string of -S, -vS or --split-string, NULL: it is no such option. *separate: it is the
 * next word. */
static const char *split_string(const struct words *words, bool *separate)
{
	const char *word = words->list[0], *string = NULL;

	if (begins(word, "--split-string"))
		string = word[14] ? word + 15 : word + 14;
	else if (begins(word, "-S") || begins(word, "-vS"))
		string = strchr(word, 'S') + 1;
	*separate = string && !*string;
	return *separate ? words->list[1] : string;
}

bool words_follow_env(struct words *words, bool *lost)
{
	const char *word, *string;
	bool options = true, separate;

	words_drop(words, 1);
	while ((word = words->list[0])) {
		if (options && (string = split_string(words, &separate))) {
			if (separate)
				words_drop(words, 1);
			if (!words_split(words, string))
				return false;
		} else if (options && !strcmp(word, "--")) {
			options = false;
			words_drop(words, 1);
		} else if (options && !strcmp(word, "-")) {
			*lost = true;
			words_drop(words, 1);
		} else if (options && begins(word, "--")) {
			words_drop(words, long_follow(words, lost));
		} else if (options && *word == '-') {
			words_drop(words, letters_follow(words, lost));
		} else if (strchr(word, '=')) {
			options = false;
			*lost |= begins(word, "LD_PRELOAD=");
			words_drop(words, 1);
		} else {
			return true;
		}
	}
	return true;
}
