/* SPDX-License-Identifier: MIT */
/* portres list: every reservation of this user in this network namespace */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/list-text.h"
#include "cli/terminal.h"
#include "inspect/reservations.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/pool.h"

static const char usage[] =
	"Usage: portres list [--watch[=SECONDS]] [--json]\n"
	"Your reservations in this network namespace, and who keeps them alive.\n"
	"\n"
	"  -w, --watch[=SECONDS]  again and again (every second) until it is interrupted\n"
	"      --json             for programs\n"
	"  -h, --help             this text\n"
	"\n"
	"KIND   run: of a process tree (portres-run); runtime: a program asked for it; "
	"persistent:\n"
	"       listed, see portres persist\n"
	"STATE  alive: the kernel keeps others out; unheld: persistent, and not all of it is kept\n"
	"       now; stale: what is left of one that has ended, and is in nobody's way; making:\n"
	"       somebody is at it\n";

enum {
	OPTION_JSON = 256,
};

static const struct option long_options[] = {
	{"watch", optional_argument, NULL, 'w'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct wish {
	bool json;
	double every; /* seconds; 0: once */
};

#define EVERY_LEAST 0.1
#define EVERY_MOST  86400

static double every_read(const char *text)
{
	char *end;
	double every;

	if (!text)
		return 1;
	every = strtod(text, &end);
	if (end == text || *end || !(every >= EVERY_LEAST && every <= EVERY_MOST))
		usage_error("--watch=%s: not a number of seconds; give one from 0.1 to 86400",
			    text);
	return every;
}

static void wish_read(struct wish *wish, int argc, char **argv)
{
	int option;

	*wish = (struct wish){.every = 0};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":w::h", long_options, NULL)) != -1) {
		switch (option) {
		case 'w':
			wish->every = every_read(optarg);
			break;
		case OPTION_JSON:
			wish->json = true;
			break;
		case 'h':
			say_and_exit(usage);
		default:
			usage_option("list", argv, option);
		}
	}
	if (optind < argc)
		usage_error("list takes no argument: %s; portres explain PORT tells of one port",
			    argv[optind]);
}

static void report_show(const struct reservations *reservations)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < reservations->count; i++)
		json_array_append_new(list, json_reserved(&reservations->list[i]));
	json_show(json_pack("{s:o, s:b}", "reservations", list, "keepers_known",
			    reservations->keepers_known));
}

static void terminal_size(struct winsize *size)
{
	*size = (struct winsize){0};
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, size))
		*size = (struct winsize){0};
}

/* In place of what was there: each line clears what is behind it, the last what is below. */
static void screen_fill(const char *text, size_t length, unsigned int rows)
{
	const char *end = text + length, *line;

	/* A line that is too wide is cut by the terminal, and stays one. */
	fputs("\033[?7l\033[H", stdout);
	for (; text < end && rows > 1; text = line + 1, rows--) {
		line = memchr(text, '\n', (size_t)(end - text));
		if (!line)
			break;
		printf("%.*s\033[K\n", (int)(line - text), text);
	}
	fputs(text < end ? "\033[K(more below: make the window higher)" : "\033[K", stdout);
	fputs("\033[J\033[?7h", stdout);
}

static void table_show(const struct reservations *reservations, bool watched)
{
	struct winsize size;
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		fail("out of memory; free some and try again");
	terminal_size(&size);
	list_text(memory, reservations, size.ws_col);
	if (fclose(memory))
		fail("out of memory; free some and try again");
	if (watched && size.ws_row && !terminal_dumb())
		screen_fill(text, length, size.ws_row);
	else
		fwrite(text, 1, length, stdout);
	free(text);
}

static void show(const struct wish *wish)
{
	struct pool *pool = pool_to_look_at();
	struct reservations reservations;
	int error = reservations_read(&reservations, pool);

	if (error)
		sockets_fail(error);
	if (!reservations.store_error)
		faults_complain(&reservations.store);
	if (wish->json)
		report_show(&reservations);
	else
		table_show(&reservations, wish->every > 0);
	output_check();
	reservations_free(&reservations);
	if (pool)
		pool_close(pool);
}

int command_list(int argc, char **argv)
{
	struct timespec pause;
	struct wish wish;

	wish_read(&wish, argc, argv);
	show(&wish);
	if (!wish.every)
		return 0;
	pause.tv_sec = (time_t)wish.every;
	pause.tv_nsec = (long)((wish.every - (double)pause.tv_sec) * 1e9);
	for (;;) {
		nanosleep(&pause, NULL);
		show(&wish);
	}
}
