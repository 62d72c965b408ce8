/* SPDX-License-Identifier: MIT */
/* portres explain: what is on a port and what a bind would get, and why */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/json.h"
#include "real/text.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/pool.h"

static const char usage[] =
	"Usage: portres explain [--tcp | --udp] [--json] PORT...\n"
	"What is on a port, who reserved it, what a bind would get, why, and what to do.\n"
	"\n"
	"      --tcp, --udp  one protocol only (both)\n"
	"      --json        for programs\n"
	"  -h, --help        this text\n"
	"\n"
	"It binds the port for an instant, and never listens on it.\n"
	"Exit status: 0 a bind gets each of the ports, for each protocol, over IPv4 and IPv6;\n"
	"1 it does not; 2 wrong usage.\n";

enum {
	OPTION_TCP = 256,
	OPTION_UDP,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{"tcp", no_argument, NULL, OPTION_TCP},
	{"udp", no_argument, NULL, OPTION_UDP},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct wish {
	bool tcp, udp, json;
};

static uint16_t port_read(const char *text)
{
	const char *at = text;
	uint64_t port;

	if (!text_number(&at, 10, POOL_PORTS - 1, &port) || *at || !port)
		usage_error("\"%s\" is not a port; give a number from 1 to 65535", text);
	return (uint16_t)port;
}

static void wish_read(struct wish *wish, int argc, char **argv)
{
	int option, i;

	*wish = (struct wish){.json = false};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_TCP:
			wish->tcp = true;
			break;
		case OPTION_UDP:
			wish->udp = true;
			break;
		case OPTION_JSON:
			wish->json = true;
			break;
		case 'h':
			say_and_exit(usage);
		default:
			usage_option("explain", argv, option);
		}
	}
	if (wish->tcp && wish->udp)
		usage_error("--tcp and --udp exclude each other; give neither for both protocols");
	if (optind == argc)
		usage_error("which port? portres explain PORT...");
	/* Before the first is told of. */
	for (i = optind; i < argc; i++)
		port_read(argv[i]);
}

/* Whether a bind gets it. */
static bool explain(const struct wish *wish, uint16_t port, bool first, json_t *report)
{
	struct pool *pool = pool_if_readable();
	struct port_about about;
	uint8_t asked = wish->tcp ? 1 : wish->udp ? 2 : 3;
	int error = port_about_read(&about, pool, port, asked);
	bool free;

	if (error)
		sockets_fail(error);
	if (first && !about.reservations.store_error)
		faults_complain(&about.reservations.store);
	free = port_is_free(&about);
	if (wish->json)
		json_array_append_new(report, explain_json(&about));
	else
		explain_text(&about);
	port_about_free(&about);
	if (pool)
		pool_close(pool);
	return free;
}

int command_explain(int argc, char **argv)
{
	struct wish wish;
	json_t *report;
	bool free = true;
	int i, first;

	wish_read(&wish, argc, argv);
	report = json_array();
	first = optind;
	for (i = first; i < argc; i++) {
		if (i > first && !wish.json)
			putchar('\n');
		free &= explain(&wish, port_read(argv[i]), i == first, report);
	}
	if (wish.json)
		json_show(json_pack("{s:o}", "ports", report));
	else
		json_decref(report);
	output_check();
	return free ? 0 : EXIT_NOT_SO;
}
