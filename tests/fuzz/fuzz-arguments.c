/* SPDX-License-Identifier: MIT */
/*
 * The arguments of portres and of portres-run: both programs run in this process, up to
 * where they end, start another program, or wait. Whatever they are told:
 *
 *  - the exit status is one that the manual has
 *  - who fails says why, in one line that can be shown, and what to do
 *  - who fails has reserved nothing
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <regex.h>
#include <poll.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/here.h"
#include "fuzz.h"
#include "persist/store.h"
#include "persist/utf8.h"
#include "pool/slot.h"
#include "tool/message.h"

int portres_main(int argc, char **argv);
int run_main(int argc, char **argv);

enum { ARGUMENTS = 16, HANDLERS = 8, FDS = 64 };
/* How a program can end but by exit(). */
enum { STARTS = 1000, WAITS };

static jmp_buf end;
static bool running;
static void (*handlers[HANDLERS])(void);
static unsigned int handler_count;
static struct pool *pool;
static int output;
static bool others[FDS]; /* descriptors that are not of an input */

/* These stand before libc's. */
void exit(int status)
{
	static void (*next)(int) __attribute__((noreturn));

	if (running)
		longjmp(end, status + 1);
	*(void **)&next = dlsym(RTLD_NEXT, "exit");
	next(status);
}

int atexit(void (*handler)(void))
{
	if (running && handler_count < HANDLERS)
		handlers[handler_count++] = handler;
	return 0;
}

int execv(const char *path, char *const argv[])
{
	(void)path, (void)argv;
	if (running)
		longjmp(end, STARTS);
	return execve(path, argv, environ);
}

int execvp(const char *path, char *const argv[])
{
	(void)path, (void)argv;
	longjmp(end, STARTS);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	if (running)
		longjmp(end, WAITS);
	return clock_nanosleep(CLOCK_REALTIME, 0, time, left);
}

int poll(struct pollfd *some, nfds_t count, int wait)
{
	if (running && wait)
		longjmp(end, WAITS);
	return ppoll(some, count, wait < 0 ? NULL : &(struct timespec){.tv_sec = wait / 1000},
		     NULL);
}

/* portres doctor tries things in processes of their own. */
pid_t fork(void)
{
	static pid_t (*next)(void);

	if (running)
		longjmp(end, STARTS);
	*(void **)&next = dlsym(RTLD_NEXT, "fork");
	return next();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	world_enter(*argv);
	if (chdir(world_folder) || pool_here(&pool, true))
		abort();
	return 0;
}

/* In the process that runs the inputs. */
static void begin_once(void)
{
	static bool begun;
	int null, fd;

	if (begun)
		return;
	begun = true;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	for (fd = 0; fd < FDS; fd++)
		others[fd] = fcntl(fd, F_GETFD) >= 0;
	/* Where nothing that an input opens is. */
	null = memfd_create("output", MFD_CLOEXEC);
	output = fcntl(null, F_DUPFD_CLOEXEC, FDS);
	close(null);
}

/* As the end of the process would. */
static void descriptors_close(void)
{
	int fd;

	for (fd = 0; fd < FDS; fd++)
		if (!others[fd])
			close(fd);
	close_range(FDS + 1, ~0U, 0);
}

/* The mappings of programs that ended in their midst, but for ours. */
static void pools_unmap(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long first, last;
	char line[4096];

	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, world_folder) && sscanf(line, "%lx-%lx", &first, &last) == 2 &&
		    first != (unsigned long)pool)
			munmap((void *)first, last - first);
	if (maps)
		fclose(maps);
}

/* Each input comes to the same world. */
static void world_clean(void)
{
	static const char *const variables[] = {"LD_PRELOAD", "ASAN_OPTIONS", "PORTRES_RESERVATION",
						"PORTRES_RANGE"};
	char path[4096];
	static unsigned int rounds;
	size_t i;

	if (!(++rounds % 16))
		pools_unmap();
	program_invocation_short_name = program_invocation_name;
	for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
	snprintf(path, sizeof path, "%s/state/" STORE_NAME, world_folder);
	unlink(path);
	memset((void *)pool->slots, 0, sizeof *pool - offsetof(struct pool, slots));
	atomic_store(&pool->search_cursor, 20000);
}

