/* SPDX-License-Identifier: MIT */
/* The map as SVG: its size at the worst, and the file that it goes into. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cli/map.h"
#include "cli/map-svg.h"
#include "tool/message.h"
#include "unit.h"

#define SIZE_MOST 300000

const char *message_program = "map-svg";
int message_failure = 1, message_misuse = 2;

static struct ports ports;
static struct port_settings settings = {.ephemeral = {32768, 60999}, .unprivileged = 1024};

static size_t file_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length;

	OK_FATAL(file != NULL);
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	return length;
}

static unsigned int occurrences(const char *text, const char *what)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

/* Draws what `ports` holds. How long it is. */
static size_t drawn(char *text, size_t size, struct port_range range)
{
	struct map map = {.settings = &settings, .ports = &ports, .range = range, .protocols = 3};
	char path[PATH_SIZE];

	map_svg(&map, unit_path(path, sizeof path));
	return file_read(path, text, size);
}

/* One port in so many is of some kind, all others are free: cells of about this size differ
 * from their neighbours as often as can be. */
static void ports_make(unsigned int one_in)
{
	static uint64_t random = 1;

	for (uint32_t port = 1; port < POOL_PORTS; port++)
		for (int protocol = 0; protocol < PROTOCOLS; protocol++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			ports.kind[protocol][port] =
				(random >> 40) % one_in ? PORT_FREE
							: (uint8_t)((random >> 33) % PORT_KINDS);
		}
}

static void test_size(void)
{
	static const unsigned int densities[] = {1, 2, 5, 10, 20, 30, 40, 50, 70, 100, 300, 1000};
	static char text[2 * SIZE_MOST], again[2 * SIZE_MOST];
	struct port_range all = {PORT_FIRST, PORT_LAST};

	for (size_t i = 0; i < sizeof densities / sizeof densities[0]; i++) {
		ports_make(densities[i]);
		OK(drawn(text, sizeof text, all) <= SIZE_MOST);
		OK(occurrences(text, "<rect class=\"k") >= 132);
		OK(drawn(again, sizeof again, all) <= SIZE_MOST);
		OK(!strcmp(text, again));
		OK(drawn(text, sizeof text, (struct port_range){5000, 5999}) <= SIZE_MOST);
		OK(drawn(text, sizeof text, (struct port_range){1, 6000}) <= SIZE_MOST);
	}
	/* Nothing but what is free: as fine as it gets. */
	memset(&ports, 0, sizeof ports);
	OK(drawn(text, sizeof text, all) < 50000);
	OK(strstr(text, "a cell the most telling of 10<") != NULL);
}

static void test_replaced(void)
{
	char path[PATH_SIZE], link[PATH_SIZE], text[64];
	struct stat stat_of;
	mode_t mask = umask(027);

	unit_path(path, sizeof path);
	svg_write(path, "first", 5);
	IS(file_read(path, text, sizeof text), 5);
	IS(stat(path, &stat_of), 0);
	IS(stat_of.st_mode & 0777, 0640);
	umask(mask);
	chmod(path, 0604);
	svg_write(path, "second", 6);
	IS(file_read(path, text, sizeof text), 6);
	OK(!strcmp(text, "second"));
	IS(stat(path, &stat_of), 0);
	IS(stat_of.st_mode & 0777, 0604);
	/* A link stays one, to a file that is new. */
	unit_path(link, sizeof link);
	IS_FATAL(symlink(path, link), 0);
	svg_write(link, "third", 5);
	IS(lstat(link, &stat_of), 0);
	OK(S_ISLNK(stat_of.st_mode));
	file_read(path, text, sizeof text);
	OK(!strcmp(text, "third"));
	/* A device is written to. */
	svg_write("/dev/null", "fourth", 6);
	IS(stat("/dev/null", &stat_of), 0);
	OK(S_ISCHR(stat_of.st_mode));
}

struct attempt {
	const char *path;
	bool limited; /* ulimit -f */
};

/* svg_write ends the process where it fails. */
static int status_of(struct attempt attempt)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct rlimit limit = {2, 2};

		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		if (attempt.limited)
			setrlimit(RLIMIT_FSIZE, &limit);
		svg_write(attempt.path, "new", 3);
		_exit(0);
	}
	IS(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_kept(void)
{
	char folder[PATH_SIZE], path[PATH_SIZE + 8], text[64];

	IS_FATAL(mkdir(unit_path(folder, sizeof folder), 0700), 0);
	snprintf(path, sizeof path, "%s/map", folder);
	svg_write(path, "old", 3);
	IS(status_of((struct attempt){path, true}), 1);
	file_read(path, text, sizeof text);
	OK(!strcmp(text, "old"));
	IS(unit_entries(folder, NULL), 1);
	IS(status_of((struct attempt){folder, false}), 1);
	IS(status_of((struct attempt){"/dev/full", false}), 1);
	snprintf(path, sizeof path, "%s/no/map", folder);
	IS(status_of((struct attempt){path, false}), 1);
	IS(unit_entries(folder, NULL), 1);
}

int main(void)
{
	CU_TestInfo tests[] =
		TESTS({"never too large, and always the same", test_size},
		      {"a file is replaced", test_replaced}, {"or stays as it was", test_kept});

	return unit_main("map-svg", tests);
}
