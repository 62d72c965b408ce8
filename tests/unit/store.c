/* SPDX-License-Identifier: MIT */
/* The list of reserved blocks: its lines, and how it is changed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "persist/lines.h"
#include "persist/store.h"
#include "persist/utf8.h"
#include "unit.h"

/* A list with this text, in a folder of its own. */
static void list_write(const char *text)
{
	char folder[PATH_SIZE], path[PATH_SIZE + 32];
	FILE *file;

	unit_path(folder, sizeof folder);
	IS_FATAL(mkdir(folder, 0700), 0);
	setenv("PORTRES_STATE", folder, 1);
	snprintf(path, sizeof path, "%s/" STORE_NAME, folder);
	file = fopen(path, "we");
	OK_FATAL(file != NULL);
	fchmod(fileno(file), 0600);
	fputs(text, file);
	fclose(file);
}

static void list_is(const char *expected)
{
	char path[PATH_SIZE + 32], text[4096];
	FILE *file;

	snprintf(path, sizeof path, "%s/" STORE_NAME, getenv("PORTRES_STATE"));
	file = fopen(path, "re");
	OK_FATAL(file != NULL);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	OK(!strcmp(text, expected));
}

static void test_entries(void)
{
	struct store store;

	list_write("# comment\n\ntcp 5000-5019\nudp 6000\n\ttcp+udp  7000-7001\t a b \n"
		   "tcp 1-65535 all of them");
	IS_FATAL(store_open(&store, STORE_READ), 0);
	IS(store.fault_count, 0);
	IS_FATAL(store.count, 4);
	IS(store.entries[0].block.first, 5000);
	IS(store.entries[0].block.count, 20);
	IS(store.entries[0].block.protocols, 1);
	IS(store.entries[0].line, 3);
	OK(!store.entries[0].name);
	IS(store.entries[1].block.count, 1);
	IS(store.entries[1].block.protocols, 2);
	OK(!strcmp(store.entries[2].name, "a b"));
	IS(store.entries[2].block.protocols, 3);
	IS(store.entries[3].block.count, 65535);
	OK(store_find(&store, &(struct block){5000, 20, 1}) == &store.entries[0]);
	OK(!store_find(&store, &(struct block){5000, 20, 2}));
	OK(!store_find(&store, &(struct block){7000, 2, 3}));
	OK(store_find_name(&store, "a b") == &store.entries[2]);
	OK(!store_find_name(&store, "a"));
	OK(store_overlap(&store, &(struct block){4990, 11, 3}) == &store.entries[0]);
	OK(!store_overlap(&store, &(struct block){4990, 10, 3}));
	OK(!store_overlap(&store, &(struct block){5019, 1, 2}));
	OK(store_overlap(&store, &(struct block){5019, 1, 1}) != NULL);
	OK(!store_overlap(&store, &(struct block){5020, 100, 1}));
	store_close(&store);
}

static void test_faults(void)
{
	static const char *const wrong[] = {"sctp 5000-5001",
					    "tcp",
					    "tcp five",
					    "tcp 0-5",
					    "tcp 5-4",
					    "tcp 65536",
					    "tcp 1-65536",
					    "TCP 5000",
					    "tcp 5000-5001-2",
					    "tcp+udp 5000",
					    "tcp 5000 \tb\001",
					    "udp+tcp 1 x",
					    "tcp  5000- 1",
					    "tcp 5000 \xc0\x80",
					    "tcp 5000 \xed\xa0\x80",
					    "tcp 5000 \xf5\x80\x80\x80",
					    "tcp 5000 \xe2\x82",
					    "tcp 99999999999999999999"};
	struct store store;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		char text[100];

		snprintf(text, sizeof text, "udp 1\n%s\nudp 2\n", wrong[i]);
		list_write(text);
		IS_FATAL(store_open(&store, STORE_READ), 0);
		IS(store.count, 2);
		IS_FATAL(store.fault_count, 1);
		IS(store.faults[0].line, 2);
		OK(*store.faults[0].what);
		store_close(&store);
	}
	for (size_t length = 1; length < 5; length++) {
		static const char zeros[] = "udp 1\n\0 \t \nudp 2\n";
		FILE *file;
		char path[PATH_SIZE + 32];

		list_write("");
		snprintf(path, sizeof path, "%s/" STORE_NAME, getenv("PORTRES_STATE"));
		file = fopen(path, "we");
		OK_FATAL(file != NULL);
		fwrite(zeros, 1, 6 + length, file);
		fputs("\nudp 2\n", file);
		fclose(file);
		IS_FATAL(store_open(&store, STORE_READ), 0);
		IS(store.count, 2);
		IS(store.fault_count, 1);
		store_close(&store);
	}
	list_write("tcp 10-20\ntcp 20-30\nudp 20-30\ntcp 1 x\ntcp 2 x\n");
	IS_FATAL(store_open(&store, STORE_READ), 0);
	IS(store.count, 3);
	IS_FATAL(store.fault_count, 2);
	IS(store.faults[0].line, 2);
	IS(store.faults[1].line, 5);
	store_close(&store);
}

