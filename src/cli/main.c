/* SPDX-License-Identifier: MIT */
/* portres - shows and keeps port reservations; see portres(1) */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "cli/commands.h"
#include "tool/holder.h"
#include "tool/message.h"

const char *message_program = "portres";
int message_failure = EXIT_NOT_SO, message_misuse = EXIT_USAGE;

static const char usage[] =
	"Usage: portres COMMAND [ARG]...\n"
	"Port reservations: blocks of TCP and UDP ports that nobody else can take.\n"
	"\n"
	"  doctor    what reservations rest on, tried; and whether a command would be served\n"
	"  explain   what is on a port, what a bind would get, and why\n"
	"  list      the reservations there are, and who keeps them alive\n"
	"  map       a picture of all ports: free, held, in use\n"
	"  reserve   a block for a script, held until it lets go\n"
	"  persist   blocks that stay reserved whether or not a program runs\n"
	"  prune     clears what is left of reservations that are gone\n"
	"\n"
	"  -h, --help     this text; portres COMMAND --help has that of a command\n"
	"      --version  the version\n"
	"\n"
	"portres-run runs a command with a block of its own.\n"
	"Exit status: 0; 1 it is not so, or cannot be done; 2 wrong usage.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"doctor", command_doctor}, {"explain", command_explain}, {"list", command_list},
	{"map", command_map},	    {"persist", command_persist}, {"reserve", command_reserve},
	{"prune", command_prune},
};

void usage_option(const char *subcommand, char **argv, int result)
{
	if (result == ':')
		usage_error("%s needs an argument; see portres %s --help", argv[optind - 1],
			    subcommand);
	if (optopt > 0 && optopt <= UCHAR_MAX)
		usage_error("-%c is not an option; see portres %s --help", optopt, subcommand);
	usage_error("%s is not an option (or takes no argument); see portres %s --help",
		    argv[optind - 1], subcommand);
}

void sockets_fail(int error)
{
	fail("the kernel does not say which sockets there are: %s; a sandbox without AF_NETLINK "
	     "forbids it, or a kernel without inet_diag",
	     strerror(-error));
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		usage_error("no command; portres --help lists them");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		say_and_exit(usage);
	if (!strcmp(argv[1], "--version"))
		say_and_exit("portres (libportres) " PACKAGE_VERSION "\n");
	holder_beside();
	for (i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	usage_error("%s is not a command; portres --help lists them", argv[1]);
}