/* The arguments, separated by line ends; none is a path. */
static int arguments_split(char *text, char **argv, int count)
{
	char *at;

	for (at = text; *at; at++)
		if (*at == '/')
			*at = '_';
	while (text && *text && count < ARGUMENTS)
		argv[count++] = strsep(&text, "\n");
	argv[count] = NULL;
	return count;
}

/* The exit status, or STARTS, or WAITS. */
static int program_run(bool is_run, int argc, char **argv)
{
	int status = setjmp(end);

	if (!status) {
		running = true;
		status = (is_run ? run_main : portres_main)(argc, argv) + 1;
	}
	while (handler_count)
		handlers[--handler_count]();
	running = false;
	return status >= STARTS ? status : status - 1;
}

static unsigned int reservations_count(void)
{
	unsigned int slot, used = 0;
	struct slot_view view;

	for (slot = 0; slot < POOL_SLOTS; slot++)
		used += slot_find(pool, slot_token(pool, slot), &view) &&
			view.kind != KIND_PERSISTENT;
	return used;
}

/* Whether it says what to do: what to give instead, what to look at, what to set. */
static bool is_advice(const char *line)
{
	static regex_t form;
	static bool made;

	if (!made)
		made = !regcomp(
			&form,
			"(; |, or |\\()[a-z-]+ |see (portres|that|who|where)|--help|give |set "
			"PORTRES_|portres explain|shows|go(es)? with|exclude each other|are "
			"counted from",
			REG_EXTENDED);
	return !regexec(&form, line, 0, NULL, 0);
}

static void lines_check(const char *program, char *text, int status)
{
	size_t length = strlen(program), count = 0;
	char *line, *clean;

	while ((line = strsep(&text, "\n")) && *line) {
		clean = strdup(line);
		utf8_clean(clean);
		PROMISE(!strcmp(clean, line), "\"%s\" is not fit to be shown", line);
		free(clean);
		PROMISE(!strncmp(line, program, length) && !strncmp(line + length, ": ", 2),
			"\"%s\" does not begin with %s", line, program);
		PROMISE(is_advice(line), "\"%s\" does not say what to do", line);
		count++;
	}
	PROMISE(!line || !text, "an empty line");
	if (status == 2 || status == 125)
		PROMISE(count == 1, "%zu lines, exit status %d", count, status);
}

static void end_check(bool is_run, int status, size_t printed, char *errors)
{
	bool ended = status != STARTS && status != WAITS;

	PROMISE(!ended || !status || (is_run ? status == 125 : status == 1 || status == 2),
		"exit status %d of %s", status, message_program);
	PROMISE(!ended || !reservations_count(), "exit status %d, and something is reserved",
		status);
	if (status == 2 || status == 125)
		PROMISE(*errors && !printed, "exit status %d, %zu bytes of output, \"%s\"", status,
			printed, errors);
	lines_check(message_program, errors, status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *argv[ARGUMENTS + 2];
	FILE *saved_output = stdout, *saved_errors = stderr;
	struct bytes bytes = {data, size};
	bool is_run = take(&bytes, 1) & 1;
	char *text = take_text(&bytes), *errors = NULL;
	size_t error_size;
	int argc = 0, status;
	off_t printed;

	begin_once();
	world_clean();
	message_program = is_run ? "portres-run" : "portres";
	message_failure = is_run ? 125 : 1;
	message_misuse = is_run ? 125 : 2;
	argv[argc++] = (char *)(uintptr_t)message_program;
	if (is_run)
		argv[argc++] = (char *)(uintptr_t) "libc.so.6"; /* that it loads is asked */
	argc = arguments_split(text, argv, argc);
	optind = 0;
	if (ftruncate(output, 0))
		abort();
	lseek(output, 0, SEEK_SET);
	stdout = fdopen(dup(output), "w");
	stderr = open_memstream(&errors, &error_size);
	status = program_run(is_run, argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = saved_output;
	stderr = saved_errors;
	printed = lseek(output, 0, SEEK_END);
	end_check(is_run, status, (size_t)printed, errors);
	descriptors_close();
	free(errors);
	free(text);
	return 0;
}
