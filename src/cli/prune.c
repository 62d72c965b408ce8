/* SPDX-License-Identifier: MIT */
/* portres prune: clears what is left of reservations and namespaces that are gone */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/show.h"
#include "cli/terminal.h"
#include "core/here.h"
#include "guard/guard.h"
#include "inspect/leftovers.h"
#include "persist/folder.h"
#include "persist/lines.h"
#include "tool/message.h"
#include "tool/pool.h"

static const char usage[] =
	"Usage: portres prune [-n] [--json]\n"
	"Clear what reservations, processes and network namespaces that are gone have left in\n"
	"the pool and beside the list of persistent reservations, and say what it was. Nothing\n"
	"needs this: whoever needs the place takes it.\n"
	"\n"
	"  -n, --dry-run  touch nothing; say what would be cleared\n"
	"      --json     for programs\n"
	"  -h, --help     this text\n";

enum {
	OPTION_JSON = 256,
};

static const struct option long_options[] = {
	{"dry-run", no_argument, NULL, 'n'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* What people call it. */
static const struct {
	const char *kind, *name;
} names[] = {
	{"reservation", "a reservation"},
	{"making", "a reservation in the making"},
	{"binder", "a port in the midst of a bind"},
	{"words", "port words"},
	{"pool", "a pool"},
	{"temporary", "a pool in the making"},
	{"lock", "the lock of a holder"},
	{"list", "a list in the making"},
	{"folder", "the folder"},
};

static const char *name_of(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(names[i].kind, kind))
			return names[i].name;
	return kind;
}

static void line_show(const struct leftover *entry, bool dry)
{
	char block[SHOW_BLOCK];

	fputs(!entry->cleared ? "kept" : dry ? "would clear" : "cleared", stdout);
	printf(": %s", name_of(entry->kind));
	if (entry->block.count) {
		show_block(&entry->block, block);
		printf(", %s %s", protocols_name(entry->block.protocols), block);
	}
	if (entry->path) {
		fputs(", ", stdout);
		terminal_print(entry->path, UINT_MAX);
	}
	fputs(": ", stdout);
	terminal_print(entry->why, UINT_MAX);
	putchar('\n');
}

static void text_show(const struct leftovers *leftovers)
{
	size_t cleared = 0, i;

	for (i = 0; i < leftovers->count; i++) {
		line_show(&leftovers->list[i], leftovers->dry);
		cleared += leftovers->list[i].cleared;
	}
	if (!cleared)
		puts("nothing to clear");
}

static void report_show(const struct leftovers *leftovers)
{
	json_t *cleared = json_array(), *kept = json_array();
	size_t i;

	for (i = 0; i < leftovers->count; i++) {
		const struct leftover *entry = &leftovers->list[i];
		json_t *object = json_pack("{s:s}", "what", entry->kind);

		if (entry->block.count)
			json_block_set(object, &entry->block);
		if (entry->path)
			json_object_set_new(object, "path", json_text(entry->path));
		json_object_set_new(object, "why", json_text(entry->why));
		json_array_append_new(entry->cleared ? cleared : kept, object);
	}
	json_show(json_pack("{s:b, s:o, s:o}", "dry_run", leftovers->dry, "cleared", cleared,
			    "kept", kept));
}

static void options_read(struct leftovers *leftovers, bool *json, int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":nh", long_options, NULL)) != -1) {
		switch (option) {
		case 'n':
			leftovers->dry = true;
			break;
		case OPTION_JSON:
			*json = true;
			break;
		case 'h':
			say_and_exit(usage);
		default:
			usage_option("prune", argv, option);
		}
	}
	if (optind < argc)
		usage_error("prune takes no argument: %s; see portres prune --help", argv[optind]);
}

/* What cannot be looked at is left as it is, and the rest is not. */
static void folder_kept(struct leftovers *leftovers, const char *path, int error)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof copy, "%s", path);
	if (error)
		leftover_add(leftovers, false, "folder", &(struct leftover){.path = copy},
			     error == -EACCES ? "it is not yours alone%s"
					      : "it cannot be looked at: %s",
			     error == -EACCES ? "" : strerror(-error));
}

static void leftovers_find(struct leftovers *leftovers, struct pool *pool)
{
	struct namespaces found, *namespaces = namespaces_read(&found) ? NULL : &found;
	const char *folder = pool_folder();
	uint64_t netns = guard_netns();
	char state[PATH_MAX] = "";
	int error = pool ? leftovers_in_pool(leftovers, pool) : 0;

	if (error)
		leftover_add(leftovers, false, "reservation", &(struct leftover){.path = NULL},
			     "the kernel does not say which sockets there are: %s",
			     strerror(-error));
	folder_kept(leftovers, folder ? folder : "/dev/shm",
		    leftovers_in_folder(leftovers, folder, netns, namespaces));
	state_path(state, sizeof state);
	folder_kept(leftovers, state, leftovers_in_state(leftovers, netns, namespaces));
	if (namespaces)
		namespaces_free(namespaces);
}

int command_prune(int argc, char **argv)
{
	struct leftovers leftovers = {.list = NULL};
	struct pool *pool;
	bool json = false;

	options_read(&leftovers, &json, argc, argv);
	pool = pool_to_look_at();
	leftovers_find(&leftovers, pool);
	if (json)
		report_show(&leftovers);
	else
		text_show(&leftovers);
	output_check();
	if (leftovers.failed)
		fail("out of memory: not all that was found is shown; free some and try again");
	leftovers_free(&leftovers);
	if (pool)
		pool_close(pool);
	return 0;
}
