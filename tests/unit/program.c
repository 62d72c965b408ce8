/* SPDX-License-Identifier: MIT */
/* Programs as the tools see them: the words of scripts and of env, and what is in the way. */
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/program.h"
#include "inspect/script.h"
#include "unit.h"

static void same(const char *actual, const char *expected)
{
	bool equal = actual && expected ? !strcmp(actual, expected) : actual == expected;

	if (!equal)
		cunit_tap_note("got \"%s\", expected \"%s\"", actual ? actual : "(none)",
			       expected ? expected : "(none)");
	OK(equal);
}

static void test_script(void)
{
	static const struct {
		const char *line, *interpreter, *argument;
	} cases[] = {
		{"#!/bin/sh\nrest", "/bin/sh", NULL},
		{"#! \t/bin/sh", "/bin/sh", NULL},
		{"#!/bin/sh  -e  -u  \n", "/bin/sh", "-e  -u"},
		{"#!/bin/sh\r\n", "/bin/sh\r", NULL},
		{"#!sh\n", "sh", NULL},
		{"#!\n/bin/sh", NULL, NULL},
		{"#!   ", NULL, NULL},
		{"#/bin/sh\n", NULL, NULL},
		{"", NULL, NULL},
	};
	char line[SCRIPT_LINE], *interpreter, *argument;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(line, 0, sizeof line);
		strcpy(line, cases[i].line);
		OK(script_parse(line, &interpreter, &argument) == (cases[i].interpreter != NULL));
		if (!cases[i].interpreter)
			continue;
		same(interpreter, cases[i].interpreter);
		same(argument, cases[i].argument);
	}
	/* A line that does not end where the kernel ceases to read. */
	memset(line, 'x', sizeof line);
	memcpy(line, "#!/", 3);
	OK(!script_parse(line, &interpreter, &argument));
	memset(line, 'x', sizeof line);
	memcpy(line, "#!/x x", 6);
	OK(script_parse(line, &interpreter, &argument));
	same(interpreter, "/x");
}

static void test_env(void)
{
	static const struct {
		const char *words[8];
		const char *first, *second;
		bool lost;
	} cases[] = {
		{{"env"}, NULL, NULL, false},
		{{"env", "a", "-i"}, "a", "-i", false},
		{{"env", "A=1", "B=", "a", "C=2"}, "a", "C=2", false},
		{{"env", "-", "a"}, "a", NULL, true},
		{{"env", "-i", "a"}, "a", NULL, true},
		{{"env", "-vi", "a"}, "a", NULL, true},
		{{"env", "--ignore-environment", "a"}, "a", NULL, true},
		{{"env", "-u", "LD_PRELOAD", "a"}, "a", NULL, true},
		{{"env", "-uLD_PRELOAD", "a"}, "a", NULL, true},
		{{"env", "-viuHOME", "a"}, "a", NULL, true},
		{{"env", "-u", "HOME", "-uA", "a"}, "a", NULL, false},
		{{"env", "--unset", "LD_PRELOAD", "a"}, "a", NULL, true},
		{{"env", "--unset=LD_PRELOAD", "a"}, "a", NULL, true},
		{{"env", "--unset=HOME", "a"}, "a", NULL, false},
		{{"env", "-C", "/", "a"}, "a", NULL, false},
		{{"env", "--chdir=/", "a"}, "a", NULL, false},
		{{"env", "LD_PRELOAD=x", "a"}, "a", NULL, true},
		{{"env", "--", "A=1", "a"}, "a", NULL, false},
		{{"env", "-0"}, NULL, NULL, false},
		{{"env", "-u"}, NULL, NULL, false},
		{{"env", "-S"}, NULL, NULL, false},
		{{"env", "-S", "a b", "c"}, "a", "b", false},
		{{"env", "-Sa", "c"}, "a", "c", false},
		{{"env", "-vS", " a\t'b c' ", "d"}, "a", "b c", false},
		{{"env", "-S-i a"}, "a", NULL, true},
		{{"env", "-S", "A=\"1 2\" a\\ b c"}, "a b", "c", false},
		{{"env", "--split-string=-u LD_PRELOAD a"}, "a", NULL, true},
		{{"env", "-S-S'-S a'"}, "a", NULL, false},
	};
	struct words words;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool lost = false;

		words_set(&words, (char *const *)cases[i].words);
		OK(words_follow_env(&words, &lost));
		same(words.list[0], cases[i].first);
		same(words.count > 1 ? words.list[1] : NULL, cases[i].second);
		IS(lost, cases[i].lost);
	}
}

