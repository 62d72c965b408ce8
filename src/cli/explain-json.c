/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>

#include "cli/explain-words.h"
#include "cli/explain.h"
#include "cli/json.h"

static const char *const protocol_names[PROTOCOLS] = {"tcp", "udp"};

static json_t *ip_json(sa_family_t family, const struct in6_addr *ip)
{
	char text[INET6_ADDRSTRLEN];

	return json_string(inet_ntop(family, ip, text, sizeof text) ? text : "?");
}

static json_t *pids_json(const struct port_about *about, uint32_t inode)
{
	json_t *pids = json_array();
	size_t count, i;
	const struct owner *owner = owners_of(&about->reservations.owners, inode, &count);

	for (i = 0; i < count; i++)
		json_array_append_new(pids, json_integer(owner[i].pid));
	return pids;
}

static json_t *socket_json(const struct port_about *about, const struct inet_socket *socket)
{
	json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "use", words_use(socket_use(socket)),
				   "family", socket->family == AF_INET ? "ipv4" : "ipv6", "address",
				   ip_json(socket->family, &socket->local), "pids",
				   pids_json(about, socket->inode));

	if (socket->family == AF_INET6)
		json_object_set_new(object, "v6only", json_boolean(socket->v6only));
	if (socket->interface)
		json_object_set_new(object, "interface", json_integer(socket->interface));
	/* Of a socket that has no program any more the kernel says 0. */
	if (socket->inode)
		json_object_set_new(object, "uid", json_integer(socket->uid));
	if (socket->peer_port) {
		json_object_set_new(object, "peer", ip_json(socket->family, &socket->peer));
		json_object_set_new(object, "peer_port", json_integer(socket->peer_port));
	}
	if (socket->expires)
		json_object_set_new(object, "milliseconds", json_integer(socket->expires));
	return object;
}

static json_t *guard_json(const struct port_about *about, const struct port_protocol *of)
{
	static const char *const whose[] = {
		[GUARD_NONE] = "nobody",
		[GUARD_OURS] = "known",
		[GUARD_OTHER_POOL] = "other-pool",
		[GUARD_OTHER_USER] = "other-user",
	};
	json_t *guard;

	if (of->whose == GUARD_NONE)
		return json_null();
	guard = json_pack("{s:s}", "whose", whose[of->whose]);
	if (of->guard) {
		json_object_set_new(guard, "uid", json_integer(of->guard->uid));
		json_object_set_new(guard, "pids", pids_json(about, of->guard->inode));
	}
	return guard;
}

static json_t *protocol_json(const struct port_about *about, const struct port_protocol *of)
{
	json_t *sockets = json_array();
	size_t i;

	for (i = 0; i < of->count && of->sockets[i].role == ROLE_PROGRAM; i++)
		json_array_append_new(sockets, socket_json(about, &of->sockets[i]));
	return json_pack("{s:o, s:o, s:b, s:o}", "sockets", sockets, "guard", guard_json(about, of),
			 "claimed", of->claimed, "time_wait_seconds",
			 json_integer(words_time_wait(of)));
}

static json_t *trials_json(const struct trial trials[TRIAL_FAMILIES])
{
	static const char *const names[TRIAL_FAMILIES] = {"ipv4", "ipv6"};
	json_t *object = json_object();
	int family;

	for (family = 0; family < TRIAL_FAMILIES; family++) {
		const struct trial *trial = &trials[family];

		/* One buffer for the names of rare errors. */
		json_t *answers = json_object();

		json_object_set_new(answers, "any", json_string(words_errno(trial->any)));
		json_object_set_new(answers, "reuseaddr", json_string(words_errno(trial->reuse)));
		json_object_set_new(answers, "loopback", json_string(words_errno(trial->loopback)));
		json_object_set_new(object, names[family], answers);
	}
	return object;
}