static void test_names(void)
{
	char longest[STORE_NAME_LONGEST + 2];

	OK(store_name_valid("a"));
	OK(store_name_valid("/home/me/a b"));
	OK(store_name_valid("z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80"));
	OK(!store_name_valid(""));
	OK(!store_name_valid(" a"));
	OK(!store_name_valid("a "));
	OK(!store_name_valid("a\nb"));
	OK(!store_name_valid("a\x7f"));
	OK(!store_name_valid("a\xc2\x85")); /* a control character, too */
	OK(!store_name_valid("\xff"));
	memset(longest, 'x', sizeof longest);
	longest[STORE_NAME_LONGEST] = '\0';
	OK(store_name_valid(longest));
	longest[STORE_NAME_LONGEST] = 'x';
	longest[STORE_NAME_LONGEST + 1] = '\0';
	OK(!store_name_valid(longest));
}

static bool is_line(const struct store_entry *entry, const void *context)
{
	return entry->line == *(const unsigned int *)context;
}

static void change(unsigned int gone, const struct block *block, const char *name)
{
	struct store_change wanted = {is_line, &gone, block, name};
	struct store store;

	IS_FATAL(store_open(&store, STORE_WRITE), 0);
	IS(store_change(&store, &wanted), 0);
	store_close(&store);
}

static void test_change(void)
{
	struct block both = {7000, 2, 3}, udp = {8000, 1, 2};

	list_write("# first\ntcp 5000-5019\r\nwhat\nudp 6000");
	change(0, &udp, NULL);
	list_is("# first\ntcp 5000-5019\r\nwhat\nudp 6000\nudp 8000-8000\n");
	change(2, &both, "a name");
	list_is("# first\nwhat\nudp 6000\nudp 8000-8000\ntcp+udp 7000-7001 a name\n");
	change(3, &(struct block){9000, 2, 3}, NULL);
	list_is("# first\nwhat\nudp 8000-8000\ntcp+udp 7000-7001 a name\n"
		"tcp 9000-9001\nudp 9000-9001\n");
	change(2, NULL, NULL);
	list_is("# first\nwhat\nudp 8000-8000\ntcp+udp 7000-7001 a name\n"
		"tcp 9000-9001\nudp 9000-9001\n");
	change(6, NULL, NULL);
	list_is("# first\nwhat\nudp 8000-8000\ntcp+udp 7000-7001 a name\ntcp 9000-9001\n");
}

static void test_nothing(void)
{
	char folder[PATH_SIZE], inner[PATH_SIZE + 8];
	struct store store;
	struct stat status;

	unit_path(folder, sizeof folder);
	snprintf(inner, sizeof inner, "%s/a/b", folder);
	setenv("PORTRES_STATE", inner, 1);
	IS(store_open(&store, STORE_READ), 0);
	IS(store.count, 0);
	store_close(&store);
	IS(stat(folder, &status), -1);
	IS(store_open(&store, STORE_WRITE), 0);
	store_close(&store);
	IS(stat(inner, &status), 0);
	IS(status.st_mode & 0777, 0700);
	list_write("");
	IS(store_open(&store, STORE_READ), 0);
	IS(store.count + store.fault_count, 0);
	store_close(&store);
}

/* Files that others have put into a folder where everybody may. */
static void test_planted(void)
{
	struct store store;
	char path[PATH_SIZE + 32];

	list_write("tcp 5000\n");
	chmod(getenv("PORTRES_STATE"), 01777);
	IS(store_open(&store, STORE_WRITE), 0);
	store_close(&store);
	chmod(getenv("PORTRES_STATE"), 0777);
	IS(store_open(&store, STORE_WRITE), -EACCES);
	IS(store_open(&store, STORE_READ), -EACCES);
	chmod(getenv("PORTRES_STATE"), 01777);
	if (geteuid())
		return;
	snprintf(path, sizeof path, "%s/lock", getenv("PORTRES_STATE"));
	IS(chown(path, SOMEBODY, (gid_t)-1), 0);
	IS(store_open(&store, STORE_WRITE), -EACCES);
	IS(unlink(path), 0);
	snprintf(path, sizeof path, "%s/" STORE_NAME ".new", getenv("PORTRES_STATE"));
	IS(symlink("/nowhere/at/all", path), 0);
	change(1, NULL, NULL);
	list_is("");
	snprintf(path, sizeof path, "%s/" STORE_NAME, getenv("PORTRES_STATE"));
	IS(chown(path, SOMEBODY, (gid_t)-1), 0);
	IS(store_open(&store, STORE_READ), -EACCES);
}

static const char *cleaned(const char *text)
{
	static char buffer[64];

	strcpy(buffer, text);
	utf8_clean(buffer);
	return buffer;
}

/* What a terminal would act on, and what is no text. */
static void test_clean(void)
{
	static const char good[] = "plain caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80 \xe2\x80\x94";

	IS(strcmp(cleaned(good), good), 0);
	IS(strcmp(cleaned("a\x1b[31m\n\x7f"), "a?[31m??"), 0);
	IS(strcmp(cleaned("a\xc2\x9b;m"), "a?;m"), 0);
	IS(strcmp(cleaned("a\x9b;m\xff"), "a?;m?"), 0);
	IS(strcmp(cleaned("x\xe2\x80\xaey\xe2\x81\xa6z"), "x?y?z"), 0);
	IS(strcmp(cleaned("cut \xe6\x97"), "cut "), 0);
	IS(strcmp(cleaned("cut \xf0"), "cut "), 0);
	IS(strcmp(cleaned("\xed\xa0\x80"), "???"), 0);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"lines that are good", test_entries}, {"lines that are not", test_faults},
		      {"names", test_names}, {"a change leaves all other lines", test_change},
		      {"where nothing is yet", test_nothing},
		      {"what others have put there", test_planted},
		      {"texts of others are made fit to be shown", test_clean});

	return unit_main("store", tests);
}