/* Many words, and a text that does not fit. */
static void test_words(void)
{
	char *list[2 * WORDS_MOST], assignment[] = "A=1", env[] = "env", split[] = "-S";
	char longest[sizeof((struct words *)0)->text + 1];
	struct words words;
	bool lost = false;
	size_t i;

	for (i = 0; i < 2 * WORDS_MOST - 1; i++)
		list[i] = assignment;
	list[2 * WORDS_MOST - 1] = NULL;
	words_set(&words, list);
	IS(words.count, WORDS_MOST);
	OK(words_prepend(&words, "first"));
	IS(words.count, WORDS_MOST);
	same(words.list[0], "first");
	OK(words.list[WORDS_MOST] == NULL);
	OK(words_replace(&words, "other"));
	same(words.list[0], "other");
	same(words.list[1], "A=1");
	OK(words_follow_env(&words, &lost));
	IS(words.count, 0);

	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	OK(!words_prepend(&words, longest));
	IS(words.count, 0);
	list[0] = env;
	list[1] = split;
	list[2] = longest;
	list[3] = NULL;
	for (i = 1; i < sizeof longest - 1; i += 2)
		longest[i] = ' ';
	words_set(&words, list);
	OK(words_follow_env(&words, &lost));
	same(words.list[0], "x");
	OK(words.count <= WORDS_MOST);
}

static struct installation installation;

/* A program like this one, as far as nothing else is said. */
static struct program like_us(void)
{
	struct program program = {.libc = LIBC_GLIBC};

	OK_FATAL(program_own(&program.image));
	return program;
}

static enum program_obstacle obstacle(const struct program *program)
{
	return program_reach(program, &installation).obstacle;
}

static void test_reach(void)
{
	struct program program = like_us();
	struct program_reach reach = program_reach(&program, &installation);

	IS(program.image.kind, IMAGE_DYNAMIC);
	IS(reach.obstacle, OBSTACLE_NONE);
	IS(reach.binds, ANSWER_YES);
	program.preload_lost = true;
	reach = program_reach(&program, &installation);
	IS(reach.obstacle, OBSTACLE_ENVIRONMENT);
	IS(reach.passes, ANSWER_NO);
	program.image.kind = IMAGE_STATIC;
	reach = program_reach(&program, &installation);
	IS(reach.obstacle, OBSTACLE_STATIC);
	IS(reach.passes, ANSWER_NO);
	program.preload_lost = false;
	IS(program_reach(&program, &installation).passes, ANSWER_YES);
	program.image.go = true;
	IS(obstacle(&program), OBSTACLE_GO);
	program.gain = GAIN_CAPABILITIES;
	IS(obstacle(&program), OBSTACLE_GAIN);
	program.fault = FAULT_DAMAGED;
	reach = program_reach(&program, &installation);
	IS(reach.obstacle, OBSTACLE_FAULT);
	IS(reach.kept_out, ANSWER_NO);

	program = like_us();
	program.libc = LIBC_UNKNOWN;
	IS(obstacle(&program), OBSTACLE_NONE);
	program.libc = LIBC_MUSL;
	IS(obstacle(&program), OBSTACLE_NONE);
	program.libc = LIBC_BIONIC;
	IS(obstacle(&program), OBSTACLE_LIBC);
	program.unreadable = true;
	IS(obstacle(&program), OBSTACLE_UNKNOWN);
	program = like_us();
	program.image.kind = IMAGE_LOADER;
	IS(obstacle(&program), OBSTACLE_LOADER);
	program.image.machine = EM_AVR;
	IS(obstacle(&program), OBSTACLE_MACHINE);
	program.image.machine = like_us().image.machine;
	program.image.big_endian = !program.image.big_endian;
	IS(obstacle(&program), OBSTACLE_MACHINE);
}

static void file_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	OK_FATAL(file != NULL);
	OK(fwrite(data, 1, size, file) == size);
	fclose(file);
}

/* 32-bit programs, whether or not this kernel runs them. */
static void test_word_size(void)
{
	static const unsigned char small[EI_NIDENT] = {0x7f, 'E', 'L', 'F', ELFCLASS32},
				   large[EI_NIDENT] = {0x7f, 'E', 'L', 'F', ELFCLASS64};
	struct program program = like_us();
	char folder[PATH_SIZE], path[PATH_MAX], *other;

	if (program.image.machine != EM_X86_64) {
		cunit_tap_skip("this is no x86-64");
		return;
	}
	unit_path(folder, sizeof folder);
	OK(!mkdir(folder, 0700));
	snprintf(path, sizeof path, "%s/lib", folder);
	OK(!mkdir(path, 0700));
	snprintf(path, sizeof path, "%s/lib32", folder);
	OK(!mkdir(path, 0700));
	snprintf(installation.library, sizeof installation.library, "%s/lib/libportres.so", folder);
	file_write(installation.library, large, sizeof large);
	program.image.bits = 32;
	program.image.machine = EM_386;
	OK(library_other(installation.library) == NULL);
	IS(obstacle(&program), OBSTACLE_WORD_SIZE);

	snprintf(path, sizeof path, "%s/lib32/libportres.so", folder);
	file_write(path, large, sizeof large);
	OK(library_other(installation.library) == NULL);
	file_write(path, small, sizeof small);
	other = library_other(installation.library);
	same(other, path);
	free(other);
	IS(obstacle(&program), OBSTACLE_NONE);
	/* x32: no library is for that. */
	program.image.machine = EM_X86_64;
	IS(obstacle(&program), OBSTACLE_WORD_SIZE);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS({"the first line of a script", test_script},
				    {"env and its options", test_env},
				    {"more words than there is room for", test_words},
				    {"what is in the way of a program", test_reach},
				    {"programs of another word size", test_word_size});

	return unit_main("program", tests);
}
