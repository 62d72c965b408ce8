/* SPDX-License-Identifier: MIT */
/*
 * The judge of the chaos test trusts the kernel alone: he binds, and reads sock_diag(7).
 * He knows from the ledger what is held, and asks whether that is so.
 */
#include "chaos-judge.h"
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

enum { ROOM = 65536, SEEN_MOST = 256, BINDS = 4, SAID_MOST = 8 };

struct seen {
	uint64_t cookie;
	uint32_t interface;
	uint8_t state, family;
	uint32_t address; /* of IPv4; the last word of IPv6's */
	bool any, v6, shared, connected;
	struct inet_diag_sockid id;
};

struct sight {
	struct seen sockets[SEEN_MOST];
	int count;
	bool complete;
};

static int netlink;

static void note(struct sight *sight, const struct inet_diag_msg *message)
{
	struct seen *seen;
	bool v6 = message->idiag_family == AF_INET6;

	if (sight->count == SEEN_MOST) {
		sight->complete = false;
		return;
	}
	seen = &sight->sockets[sight->count++];
	*seen = (struct seen){.cookie = message->id.idiag_cookie[0] |
					(uint64_t)message->id.idiag_cookie[1] << 32,
			      .interface = message->id.idiag_if,
			      .state = message->idiag_state,
			      .family = message->idiag_family,
			      .address = message->id.idiag_src[v6 ? 3 : 0],
			      .v6 = v6,
			      .connected = message->id.idiag_dport != 0,
			      .id = message->id};
	seen->any = !seen->address && !message->id.idiag_src[0];
	seen->shared = seen->address == inet_addr(where_text[SHARERS]);
}

/* Adds the sockets of one family that have the port, in one of these states. False where the
 * kernel did not say. */
static bool look_at(struct sight *sight, int family, int type, int port, uint32_t states)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {.header = {.nlmsg_len = sizeof request,
				.nlmsg_type = SOCK_DIAG_BY_FAMILY,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		     .body = {.sdiag_family = (uint8_t)family,
			      .sdiag_protocol = type == TCP ? IPPROTO_TCP : IPPROTO_UDP,
			      .idiag_states = states,
			      .id = {.idiag_sport = htons((uint16_t)port),
				     .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}}};
	static char room[ROOM] __attribute__((aligned(NLMSG_ALIGNTO)));

	if (send(netlink, &request, sizeof request, 0) < 0)
		return false;
	for (;;) {
		ssize_t got = recv(netlink, room, sizeof room, 0);
		struct nlmsghdr *header = (struct nlmsghdr *)room;
		unsigned int left = got > 0 ? (unsigned int)got : 0;

		if (got <= 0)
			return false;
		for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
			const struct inet_diag_msg *message = NLMSG_DATA(header);

			if (header->nlmsg_type == NLMSG_DONE)
				return true;
			if (header->nlmsg_type == NLMSG_ERROR)
				return false;
			if (ntohs(message->id.idiag_sport) == port)
				note(sight, message);
		}
	}
}

/* That of all TCP states takes the kernel a walk over all connections of the machine. */
enum { LISTENING = 1 << TCP_LISTEN };
#define EVERY_STATE UINT32_MAX

static bool sight_take(struct sight *sight, int type, int port, uint32_t states)
{
	sight->count = 0;
	sight->complete = true;
	did(ASKED);
	return look_at(sight, AF_INET, type, port, states) &&
	       look_at(sight, AF_INET6, type, port, states) && sight->complete;
}

static const struct seen *sight_find(const struct sight *sight, uint64_t cookie)
{
	for (int i = 0; i < sight->count; i++)
		if (sight->sockets[i].cookie == cookie)
			return &sight->sockets[i];
	return NULL;
}

/* Owners of a port: a listener, a UDP socket that talks to everybody. */
static bool owns(const struct seen *seen, int type)
{
	return !seen->interface && (type == TCP ? seen->state == TCP_LISTEN : !seen->connected);
}

static bool owners_conflict(const struct seen *one, const struct seen *other)
{
	if (one->v6 != other->v6 && !(one->v6 ? one->any : other->any))
		return false;
	if (!one->any && !other->any && one->address != other->address)
		return false;
	return !(one->shared && other->shared);
}

/* Two owners of one port that are there in both looks were there at once in between. */
static void compare_owners(const struct sight *before, const struct sight *after, int type,
			   int port)
{
	for (int i = 0; i < before->count; i++)
		for (int j = 0; j < i; j++) {
			const struct seen *one = &before->sockets[i], *other = &before->sockets[j];

			if (one->cookie != other->cookie && owns(one, type) && owns(other, type) &&
			    owners_conflict(one, other) && sight_find(after, one->cookie) &&
			    sight_find(after, other->cookie))
				complain("the kernel shows two owners of %s port %d",
					 type_name(type), port);
		}
}