static json_t *bind_json(const struct port_about *about, enum protocol protocol)
{
	static const char *const inside[] = {
		[INSIDE_OURS] = "ours", [INSIDE_DENY] = "deny", [INSIDE_MAP] = "map"};
	const struct port_protocol *of = &about->protocols[protocol];
	json_t *object =
		json_pack("{s:b, s:o, s:o}", "free", port_protocol_is_free(of), "elsewhere",
			  trials_json(of->trials), "words", words_bind(about, protocol));

	if (of->inside != INSIDE_NOT)
		json_object_set_new(object, "tree", json_string(inside[of->inside]));
	if (of->inside == INSIDE_OURS)
		json_object_set_new(object, "inside", trials_json(of->inside_trials));
	return object;
}

static json_t *process_json(const struct port_about *about, const struct port_process *process)
{
	const struct served *served = &process->served;
	json_t *object = json_process(process->about.pid);
	char user[USER_NAME_SIZE], note[WORDS_SIZE];

	json_object_set_new(object, "name", json_text(process->name));
	json_object_set_new(object, "user", json_text(user_name(process->about.uid, user)));
	json_object_set_new(object, "served", json_string(served_name(served->how)));
	if (served->reservation) {
		json_t *block = json_object();

		json_block_set(block, &served->reservation->block);
		json_object_set_new(object, "reservation", block);
	}
	words_served(about, process, note);
	if (*note)
		json_object_set_new(object, "why", json_text(note));
	return object;
}

static json_t *settings_json(const struct port_about *about)
{
	const struct port_settings *settings = &about->settings;
	json_t *services = json_object();
	int protocol;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct servent *service =
			getservbyport(htons(about->port), protocol_names[protocol]);

		if (service)
			json_object_set_new(services, protocol_names[protocol],
					    json_text(service->s_name));
	}
	return json_pack("{s:b, s:b, s:[i,i], s:b, s:i, s:b, s:o}", "ephemeral",
			 about->port >= settings->ephemeral.first &&
				 about->port <= settings->ephemeral.last,
			 "reserved", settings_reserves(settings, about->port),
			 "ip_local_port_range", settings->ephemeral.first, settings->ephemeral.last,
			 "privileged", about->port < settings->unprivileged,
			 "ip_unprivileged_port_start", settings->unprivileged, "browsers_refuse",
			 !about->for_browsers, "services", services);
}

static json_t *reservations_json(const struct port_about *about)
{
	const struct reserved *tcp = about->protocols[PROTOCOL_TCP].reserved;
	const struct reserved *udp = about->protocols[PROTOCOL_UDP].reserved;
	json_t *list = json_array();

	if (tcp)
		json_array_append_new(list, json_reserved(tcp));
	if (udp && udp != tcp)
		json_array_append_new(list, json_reserved(udp));
	return list;
}

json_t *explain_json(const struct port_about *about)
{
	json_t *protocols = json_object(), *bind = json_object(), *processes = json_array(),
	       *object;
	char headline[WORDS_SIZE];
	int protocol;
	size_t i;

	for (protocol = 0; protocol < PROTOCOLS; protocol++) {
		const struct port_protocol *of = &about->protocols[protocol];

		if (!(about->asked & PROTOCOL_BIT(protocol)))
			continue;
		json_object_set_new(protocols, protocol_names[protocol], protocol_json(about, of));
		json_object_set_new(bind, protocol_names[protocol],
				    bind_json(about, (enum protocol)protocol));
	}
	for (i = 0; i < about->process_count; i++)
		json_array_append_new(processes, process_json(about, &about->processes[i]));
	words_headline(about, headline);
	object = json_pack("{s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "port",
			   about->port, "free", port_is_free(about), "headline",
			   json_text(headline), "protocols", protocols, "processes", processes,
			   "reservations", reservations_json(about), "settings",
			   settings_json(about), "bind", bind, "advice", words_advice(about),
			   "processes_hidden", about->reservations.owners.hidden > 0);
	if (about->remembered)
		json_object_set_new(object, "remembered", json_text(about->remembered->name));
	return object;
}
