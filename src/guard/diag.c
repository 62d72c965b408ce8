/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>

#include "guard/diag.h"
#include "guard/guard.h"
#include "guard/index.h"
#include "real/real.h"

/*
 * Every state there is, also the one of sockets that are only bound, which Linux
 * shows since 6.8 and older headers do not name.
 */
#define ALL_STATES (~0U)

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

/* A request for the sockets whose local port lies in a range, and nothing else. */
struct range_request {
	struct request request;
	struct nlattr attribute;
	struct inet_diag_bc_op filter[4];
};

static struct request request_make(int family, enum protocol protocol, unsigned int size,
				   unsigned int flags)
{
	return (struct request){
		.header = {.nlmsg_len = size,
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
		.body = {.sdiag_family = (uint8_t)family,
			 .sdiag_protocol = protocol == PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP,
			 .idiag_states = ALL_STATES,
			 .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};
}

#define DUMP_SIZE 32768

int diag_open(struct diag *diag)
{
	diag->fd = real_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (diag->fd < 0)
		return -errno;
	/* Not on the stack, which is a signal handler's own at times. */
	diag->buffer =
		mmap(NULL, DUMP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (diag->buffer != MAP_FAILED)
		return 0;
	real_close(diag->fd);
	return -ENOMEM;
}

void diag_close(struct diag *diag)
{
	munmap(diag->buffer, DUMP_SIZE);
	real_close(diag->fd);
}

int diag_dump(const struct diag *diag, const void *request, size_t size, diag_visit *visit,
	      void *context)
{
	if (real_sendto(diag->fd, request, size, 0, NULL, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = real_recvfrom(diag->fd, diag->buffer, DUMP_SIZE, 0, NULL, NULL);
		struct nlmsghdr *header = (struct nlmsghdr *)diag->buffer;
		unsigned int left;
		int error;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EPROTO;
		left = (unsigned int)got;
		for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
			error = visit(header, context);
			if (error)
				return error;
		}
	}
}

int diag_ports(const struct diag *diag, int family, enum protocol protocol, struct diag_range range,
	       diag_visit *visit, void *context)
{
	struct range_request request = {
		.request = request_make(family, protocol, sizeof request, NLM_F_DUMP),
		.attribute = {.nla_len = sizeof request.attribute + sizeof request.filter,
			      .nla_type = INET_DIAG_REQ_BYTECODE},
		/* A jump past the end refuses; the port of a comparison is in the next one. */
		.filter = {{INET_DIAG_BC_S_GE, 8, 20},
			   {0, 0, range.first},
			   {INET_DIAG_BC_S_LE, 8, 12},
			   {0, 0, range.last}},
	};

	return diag_dump(diag, &request, sizeof request, visit, context);
}

struct time_wait_search {
	struct diag_own own;
	uint16_t *busy;
};

static bool is_own_guard(uint32_t index, uint32_t own)
{
	if (own == GUARD_INDEX)
		return index_is_guard(index) && !guard_persistent_first(index);
	return index_is_guard(index) && (!own || index == own);
}

static bool is_ours(const struct inet_diag_msg *socket, const struct diag_own *own)
{
	uint64_t cookie = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0];

	return is_own_guard(socket->id.idiag_if, own->guards) ||
	       (index_is_claim(socket->id.idiag_if) && cookie == own->claim);
}

static int time_wait_visit(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(header);
	struct time_wait_search *search = context;

	if (is_ours(socket, &search->own) || socket->idiag_state == TCP_TIME_WAIT)
		return 0;
	*search->busy = ntohs(socket->id.idiag_sport);
	return -EADDRINUSE;
}

static int only_time_wait_once(const struct diag *diag, struct diag_range range,
			       struct time_wait_search *search)
{
	int error = diag_ports(diag, AF_INET, PROTOCOL_TCP, range, time_wait_visit, search);

	if (error == -ENOENT || error == -EPERM)
		return -EADDRINUSE;
	if (error)
		return error;
	error = diag_ports(diag, AF_INET6, PROTOCOL_TCP, range, time_wait_visit, search);
	/* A kernel without IPv6 has no sockets of it. */
	return error == -ENOENT ? 0 : error;
}

int diag_only_time_wait(uint16_t first, uint16_t last, struct diag_own own, uint16_t *busy)
{
	struct time_wait_search search = {own, busy};
	struct diag_range range = {first, last};
	struct diag diag;
	int error = diag_open(&diag);

	*busy = first;
	/* Where it cannot be told who is there, in a sandbox without AF_NETLINK, say, or a
	 * kernel without tcp_diag, it may be anybody. */
	if (error)
		return error == -EMFILE || error == -ENFILE || error == -ENOMEM ? error
										: -EADDRINUSE;
	/*
	 * The kernel shows those that are only bound first, connections afterwards: one that is
	 * reset in between is in neither. The second time it is among the first.
	 */
	error = only_time_wait_once(&diag, range, &search);
	if (!error)
		error = only_time_wait_once(&diag, range, &search);
	diag_close(&diag);
	return error;
}

static void end_point(const struct sockaddr_storage *address, __be32 *ip, __be16 *port)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET6) {
		memcpy(ip, &in6->sin6_addr, sizeof in6->sin6_addr);
		*port = in6->sin6_port;
	} else {
		ip[0] = in4->sin_addr.s_addr;
		*port = in4->sin_port;
	}
}

bool diag_connection_exists(const struct sockaddr_storage *local,
			    const struct sockaddr_storage *peer)
{
	struct request request = request_make(peer->ss_family, PROTOCOL_TCP, sizeof request, 0);
	struct nlmsghdr *header;
	bool exists = false;
	struct diag diag;
	ssize_t got;

	if (diag_open(&diag))
		return false;
	header = (struct nlmsghdr *)diag.buffer;
	end_point(local, request.body.id.idiag_src, &request.body.id.idiag_sport);
	end_point(peer, request.body.id.idiag_dst, &request.body.id.idiag_dport);
	if (real_sendto(diag.fd, &request, sizeof request, 0, NULL, 0) > 0) {
		got = real_recvfrom(diag.fd, diag.buffer, DUMP_SIZE, 0, NULL, NULL);
		if (got > 0 && NLMSG_OK(header, (unsigned int)got) &&
		    header->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			const struct inet_diag_msg *found = NLMSG_DATA(header);

			/* A bound socket may take over a tuple in TIME_WAIT. */
			exists = found->idiag_state != TCP_TIME_WAIT;
		}
	}
	diag_close(&diag);
	return exists;
}
