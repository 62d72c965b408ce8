/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "cli/json.h"
#include "cli/map.h"
#include "inspect/runs.h"

static json_t *reservation_json(const struct reserved *entry)
{
	json_t *object = json_object();

	json_block_set(object, &entry->block);
	json_object_set_new(object, "kind", json_string(kind_name(entry->kind)));
	if (entry->maker.pid)
		json_object_set_new(object, "pid", json_integer(entry->maker.pid));
	if (entry->maker_lives)
		json_object_set_new(object, "command", json_text(entry->maker.command));
	return object;
}

/* Many sockets are those of a few processes, and /proc is slow. */
#define PROCESSES_KNOWN 64

static json_t *command_json(pid_t pid)
{
	static struct process_about known[PROCESSES_KNOWN];
	struct process_about *about = &known[pid % PROCESSES_KNOWN];

	if (about->pid != pid && process_about(pid, about)) {
		about->pid = 0;
		return NULL;
	}
	return json_text(about->command);
}

static json_t *user_json(uid_t uid)
{
	static char name[USER_NAME_SIZE];
	static uid_t known;

	if (!*name || uid != known)
		user_name(uid, name);
	known = uid;
	return json_text(name);
}

static void user_set(json_t *object, const struct port_run *run)
{
	const struct port_user *user = &run->user;

	if (user->time_wait || user->closing) {
		json_object_set_new(object, "state",
				    json_string(user->time_wait ? "time-wait" : "closing"));
		return;
	}
	json_object_set_new(object, "user", user_json(user->uid));
	if (!user->pid)
		return;
	json_object_set_new(object, "pid", json_integer(user->pid));
	json_object_set_new(object, "command", command_json(user->pid));
	json_object_set_new(object, "processes", json_integer((json_int_t)user->processes));
}

static json_t *run_json(const struct port_run *run)
{
	json_t *object = json_pack("{s:i, s:i, s:s}", "first", run->first, "last", run->last,
				   "kind", port_kind_name(run->kind));

	if (run->reservation)
		json_object_set_new(object, "reservation", reservation_json(run->reservation));
	if (run->kind >= PORT_HELD_OTHER)
		user_set(object, run);
	return object;
}

static json_t *runs_json(const struct map *map, enum protocol protocol)
{
	struct port_range rest = map->range;
	json_t *runs = json_array();
	struct port_run run;

	do {
		run_find(map->ports, map->reservations, protocol, rest, &run);
		json_array_append_new(runs, run_json(&run));
		rest.first = (uint16_t)(run.last + 1);
	} while (run.last < rest.last);
	return runs;
}

static json_t *counts_json(const struct map *map, enum protocol protocol)
{
	unsigned int counts[PORT_KINDS];
	json_t *object = json_object();
	int kind;

	ports_count(map->ports, protocol, map->range, counts);
	for (kind = 0; kind < PORT_KINDS; kind++)
		json_object_set_new(object, port_kind_name((enum port_kind)kind),
				    json_integer(counts[kind]));
	return object;
}

void map_json(const struct map *map)
{
	static const char *const names[] = {"tcp", "udp"};
	json_t *protocols = json_object(), *counts = json_object();
	const struct port_settings *settings = map->settings;
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		if (!(map->protocols & PROTOCOL_BIT(protocol)))
			continue;
		json_object_set_new(protocols, names[protocol],
				    runs_json(map, (enum protocol)protocol));
		json_object_set_new(counts, names[protocol],
				    counts_json(map, (enum protocol)protocol));
	}
	json_show(json_pack("{s:i, s:i, s:{s:i, s:i}, s:i, s:o, s:o}", "first", map->range.first,
			    "last", map->range.last, "ephemeral", "first",
			    settings->ephemeral.first, "last", settings->ephemeral.last,
			    "unprivileged_from", settings->unprivileged, "protocols", protocols,
			    "counts", counts));
}
