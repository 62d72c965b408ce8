/* SPDX-License-Identifier: MIT */
/* portres reserve: a block for a script, held until it lets go */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/until.h"
#include "tool/message.h"
#include "tool/pool.h"
#include "tool/request.h"

#define DEFAULT_FORMAT "{first} {last}"

static const char usage[] =
	"Usage: portres reserve [OPTION]...\n"
	"       portres reserve [OPTION]... [--] COMMAND [ARG]...\n"
	"Hold a block of ports that nobody else on this host can take, and print it, until\n"
	"standard input is closed, or SIGTERM, SIGINT or SIGHUP comes. With COMMAND it is\n"
	"portres-run, with all of its options.\n"
	"\n"
	"  -n, --ports COUNT        a block of COUNT ports, anywhere (16)\n"
	"  -p, --range FIRST-LAST   this block\n"
	"      --name NAME          the same block as last time under this name, if it is\n"
	"                           free, else another one, which is remembered\n"
	"      --align N            the first port is a multiple of N (1)\n"
	"      --tcp, --udp         one protocol only (both, the same numbers in both)\n"
	"      --wait SECONDS       wait for a block instead of failing at once (0)\n"
	"      --format FORMAT      what to print: text with {first}, {last}, {count},\n"
	"                           {ports}, {ports:SEPARATOR}, {protocol}, {pid}, {0}, {1}...\n"
	"                           and \\n, \\t, \\\\, \\{, \\} (\"" DEFAULT_FORMAT "\")\n"
	"      --json               the block for programs\n"
	"  -h, --help               this text\n"
	"\n"
	"Nobody gets a port of the block while it is held, and that means also the programs\n"
	"that the script starts: they are let in as part of a COMMAND. Between letting go and\n"
	"the bind of a server the ports are everybody's. portres persist keeps them for good.\n"
	"Exit status: 0; 1 it cannot be done; 2 wrong usage; with COMMAND portres-run's.\n";

enum {
	OPTION_FORMAT = REQUEST_OPTIONS,
	OPTION_JSON,
	OPTION_OF_RUN,
};

#define SHORT_OPTIONS "+:" REQUEST_SHORT "e:Ih"

static const struct option long_options[] = {
	REQUEST_LONG,
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	/* portres-run's own: with a command only, and for it to read. */
	{"outside", required_argument, NULL, OPTION_OF_RUN},
	{"full", required_argument, NULL, OPTION_OF_RUN},
	{"connect", no_argument, NULL, OPTION_OF_RUN},
	{"env", required_argument, NULL, 'e'},
	{NULL, 0, NULL, 0},
};

struct wish {
	struct request request;
	const char *format;
	bool json, of_run, command;
};

/* What is there; values are not looked at, for they may be portres-run's to judge. */
static void wish_scan(struct wish *wish, int argc, char **argv)
{
	bool is_value = false; /* the last word is an option's */
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, SHORT_OPTIONS, long_options, NULL)) != -1) {
		is_value = optarg == argv[argc - 1];
		switch (option) {
		case OPTION_FORMAT:
			wish->format = optarg;
			break;
		case OPTION_JSON:
			wish->json = true;
			break;
		case OPTION_OF_RUN:
		case 'e':
		case 'I':
			wish->of_run = true;
			break;
		case 'h':
			say_and_exit(usage);
		case ':':
		case '?':
			usage_option("reserve", argv, option);
		default:
			break;
		}
	}
	wish->command = optind < argc;
	/* A variable in a script was empty, say: not to be mistaken for a wish to hold. */
	if (!wish->command && !is_value && !strcmp(argv[argc - 1], "--"))
		usage_error("no command behind --; give one, or leave -- out");
}

static void wish_check(const struct wish *wish)
{
	if (wish->command && (wish->json || wish->format))
		usage_error(
			"--format and --json go with no command; it has the block in PORTRES_FIRST "
			"and PORTRES_LAST");
	if (!wish->command && wish->of_run)
		usage_error("-e, -I, --outside, --full and --connect go with a command; give one, "
			    "as in portres reserve -n 20 -- sh script");
	if (wish->json && wish->format)
		usage_error("--json and --format exclude each other; give one");
}

static void request_read(struct request *request, int argc, char **argv)
{
	int option;

	request_begin(request);
	optind = 0; /* from the start */
	while ((option = getopt_long(argc, argv, SHORT_OPTIONS, long_options, NULL)) != -1)
		request_option(request, option, optarg);
	request_check(request);
}

/* The one beside this program; in a build tree it is in another folder. */
static void become_run(char **argv)
{
	static const char *const places[] = {"portres-run", "../scripts/portres-run"};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	size_t i;

	if (length <= 0)
		fail("/proc is not there, so portres-run cannot be found; mount it, or use "
		     "portres-run itself");
	self[length] = '\0';
	*strrchr(self, '/') = '\0';
	for (i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (asprintf(&argv[0], "%s/%s", self, places[i]) < 0)
			fail("out of memory; free some and try again");
		execv(argv[0], argv);
		if (errno != ENOENT)
			break;
	}
	fail("portres-run cannot be started: %m; it belongs in %s; install libportres again", self);
}

/* What is opened from now on shall not be taken for one of these three. */
static void standard_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static struct reservation held;
static int anchor = -1;

/* However this ends: the ports are free when it has ended, and the pool knows. */
static void let_go(void)
{
	reservation_release(&held, anchor);
}

/* So that it is written at once, and a reader never sees a part. */
static void output_room(size_t size)
{
	char *room = malloc(size);

	if (!room)
		fail("out of memory; free some and try again");
	setvbuf(stdout, room, _IOFBF, size);
}

static void report_show(const struct block *block)
{
	json_t *report = json_pack("{s:i}", "pid", (int)getpid()), *ports = json_array();
	unsigned int i;

	output_room(1024 + 16 * (size_t)block->count);
	json_block_set(report, block);
	for (i = 0; i < block->count; i++)
		json_array_append_new(ports, json_integer(block->first + i));
	json_object_set_new(report, "ports", ports);
	json_show(report);
}

static void text_show(const char *format, const struct block *block)
{
	size_t length;
	char *text = format_make(format, block, &length);

	output_room(length + 1);
	fwrite(text, 1, length, stdout);
	free(text);
}

/* The reader may wait for the end of what we say. */
static void output_end(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	output_check();
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		close(null);
	}
}

static int hold(struct wish *wish)
{
	struct until until;

	held = request_reserve(&wish->request, pool_or_fail(), &anchor);
	atexit(let_go);
	until_begin(&until, anchor);
	signal(SIGPIPE, SIG_IGN);
	if (wish->json)
		report_show(&held.block);
	else
		text_show(wish->format, &held.block);
	output_end();
	if (!until_let_go(&until))
		fail("portres-hold, which kept the block %u-%u, was ended: its ports are free; see "
		     "who does that",
		     held.block.first, held.block.first + held.block.count - 1U);
	return 0;
}

int command_reserve(int argc, char **argv)
{
	struct wish wish = {.json = false};
	struct block any = {.first = 1};
	size_t length;

	wish_scan(&wish, argc, argv);
	wish_check(&wish);
	if (wish.command)
		become_run(argv);
	if (!wish.format)
		wish.format = DEFAULT_FORMAT;
	standard_fill();
	request_read(&wish.request, argc, argv);
	request_recall(&wish.request);
	/* Before anything is taken. */
	any.count = wish.request.acquire.count;
	free(format_make(wish.format, &any, &length));
	return hold(&wish);
}
