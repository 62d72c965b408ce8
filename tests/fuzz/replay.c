/* SPDX-License-Identifier: MIT */
/*
 * replay.c - tries the inputs that were kept on a target, without libFuzzer
 *
 * As a test, replay-NAME takes those in corpus/NAME, which reach all that fuzzing has
 * reached, and in found/NAME, each of which has broken a promise once. By hand it takes the
 * files and folders that it is told. Each input that breaks one costs a process: the next
 * goes on behind it.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../lib/tap.h"
#include "fuzz.h"

/* Seconds for an input that takes milliseconds. */
#define LONGEST 60

struct inputs {
	char **paths;
	size_t count;
};

static void input_add(struct inputs *inputs, const char *path)
{
	inputs->paths = realloc(inputs->paths, (inputs->count + 1) * sizeof *inputs->paths);
	inputs->paths[inputs->count++] = strdup(path);
}

static void inputs_add(struct inputs *inputs, const char *path)
{
	struct dirent **entries;
	char below[4096];
	int i, count = scandir(path, &entries, NULL, alphasort);

	if (count < 0) {
		if (errno == ENOTDIR)
			input_add(inputs, path);
		return;
	}
	for (i = 0; i < count; i++) {
		snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			input_add(inputs, below);
		free(entries[i]);
	}
	free(entries);
}

static void input_try(const char *path)
{
	FILE *file = fopen(path, "r");
	uint8_t *data = NULL, room[65536];
	size_t size = 0, got;

	if (!file)
		bail_out(path);
	while ((got = fread(room, 1, sizeof room, file))) {
		data = realloc(data, size + got);
		memcpy(data + size, room, got);
		size += got;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static void inputs_try(const struct inputs *inputs, volatile size_t *next)
{
	for (; *next < inputs->count; (*next)++) {
		alarm(LONGEST);
		input_try(inputs->paths[*next]);
	}
	exit(0);
}

/* How many of them broke a promise. */
static unsigned long inputs_run(const struct inputs *inputs)
{
	volatile size_t *next =
		mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long failures = 0;
	int status;
	pid_t child;

	while (*next < inputs->count) {
		fflush(stdout);
		child = fork();
		if (!child)
			inputs_try(inputs, next);
		if (child < 0 || waitpid(child, &status, 0) != child)
			bail_out("a process for the inputs");
		if (!status)
			break;
		failures++;
		diag("%s: %s %d", inputs->paths[*next],
		     WIFSIGNALED(status) ? "signal" : "exit status",
		     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		(*next)++;
	}
	return failures;
}

static unsigned long folder_run(const char *name, const char *folder, unsigned long *cases)
{
	const char *source = getenv("top_srcdir");
	struct inputs inputs = {NULL, 0};
	unsigned long failures;
	char path[4096];

	if (!source)
		bail_out("top_srcdir is not set (run me through make check)");
	snprintf(path, sizeof path, "%s/tests/fuzz/%s/%s", source, folder, name);
	inputs_add(&inputs, path);
	failures = inputs_run(&inputs);
	ok(!failures, "%s: %zu inputs in %s", name, inputs.count, folder);
	*cases += inputs.count;
	return failures;
}

int main(int argc, char **argv)
{
	const char *begin = strstr(argv[0], "replay-"), *name = begin ? begin + 7 : argv[0];
	struct inputs inputs = {NULL, 0};
	unsigned long cases = 0, failures;
	char what[256];
	int i;

	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		inputs_add(&inputs, argv[i]);
	if (argc > 1)
		return inputs_run(&inputs) ? 1 : 0;
	failures = folder_run(name, "corpus", &cases);
	ok(cases, "there is a corpus");
	failures += folder_run(name, "found", &cases);
	snprintf(what, sizeof what, "fuzzed before, tried again: %s", name);
	proved(what, cases, failures);
	return done_testing();
}