/* A port that somebody reports: his socket is there, on no device, and nobody else's. */
static void check_port(const struct place *place, const struct report *report,
		       const struct view *view, uint32_t version, uint32_t states)
{
	static struct sight before, after;
	int type = view->udp ? UDP : TCP;
	const struct seen *own;

	if (!sight_take(&before, type, view->first, states))
		return;
	own = sight_find(&before, view->name);
	/* Only those that listen, and UDP's, are shown by every kernel. */
	if (!own && (view->udp || view->flags & LISTENS) && report_stands(place, report, version))
		complain("the kernel shows no socket of %d on %s port %u", atomic_load(&place->pid),
			 type_name(type), view->first);
	if (own && own->interface)
		complain("a socket of %d is on device %u", atomic_load(&place->pid),
			 own->interface);
	if (before.count > 1 && sight_take(&after, type, view->first, states))
		compare_owners(&before, &after, type, view->first);
}

/* No port that is held can be had by one who has no part in it. */
static void try_port(const struct place *place, const struct report *report,
		     const struct view *view, uint32_t version, int port, int reuse)
{
	int type = view->udp ? UDP : TCP, error;

	did(JUDGED);
	error = stranger(type, everywhere(), port, reuse);
	if (!error && report_stands(place, report, version))
		complain("the judge has bound %s port %d of the %s of %d", type_name(type), port,
			 view->kind == BLOCK ? "block" : "socket", atomic_load(&place->pid));
	else if (error && error != EADDRINUSE)
		complain("the judge's bind: %s", strerrorname_np(error));
}

static void judge_one(struct random *random)
{
	struct place *place;
	struct view view;
	uint32_t version;
	struct report *report = report_any(random, &place, &view, &version);

	if (!report)
		return;
	if (view.kind == PORT) {
		try_port(place, report, &view, version, view.first, 0);
		if (view.udp || view.flags & LISTENS || !roll(random, 8))
			check_port(place, report, &view, version,
				   view.udp || !roll(random, 8) ? EVERY_STATE : LISTENING);
		return;
	}
	for (int i = 0; i < BINDS; i++)
		try_port(place, report, &view, version, view.first + (int)roll(random, view.count),
			 !view.udp && roll(random, 2) ? REUSEADDR : 0);
}

static void netlink_open(void)
{
	netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (netlink < 0)
		complain("sock_diag: %s", strerrorname_np(errno));
}

void judge(uint64_t seed)
{
	struct random random = {seed};

	/* Among so many he would hardly ever run. */
	setpriority(PRIO_PROCESS, 0, -15);
	netlink_open();
	while (!atomic_load(&ledger->stop))
		judge_one(&random);
	close(netlink);
}

/* The kernel forgets a socket. 0 or an errno. */
static int destroy(const struct seen *seen)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {.header = {.nlmsg_len = sizeof request,
				.nlmsg_type = SOCK_DESTROY,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		     .body = {.sdiag_family = seen->family,
			      .sdiag_protocol = IPPROTO_TCP,
			      .idiag_states = 1U << seen->state,
			      .id = seen->id}};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
		char more[256];
	} answer;

	if (send(netlink, &request, sizeof request, 0) < 0 ||
	    recv(netlink, &answer, sizeof answer, 0) < (ssize_t)NLMSG_LENGTH(sizeof answer.body))
		return errno;
	return -answer.body.error;
}

/*
 * Nothing but TIME_WAIT keeps a port, which is no process's: a minute later it is gone. So
 * as not to wait, it is ended, where the kernel can do that, and the port has to be free.
 */
static bool ends_with_time_wait(struct census *census, int port)
{
	static struct sight sight;
	bool all = true;

	if (!sight_take(&sight, TCP, port, EVERY_STATE))
		return false;
	for (int i = 0; i < sight.count; i++)
		if (sight.sockets[i].state != TCP_TIME_WAIT)
			return false;
	for (int i = 0; i < sight.count; i++)
		all &= !destroy(&sight.sockets[i]);
	if (!stranger(TCP, everywhere(), port, 0))
		census->ended++;
	else if (!all)
		census->waiting++;
	else
		return false;
	return true;
}

/* For who has to find out why. */
static void say_taken(int type, int port)
{
	static struct sight sight;

	sight_take(&sight, type, port, EVERY_STATE);
	diag("%s port %d is taken, by %d sockets", type_name(type), port, sight.count);
	for (int i = 0; i < sight.count; i++)
		diag("    state %u, device %u, cookie %llu", sight.sockets[i].state,
		     sight.sockets[i].interface, (unsigned long long)sight.sockets[i].cookie);
}

struct census census_take(void)
{
	struct census census = {0};

	netlink_open();
	for (int port = 1; port <= UINT16_MAX; port++)
		for (int type = TCP; type <= UDP; type++) {
			if (!stranger(type, everywhere(), port, 0))
				census.free++;
			else if (type == TCP && ends_with_time_wait(&census, port))
				continue;
			else if (census.taken++ < SAID_MOST)
				say_taken(type, port);
		}
	close(netlink);
	return census;
}
