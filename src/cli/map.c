/* SPDX-License-Identifier: MIT */
/* portres map: a picture of all ports */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/brush.h"
#include "cli/commands.h"
#include "cli/map.h"
#include "core/run.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/pool.h"

static const char usage[] =
	"Usage: portres map [--tcp | --udp] [--ascii] [FIRST[-LAST]]\n"
	"       portres map [--tcp | --udp] --svg FILE [FIRST[-LAST]]\n"
	"       portres map [--tcp | --udp] --json [FIRST[-LAST]]\n"
	"A picture of all ports, or of some of them and then with a list of what is there.\n"
	"\n"
	"      --tcp, --udp  one protocol only (both)\n"
	"      --ascii       letters instead of colours\n"
	"      --svg FILE    the picture for a browser, into a file; -: to standard output\n"
	"      --json        for programs: all runs of ports, and how many there are of a kind\n"
	"  -h, --help        this text\n";

enum {
	OPTION_TCP = 256,
	OPTION_UDP,
	OPTION_ASCII,
	OPTION_SVG,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{"tcp", no_argument, NULL, OPTION_TCP},
	{"udp", no_argument, NULL, OPTION_UDP},
	{"ascii", no_argument, NULL, OPTION_ASCII},
	{"svg", required_argument, NULL, OPTION_SVG},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct wish {
	struct port_range range;
	bool zoomed, tcp, udp, ascii, json;
	const char *svg;
};

static void option_take(struct wish *wish, int option, char **argv)
{
	switch (option) {
	case OPTION_TCP:
		wish->tcp = true;
		break;
	case OPTION_UDP:
		wish->udp = true;
		break;
	case OPTION_ASCII:
		wish->ascii = true;
		break;
	case OPTION_SVG:
		wish->svg = optarg;
		break;
	case OPTION_JSON:
		wish->json = true;
		break;
	case 'h':
		say_and_exit(usage);
	default:
		usage_option("map", argv, option);
	}
}

static void wish_read(struct wish *wish, int argc, char **argv)
{
	int option;

	*wish = (struct wish){.range = {PORT_FIRST, PORT_LAST}};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1)
		option_take(wish, option, argv);
	if (wish->tcp && wish->udp)
		usage_error("--tcp and --udp exclude each other; give neither for both protocols");
	if (wish->json + wish->ascii + (wish->svg != NULL) > 1)
		usage_error("--ascii, --svg and --json exclude each other; give one of them");
	if (wish->svg && !*wish->svg)
		usage_error("--svg needs the name of a file, or - for standard output");
	if (optind + 1 < argc)
		usage_error("map takes one range of ports, FIRST-LAST or one port; see portres map "
			    "--help");
	if (optind == argc)
		return;
	wish->zoomed = true;
	if (run_range_parse(argv[optind], &wish->range))
		usage_error("%s: not a range of ports; give FIRST-LAST, from 1 to 65535",
			    argv[optind]);
}

static void map_show(const struct map *map, const struct wish *wish)
{
	struct brush brush;

	if (wish->json) {
		map_json(map);
	} else if (wish->svg) {
		map_svg(map, wish->svg);
	} else {
		brush = brush_take(wish->ascii);
		map_draw(map, &brush);
		if (wish->zoomed)
			map_list(map, &brush);
	}
	output_check();
}

int command_map(int argc, char **argv)
{
	struct port_settings settings;
	struct reservations reservations;
	struct pool *pool;
	struct ports *ports;
	struct map map = {&reservations, &settings, NULL, {0, 0}, 0};
	struct wish wish;
	int error;

	wish_read(&wish, argc, argv);
	pool = pool_if_readable();
	error = reservations_read(&reservations, pool);
	if (error)
		fail("the kernel does not say which sockets there are: %s; a sandbox without "
		     "AF_NETLINK forbids it, or a kernel without inet_diag",
		     strerror(-error));
	if (!reservations.store_error)
		faults_complain(&reservations.store);
	settings_read(&settings);
	ports = malloc(sizeof *ports);
	if (!ports)
		fail("out of memory; free some and try again");
	ports_fill(ports, &reservations, &settings, geteuid());
	map.ports = ports;
	map.range = wish.range;
	map.protocols = wish.tcp ? 1 : wish.udp ? 2 : 3;
	map_show(&map, &wish);
	free(ports);
	reservations_free(&reservations);
	if (pool)
		pool_close(pool);
	return 0;
}
