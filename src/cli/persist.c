/* SPDX-License-Identifier: MIT */
/* portres persist: the list of persistent reservations and of named blocks */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/persist-list.h"
#include "core/run.h"
#include "persist/folder.h"
#include "persist/lines.h"
#include "persist/persistent.h"
#include "persist/store.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/pool.h"

static const char usage[] =
	"Usage: portres persist add [--tcp | --udp] FIRST[-LAST]\n"
	"       portres persist del [--tcp | --udp] FIRST[-LAST]\n"
	"       portres persist del --name NAME\n"
	"       portres persist list [--json]\n"
	"       portres persist hold\n"
	"Blocks that stay reserved whether or not a program runs, also over a reboot.\n"
	"\n"
	"  add   reserves the block; none of its ports may be in use\n"
	"  del   gives it up, or forgets the block of a name (portres-run --name)\n"
	"  list  shows what is listed, and of how many ports the kernel keeps others out\n"
	"  hold  keeps all others out of the listed blocks, and of those that are added, until\n"
	"        it is ended by a signal; for a service manager\n"
	"\n"
	"      --tcp, --udp  one protocol only (both)\n"
	"      --name NAME   the block that portres-run --name NAME had last\n"
	"      --json        the list for programs\n"
	"  -h, --help        this text\n"
	"\n"
	"The list: PORTRES_STATE; else for root /var/lib/portres, for others\n"
	"$XDG_STATE_HOME/portres or ~/.local/state/portres; there the file reservations.\n"
	"Exit status: 0; 1 it is not so, or cannot be done; 2 wrong usage.\n";

enum {
	OPTION_TCP = 256,
	OPTION_UDP,
	OPTION_NAME,
	OPTION_JSON,
};

static const struct option long_options[] = {
	{"tcp", no_argument, NULL, OPTION_TCP},
	{"udp", no_argument, NULL, OPTION_UDP},
	{"name", required_argument, NULL, OPTION_NAME},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct wish {
	struct block block;
	const char *name;
	bool tcp, udp, json;
	int arguments;
};

static void wish_read(struct wish *wish, int argc, char **argv)
{
	struct port_range range;
	int option;

	*wish = (struct wish){.arguments = 0};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_TCP:
			wish->tcp = true;
			break;
		case OPTION_UDP:
			wish->udp = true;
			break;
		case OPTION_NAME:
			wish->name = optarg;
			break;
		case OPTION_JSON:
			wish->json = true;
			break;
		case 'h':
			say_and_exit(usage);
		default:
			usage_option("persist", argv, option);
		}
	}
	if (wish->tcp && wish->udp)
		usage_error("--tcp and --udp exclude each other; give neither for both protocols");
	wish->block.protocols = wish->tcp ? 1 : wish->udp ? 2 : 3;
	wish->arguments = argc - optind;
	if (wish->arguments != 1 || !strcmp(argv[0], "list"))
		return;
	if (run_range_parse(argv[optind], &range))
		usage_error("%s: not a block of ports; give FIRST-LAST, from 1 to 65535",
			    argv[optind]);
	wish->block.first = range.first;
	wish->block.count = (uint16_t)(range.last - range.first + 1);
}

static void arguments_check(const struct wish *wish, int expected, const char *form)
{
	if (wish->arguments != expected)
		usage_error("%s; see portres persist --help", form);
}

/* What went wrong with the list, for people. */
static void store_fail(const char *what, int error)
{
	char path[PATH_MAX] = "its folder";

	state_path(path, sizeof path);
	switch (error) {
	case -EACCES:
		fail("%s: the list in %s is not yours alone, or not yours to write: the folder and "
		     "the file must belong to you and be writable for nobody else",
		     what, path);
	case -EBADMSG:
		fail("%s: the list in %s is no text file; look at it, and move it away", what,
		     path);
	case -EBUSY:
		fail("%s: another process keeps the list in %s locked; see who has the file lock "
		     "open there, and try again",
		     what, path);
	case -ENOSPC:
	case -EDQUOT:
		fail("%s: no room in %s; make some, nothing was changed", what, path);
	default:
		fail("%s: the list in %s: %s; see that the folder can be written, or set "
		     "PORTRES_STATE to another",
		     what, path, strerror(-error));
	}
}

static int add(const struct wish *wish)
{
	const struct block *block = &wish->block;
	char what[64];
	int error;

	arguments_check(wish, 1, "add takes one block, FIRST-LAST or one port");
	/* What is wrong with the pool is not the list's fault. */
	pool_close(pool_or_fail());
	error = persistent_add(block);
	if (!error)
		return 0;
	snprintf(what, sizeof what, "%s %u-%u cannot be reserved", protocols_name(block->protocols),
		 block->first, block->first + block->count - 1U);
	if (error == -EADDRINUSE)
		fail("%s: a port of it is in use or reserved, or listed already; see portres "
		     "explain PORT",
		     what);
	if (error == -EPERM)
		fail("%s: ports below net.ipv4.ip_unprivileged_port_start need "
		     "CAP_NET_BIND_SERVICE",
		     what);
	store_fail(what, error);
	return EXIT_NOT_SO;
}

static bool has_name(const struct store_entry *entry, const void *context)
{
	return entry->name && !strcmp(entry->name, context);
}

static int name_delete(const char *name)
{
	struct store_change change = {.gone = has_name, .context = name};
	struct store store;
	int error = store_open(&store, STORE_WRITE);

	if (!error && !store_find_name(&store, name))
		fail("no block has the name \"%s\"; portres persist list shows those that there "
		     "are",
		     name);
	if (!error)
		error = store_change(&store, &change);
	if (error)
		store_fail("the name cannot be dropped", error);
	store_close(&store);
	return 0;
}

static int delete (const struct wish *wish)
{
	const struct block *block = &wish->block;
	int error;

	if (wish->name) {
		arguments_check(wish, 0, "--name and a block exclude each other");
		if (wish->tcp || wish->udp)
			usage_error("--name goes with neither --tcp nor --udp");
		return name_delete(wish->name);
	}
	arguments_check(wish, 1, "del takes one block, FIRST-LAST or one port, or --name");
	pool_close(pool_or_fail());
	error = persistent_delete(block);
	if (error == -ENOENT)
		fail("%s %u-%u is not listed; portres persist list shows what is",
		     protocols_name(block->protocols), block->first,
		     block->first + block->count - 1U);
	if (error)
		store_fail("the block cannot be given up", error);
	return 0;
}

static int list(const struct wish *wish)
{
	struct store store;
	int error;

	arguments_check(wish, 0, "list takes no argument");
	error = store_open(&store, STORE_READ);
	if (error)
		store_fail("nothing can be shown", error);
	faults_complain(&store);
	list_show(&store, wish->json);
	store_close(&store);
	output_check();
	return 0;
}

int command_persist(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";
	struct wish wish;

	if (!strcmp(action, "hold"))
		return command_hold(argc - 1, argv + 1);
	if (!strcmp(action, "--help") || !strcmp(action, "-h"))
		say_and_exit(usage);
	if (strcmp(action, "add") && strcmp(action, "del") && strcmp(action, "list"))
		usage_error("%s%sgive add, del, list or hold; see portres persist --help", action,
			    *action ? " is no action of persist: " : "");
	wish_read(&wish, argc - 1, argv + 1);
	if (wish.json && strcmp(action, "list"))
		usage_error("--json goes with list only");
	if (wish.name && strcmp(action, "del"))
		usage_error("--name goes with del only");
	if (!strcmp(action, "add"))
		return add(&wish);
	return strcmp(action, "del") ? list(&wish) : delete (&wish);
}
