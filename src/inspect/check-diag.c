/* SPDX-License-Identifier: MIT */
/* Checks whether the kernel tells of sockets (sock_diag(7)), each by one of our own. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard/diag.h"
#include "guard/index.h"
#include "inspect/checks.h"
#include "real/real.h"

struct search {
	uint64_t inode;
	bool found;
};

static int inet_visit(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *seen = NLMSG_DATA(message);
	struct search *search = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *seen))
		return -EPROTO;
	search->found |= seen->idiag_inode == search->inode;
	return 0;
}

static int unix_visit(const struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *seen = NLMSG_DATA(message);
	struct search *search = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *seen))
		return -EPROTO;
	search->found |= seen->udiag_ino == search->inode;
	return 0;
}

static int inet_ask(const struct diag *diag, int fd, enum protocol protocol, bool ipv6,
		    struct search *search)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof address;
	struct diag_range range;

	if (real_getsockname(fd, (struct sockaddr *)&address, &length))
		return -errno;
	/* The port is at the same place in both families. */
	range.first = range.last = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return diag_ports(diag, ipv6 ? AF_INET6 : AF_INET, protocol, range, inet_visit, search);
}

/* Whether a socket is shown, that listens or is only bound: 1, 0 or -errno. */
static int inet_shown(enum protocol protocol, bool listening)
{
	struct search search = {.found = false};
	struct stat status;
	struct diag diag;
	bool ipv6;
	int fd = wildcard_socket(protocol, &ipv6), error;

	if (fd < 0)
		return fd;
	error = wildcard_bind(fd, ipv6, 0);
	if (!error && ((listening && real_listen(fd, 1)) || fstat(fd, &status)))
		error = -errno;
	if (!error)
		error = diag_open(&diag);
	if (!error) {
		search.inode = status.st_ino;
		error = inet_ask(&diag, fd, protocol, ipv6, &search);
		diag_close(&diag);
	}
	close(fd);
	return error ? error : search.found;
}

static int unix_shown(void)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof request,
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = AF_UNIX, .udiag_states = ~0U},
	};
	struct search search = {.found = false};
	struct stat status;
	struct diag diag;
	int fd = real_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	error = fstat(fd, &status) ? -errno : diag_open(&diag);
	if (!error) {
		search.inode = status.st_ino;
		error = diag_dump(&diag, &request, sizeof request, unix_visit, &search);
		diag_close(&diag);
	}
	close(fd);
	return error ? error : search.found;
}

static struct finding missing(int shown, const char *consequence, const char *module)
{
	struct finding finding = found_bad(
		VERDICT_WARNING, "%s: %s",
		shown < 0 ? strerror(-shown) : "a socket of ours is not shown", consequence);
	const char *remedy = remedy_of(-shown, NULL);

	if (remedy)
		return remedied(finding, "%s", remedy);
	return remedied(finding,
			"load the kernel's %s, or see which sandbox forbids AF_NETLINK "
			"(RestrictAddressFamilies=)",
			module);
}

struct finding diag_tcp_check(void)
{
	int shown = inet_shown(PROTOCOL_TCP, true);

	return shown > 0
		       ? found_ok("the kernel tells of TCP sockets")
		       : missing(shown,
				 "ports in TIME_WAIT count as in use, and portres shows no sockets",
				 "tcp_diag");
}

struct finding diag_udp_check(void)
{
	int shown = inet_shown(PROTOCOL_UDP, false);

	return shown > 0 ? found_ok("the kernel tells of UDP sockets")
			 : missing(shown, "portres shows no sockets", "udp_diag");
}

struct finding diag_unix_check(void)
{
	int shown = unix_shown();

	return shown > 0 ? found_ok("the kernel tells of unix sockets")
			 : missing(shown, "portres list cannot say who keeps a reservation alive",
				   "unix_diag");
}

struct finding diag_bound_check(void)
{
	int shown = inet_shown(PROTOCOL_TCP, false);

	if (shown > 0)
		return found_ok("TCP sockets that are only bound are shown, guards too");
	if (shown < 0)
		return missing(shown, "portres shows no guards of TCP ports", "tcp_diag");
	return remedied(found_bad(VERDICT_WARNING,
				  "TCP sockets that are only bound are not shown, nor guards"),
			"to see them in portres list, use Linux 6.8 or newer");
}
