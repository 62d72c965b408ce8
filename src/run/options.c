/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "run/options.h"
#include "tool/message.h"

static const char usage[] =
	"Usage: portres-run [OPTION]... [--] COMMAND [ARG]...\n"
	"Run COMMAND with a block of ports that nobody else on this host can take: its\n"
	"binds to port 0, and those of every program it starts, get ports of the block.\n"
	"\n"
	"  -n, --ports COUNT        a block of COUNT ports, anywhere (16)\n"
	"  -p, --range FIRST-LAST   this block\n"
	"      --name NAME          the same block as last time under this name, if it is\n"
	"                           free, else another one, which is remembered\n"
	"      --align N            the first port is a multiple of N (1)\n"
	"      --tcp, --udp         one protocol only (both, the same numbers in both)\n"
	"      --wait SECONDS       wait for a block instead of failing at once (0)\n"
	"      --outside WHAT       explicit binds outside the block: pass, deny, or map\n"
	"                           them to a port of the block (pass)\n"
	"      --full WHAT          block exhausted: fail, or pass the bind to the kernel\n"
	"                           (fail)\n"
	"      --connect            outgoing connections take their source port from the\n"
	"                           block, too\n"
	"  -e, --env VAR[=K]        the Kth port, counted from 0, in environment variable\n"
	"                           VAR (0); may be given several times\n"
	"  -I                       {0}, {1}... in the arguments become ports of the block\n"
	"  -h, --help               this text\n"
	"      --version            the version\n"
	"\n"
	"COMMAND finds the block in PORTRES_FIRST, PORTRES_LAST and PORTRES_COUNT.\n"
	"Exit status: COMMAND's; 125 portres-run failed, 126 COMMAND cannot be run,\n"
	"127 COMMAND was not found.\n";

enum {
	OPTION_OUTSIDE = REQUEST_OPTIONS,
	OPTION_FULL,
	OPTION_CONNECT,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	REQUEST_LONG,
	{"outside", required_argument, NULL, OPTION_OUTSIDE},
	{"full", required_argument, NULL, OPTION_FULL},
	{"connect", no_argument, NULL, OPTION_CONNECT},
	{"env", required_argument, NULL, 'e'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static enum run_outside outside_read(const char *text)
{
	if (!strcmp(text, "pass"))
		return OUTSIDE_PASS;
	if (!strcmp(text, "deny"))
		return OUTSIDE_DENY;
	if (!strcmp(text, "map"))
		return OUTSIDE_MAP;
	fail("--outside %s: not a known choice; give pass, deny or map", text);
}

static bool full_read(const char *text)
{
	if (strcmp(text, "fail") && strcmp(text, "pass"))
		fail("--full %s: not a known choice; give fail or pass", text);
	return !strcmp(text, "pass");
}

static void variable_add(struct options *options, const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	struct port_variable variable = {.name = text, .length = strspn(text, allowed)};
	const char *at = text + variable.length;
	uint64_t nth = 0;

	if (!variable.length || (*text >= '0' && *text <= '9') || (*at && *at != '='))
		fail("-e %s: not the name of a variable; give VAR or VAR=K, as in -e PORT=0", text);
	if (*at == '=') {
		at++;
		if (!text_number(&at, 10, POOL_PORTS - 1, &nth) || *at)
			fail("-e %s: the part behind = is not a number; give the port's place in "
			     "the block, from 0",
			     text);
	}
	variable.nth = (uint32_t)nth;
	options->variables = realloc(options->variables, (size_t)(options->variable_count + 1) *
								 sizeof *options->variables);
	if (!options->variables)
		fail("out of memory reading -e; free some and try again");
	options->variables[options->variable_count++] = variable;
}

void options_check_count(const struct options *options)
{
	uint16_t count = options->request.acquire.count;
	int i;

	for (i = 0; i < options->variable_count; i++)
		if (options->variables[i].nth >= count)
			fail("-e %.*s=%u: the block has %u ports, counted from 0; give a smaller "
			     "number",
			     (int)options->variables[i].length, options->variables[i].name,
			     options->variables[i].nth, count);
}

/* What is only right or wrong together. */
static void options_check(struct options *options)
{
	request_check(&options->request);
	options->run.protocols = options->request.acquire.protocols;
	if (!options->request.name || options->request.count_given)
		options_check_count(options);
	if (!options->command[0])
		fail("no command to run; give one, as in portres-run -n 20 -- make check");
}

void options_read(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.substitute = false};
	request_begin(&options->request);
	options->request.acquire.keep_on_exec = true;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:" REQUEST_SHORT "e:Ih", long_options, NULL)) !=
	       -1) {
		if (request_option(&options->request, option, optarg))
			continue;
		switch (option) {
		case OPTION_OUTSIDE:
			options->run.outside = outside_read(optarg);
			break;
		case OPTION_FULL:
			options->run.full_pass = full_read(optarg);
			break;
		case OPTION_CONNECT:
			options->run.connect = true;
			break;
		case 'e':
			variable_add(options, optarg);
			break;
		case 'I':
			options->substitute = true;
			break;
		case 'h':
			say_and_exit(usage);
		case OPTION_VERSION:
			say_and_exit("portres-run (libportres) " PACKAGE_VERSION "\n");
		case ':':
			fail("%s needs an argument; see portres-run --help", argv[optind - 1]);
		default:
			fail("%s is not an option (or takes no argument); see portres-run --help",
			     argv[optind - 1]);
		}
	}
	options->command = argv + optind;
	options_check(options);
}
