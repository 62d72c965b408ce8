/* SPDX-License-Identifier: MIT */
/* Putting texts together and reading numbers. */
#include <limits.h>
#include <sys/stat.h>

#include "real/text.h"
#include "unit.h"

static void same(const char *actual, const char *expected)
{
	if (strcmp(actual, expected))
		cunit_tap_note("got \"%s\", expected \"%s\"", actual, expected);
	IS(strcmp(actual, expected), 0);
}

static void test_add(void)
{
	char buffer[16] = "xxxxxxxxxxxxxxx";
	struct text text = TEXT(buffer);

	text_add(&text, "");
	same(buffer, "");
	text_add(&text, "ports ");
	text_add(&text, "free");
	same(buffer, "ports free");
	IS(text.length, 10);
	OK(!text.full);
}

static void test_full(void)
{
	struct {
		char buffer[8], behind[8];
	} room = {.behind = "behind"};
	struct text text = TEXT(room.buffer);

	text_add(&text, "1234567");
	OK(!text.full);
	same(room.buffer, "1234567");
	text_add(&text, "");
	OK(!text.full);
	text_add(&text, "8");
	OK(text.full);
	same(room.buffer, "1234567");
	text_add_number(&text, UINT64_MAX, 10);
	OK(text.full);
	same(room.buffer, "1234567");
	same(room.behind, "behind");

	text = (struct text)TEXT(room.buffer);
	text_add(&text, "more than eight");
	OK(text.full);
	IS(text.length, 7);
	same(room.buffer, "more th");
	same(room.behind, "behind");
}

static void test_add_number(void)
{
	static const struct {
		uint64_t number;
		unsigned int base;
		const char *text;
	} numbers[] = {
		{0, 10, "0"},
		{0, 16, "0"},
		{9, 10, "9"},
		{10, 10, "10"},
		{65535, 10, "65535"},
		{255, 16, "ff"},
		{UINT64_MAX, 10, "18446744073709551615"},
		{UINT64_MAX, 16, "ffffffffffffffff"},
		{UINT64_C(0x123456789abcdef0), 16, "123456789abcdef0"},
		{UINT64_MAX, 2, "1111111111111111111111111111111111111111111111111111111111111111"},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		char buffer[80];
		struct text text = TEXT(buffer);

		text_add_number(&text, numbers[i].number, numbers[i].base);
		same(buffer, numbers[i].text);
	}
}

static void test_number(void)
{
	static const struct {
		const char *text;
		unsigned int base;
		uint64_t limit;
		bool good;
		uint64_t number;
		const char *rest;
	} numbers[] = {
		{"0", 10, 0, true, 0, ""},
		{"1", 10, 0, false, 0, "1"},
		{"65535", 10, 65535, true, 65535, ""},
		{"65536", 10, 65535, false, 0, "65536"},
		{"65535-", 10, 65535, true, 65535, "-"},
		{"00007x", 10, 7, true, 7, "x"},
		{"00000000000000000000000000000000000012", 10, 12, true, 12, ""},
		{"", 10, 100, false, 0, ""},
		{"-1", 10, 100, false, 0, "-1"},
		{"+1", 10, 100, false, 0, "+1"},
		{" 1", 10, 100, false, 0, " 1"},
		{"a", 10, 100, false, 0, "a"},
		{"12a", 10, 100, true, 12, "a"},
		{"fF", 16, 255, true, 15, "F"},
		{"g", 16, 255, false, 0, "g"},
		{"0x10", 16, 255, true, 0, "x10"},
		{"255", 10, 254, false, 0, "255"},
		{"18446744073709551615", 10, UINT64_MAX, true, UINT64_MAX, ""},
		{"18446744073709551616", 10, UINT64_MAX, false, 0, "18446744073709551616"},
		{"18446744073709551614", 10, UINT64_MAX - 1, true, UINT64_MAX - 1, ""},
		{"18446744073709551615", 10, UINT64_MAX - 1, false, 0, "18446744073709551615"},
		{"99999999999999999999999", 10, UINT64_MAX, false, 0, "99999999999999999999999"},
		{"ffffffffffffffff", 16, UINT64_MAX, true, UINT64_MAX, ""},
		{"10000000000000000", 16, UINT64_MAX, false, 0, "10000000000000000"},
		{"9", 10, 5, false, 0, "9"},
		{"5", 10, 5, true, 5, ""},
		{"15", 10, 9, false, 0, "15"},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		const char *at = numbers[i].text;
		uint64_t number = 4711;

		if (!IS(text_number(&at, numbers[i].base, numbers[i].limit, &number),
			numbers[i].good))
			cunit_tap_note("of %s", numbers[i].text);
		same(at, numbers[i].rest);
		OK(number == (numbers[i].good ? numbers[i].number : 4711));
	}
}

/* What was put together is read again. */
static void test_round_trip(void)
{
	unsigned int wrong = 0, past = 0;
	uint64_t number = 1, again;

	for (int i = 0; i < 200; i++) {
		for (unsigned int base = 2; base <= 16; base++) {
			char buffer[80];
			struct text text = TEXT(buffer);
			const char *at = buffer;

			text_add_number(&text, number, base);
			wrong += !text_number(&at, base, number, &again) || again != number || *at;
			at = buffer;
			past += number && text_number(&at, base, number - 1, &again);
		}
		number = number * UINT64_C(6364136223846793005) + 1442695040888963407;
		number >>= i % 64;
	}
	IS(wrong, 0);
	IS(past, 0);
}

static void test_file(void)
{
	char path[PATH_SIZE], buffer[16];
	int before = unit_descriptors(), fd;

	unit_path(path, sizeof path);
	IS(text_file(path, buffer, sizeof buffer), -ENOENT);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	IS(text_file(path, buffer, sizeof buffer), 0);
	same(buffer, "");
	IS(write(fd, "0123456789", 10), 10);
	IS(text_file(path, buffer, sizeof buffer), 10);
	same(buffer, "0123456789");
	/* A larger one: as much as there is room for. */
	IS(write(fd, "0123456789", 10), 10);
	IS(text_file(path, buffer, sizeof buffer), sizeof buffer - 1);
	same(buffer, "012345678901234");
	close(fd);
	IS(text_file("/", buffer, sizeof buffer), -EISDIR);
	IS(unit_descriptors(), before);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS({"texts are put together", test_add},
				    {"what does not fit is cut off, and said", test_full},
				    {"numbers are written", test_add_number},
				    {"numbers are read up to a limit", test_number},
				    {"what was written is read", test_round_trip},
				    {"small files are read", test_file});

	return unit_main("text", tests);
}
