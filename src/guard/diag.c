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

static int diag_socket(void)
{
	int fd = real_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static struct request request_make(int family, unsigned int size, unsigned int flags)
{
	return (struct request){
		.header = {.nlmsg_len = size,
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
		.body = {.sdiag_family = (uint8_t)family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = ALL_STATES,
			 .id = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
	};
}

#define DUMP_SIZE 8192

struct time_wait_search {
	uint64_t claim;
	uint16_t *busy;
};

/* Guards are on the even indexes that no interface has, claims on the odd ones. */
static bool is_ours(const struct inet_diag_msg *socket, uint64_t claim)
{
	uint64_t cookie = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0];

	if (socket->id.idiag_if < PERSISTENT_INDEX)
		return false;
	return socket->id.idiag_if % 2 == 0 || cookie == claim;
}

static int range_visit(int fd, char *buffer, int family, uint16_t first, uint16_t last,
		       bool (*visit)(const struct inet_diag_msg *, void *), void *context)
{
	struct range_request range = {
		.request = request_make(family, sizeof range, NLM_F_DUMP),
		.attribute = {.nla_len = sizeof range.attribute + sizeof range.filter,
			      .nla_type = INET_DIAG_REQ_BYTECODE},
		/* A jump past the end refuses; the port of a comparison is in the next one. */
		.filter = {{INET_DIAG_BC_S_GE, 8, 20},
			   {0, 0, first},
			   {INET_DIAG_BC_S_LE, 8, 12},
			   {0, 0, last}},
	};
	if (real_sendto(fd, &range, sizeof range, 0, NULL, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = real_recvfrom(fd, buffer, DUMP_SIZE, 0, NULL, NULL);
		struct nlmsghdr *header = (struct nlmsghdr *)buffer;
		unsigned int left;

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
			if (!visit(NLMSG_DATA(header), context))
				return -EADDRINUSE;
		}
	}
}

static bool time_wait_visit(const struct inet_diag_msg *socket, void *context)
{
	struct time_wait_search *search = context;

	if (is_ours(socket, search->claim) || socket->idiag_state == TCP_TIME_WAIT)
		return true;
	*search->busy = ntohs(socket->id.idiag_sport);
	return false;
}

int diag_only_time_wait(uint16_t first, uint16_t last, uint64_t claim, uint16_t *busy)
{
	struct time_wait_search search = {claim, busy};
	int fd = diag_socket(), error;
	char *buffer;

	*busy = first;
	/* Where it cannot be told who is there, in a sandbox without AF_NETLINK, say, or a
	 * kernel without tcp_diag, it may be anybody. */
	if (fd < 0)
		return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : -EADDRINUSE;
	/* Not on the stack, which is a signal handler's own at times. */
	buffer = mmap(NULL, DUMP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED) {
		real_close(fd);
		return -ENOMEM;
	}
	error = range_visit(fd, buffer, AF_INET, first, last, time_wait_visit, &search);
	if (error == -ENOENT || error == -EPERM) {
		error = -EADDRINUSE;
	} else if (!error) {
		error = range_visit(fd, buffer, AF_INET6, first, last, time_wait_visit, &search);
		/* A kernel without IPv6 has no sockets of it. */
		if (error == -ENOENT)
			error = 0;
	}
	munmap(buffer, DUMP_SIZE);
	real_close(fd);
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
	struct request request = request_make(peer->ss_family, sizeof request, 0);
	_Alignas(struct nlmsghdr) char buffer[2048];
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	bool exists = false;
	int fd = diag_socket();
	ssize_t got;

	if (fd < 0)
		return false;
	end_point(local, request.body.id.idiag_src, &request.body.id.idiag_sport);
	end_point(peer, request.body.id.idiag_dst, &request.body.id.idiag_dport);
	if (real_sendto(fd, &request, sizeof request, 0, NULL, 0) > 0) {
		got = real_recvfrom(fd, buffer, sizeof buffer, 0, NULL, NULL);
		if (got > 0 && NLMSG_OK(header, (unsigned int)got) &&
		    header->nlmsg_type == SOCK_DIAG_BY_FAMILY) {
			const struct inet_diag_msg *found = NLMSG_DATA(header);

			/* A bound socket may take over a tuple in TIME_WAIT. */
			exists = found->idiag_state != TCP_TIME_WAIT;
		}
	}
	real_close(fd);
	return exists;
}
