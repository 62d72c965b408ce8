/* SPDX-License-Identifier: MIT */
/*
 * The system calls that src makes, on the model of the kernel. What others can see, or what
 * depends on others, is a point at which they may run; what a process does to a socket of its
 * own that is bound nowhere is not: in which order such things happen makes no difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "explore-machine.h"
#include "explore.h"
#include "guard/index.h"
#include "real/real.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static int result(int error)
{
	if (!error)
		return 0;
	errno = -error;
	return -1;
}

static const char *outcome(int error)
{
	return error ? strerrorname_np(-error) : "ok";
}

/* Only for what is traced. */
static const char *name_of(const struct socket *socket)
{
	static char name[80];

	if (tracing)
		socket_describe(socket, name, sizeof name);
	return name;
}

static int call_socket(int family, int type, int protocol)
{
	enum socket_kind kind = SOCKET_INET;

	(void)protocol;
	if (family == AF_UNIX)
		kind = SOCKET_UNIX;
	else if (family == AF_NETLINK)
		kind = SOCKET_DIAG;
	return descriptor_add(
		kernel_socket(kind, family,
			      (type & ~SOCK_CLOEXEC) == SOCK_STREAM ? PROTOCOL_TCP : PROTOCOL_UDP),
		3);
}

static int call_socketpair(int family, int type, int protocol, int *pair)
{
	int numbers[2], i;

	(void)family, (void)type, (void)protocol;
	kernel_pair(numbers);
	for (i = 0; i < 2; i++)
		pair[i] = descriptor_add(numbers[i], 3);
	return pair[1] < 0 ? -1 : 0;
}

static int call_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)address;
	struct socket *socket = socket_of(fd);
	uint8_t where = ADDRESS_ANY6;
	int error;

	(void)length;
	if (!socket)
		return -1;
	if (address->sa_family == AF_INET)
		where = in4->sin_addr.s_addr == htonl(INADDR_ANY) ? ADDRESS_ANY4
								  : ADDRESS_LOOPBACK4;
	point();
	memory_meet_port(ntohs(in4->sin_port));
	error = kernel_bind(socket, where, (uint8_t)ntohs(in4->sin_port));
	trace("bind %s to port %d: %s", name_of(socket), ntohs(in4->sin_port), outcome(error));
	return result(error);
}

static int call_listen(int fd, int backlog)
{
	struct socket *socket = socket_of(fd);
	int error;

	(void)backlog;
	if (!socket)
		return -1;
	point();
	memory_meet_port(socket->port);
	error = kernel_listen(socket);
	trace("listen, %s: %s", name_of(socket), outcome(error));
	return result(error);
}

int explore_shutdown(int fd, int how)
{
	struct socket *socket = socket_of(fd);

	(void)how;
	if (!socket)
		return -1;
	point();
	changed = true;
	socket->listens = false;
	trace("shutdown, %s", name_of(socket));
	return 0;
}

static int call_close(int fd)
{
	struct process *process = &world.processes[current];
	struct socket *socket = socket_of(fd);
	int number, port;
	bool done;

	if (!socket)
		return -1;
	number = (int)(socket - world.kernel.sockets);
	port = socket->port;
	do {
		if (kernel_visible(socket)) {
			point();
			trace("close %s, port %d", name_of(socket), port);
		}
		done = kernel_let_go(number);
	} while (!done);
	process->descriptors[fd] = 0;
	return 0;
}

static void set_value(uint8_t *at, const struct socket *socket, const char *name, int value)
{
	if (*at != (value != 0) && kernel_visible(socket)) {
		point();
		changed = true;
		trace("%s %s, port %d: %s", value ? "set" : "clear", name, socket->port,
		      name_of(socket));
	}
	*at = value != 0;
}

static int call_setsockopt(int fd, int level, int option, const void *data, socklen_t size)
{
	struct socket *socket = socket_of(fd);
	int value;

	if (!socket || size != sizeof value)
		return -1;
	memcpy(&value, data, sizeof value);
	if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY)
		socket->v6only = value != 0;
	if (level != SOL_SOCKET)
		return 0;
	if (option == SO_REUSEADDR) {
		set_value(&socket->reuse_address, socket, "SO_REUSEADDR", value);
	} else if (option == SO_REUSEPORT) {
		set_value(&socket->reuse_port, socket, "SO_REUSEPORT", value);
	} else if (option == SO_BINDTOIFINDEX) {
		if (kernel_visible(socket)) {
			point();
			changed = true;
		}
		socket->index = (uint32_t)value;
		if (socket->port)
			trace("port %d becomes a %s", socket->port, name_of(socket));
	}
	return 0;
}

static int call_getsockopt(int fd, int level, int option, void *data, socklen_t *size)
{
	const struct socket *socket = socket_of(fd);
	uint64_t value = 0;

	if (!socket)
		return -1;
	if (level == IPPROTO_IPV6 && option == IPV6_V6ONLY)
		value = socket->v6only;
	else if (level == SOL_SOCKET && option == SO_REUSEADDR)
		value = socket->reuse_address;
	else if (level == SOL_SOCKET && option == SO_REUSEPORT)
		value = socket->reuse_port;
	else if (level == SOL_SOCKET && option == SO_ACCEPTCONN)
		value = socket->listens;
	else if (level == SOL_SOCKET && option == SO_TYPE)
		value = SOCK_DGRAM;
	else if (level == SOL_SOCKET && option == SO_COOKIE)
		value = socket->cookie;
	else if (level == SOL_SOCKET && option == SO_NETNS_COOKIE)
		value = shared.netns;
	/* Little-endian or not: an int option has the size of an int. */
	if (*size == sizeof(int))
		memcpy(data, &(int){(int)value}, sizeof(int));
	else
		memcpy(data, &value, sizeof value);
	return 0;
}

static int call_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	const struct socket *socket = socket_of(fd);
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (!socket)
		return -1;
	in4.sin_port = in6.sin6_port = htons(socket->port);
	if (socket->port && socket->address == ADDRESS_LOOPBACK4)
		in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (socket->family == AF_INET6)
		memcpy(address, &in6, *length = sizeof in6);
	else
		memcpy(address, &in4, *length = sizeof in4);
	return 0;
}

static int call_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd, (void)request, (void)argument;
	return result(-ENODEV); /* no interface has such an index */
}

static int call_fcntl(int fd, int command, void *argument)
{
	struct socket *socket = socket_of(fd);
	int copy;

	if (!socket)
		return -1;
	if (command != F_DUPFD && command != F_DUPFD_CLOEXEC)
		return 0;
	copy = descriptor_add((int)(socket - world.kernel.sockets), (int)(intptr_t)argument);
	if (copy >= 0)
		socket->references++;
	return copy;
}

static ssize_t call_sendmsg(int fd, const struct msghdr *message, int flags)
{
	const struct socket *sender = socket_of(fd);
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int batch[SOCKETS];

	(void)flags;
	memcpy(batch, CMSG_DATA(header), count * sizeof(int));
	for (i = 0; i < count; i++) {
		struct socket *parked = socket_of(batch[i]);

		parked->references++;
		parked->queue = sender->peer;
	}
	return 1;
}

/* The guards of a message that nobody takes go one after the other; who is killed in the
 * midst of that does not stop it. */
static ssize_t receive_anchor(struct socket *anchor)
{
	uint8_t queue = (uint8_t)(anchor - world.kernel.sockets + 1);
	uint8_t ours = (uint8_t)(SOCKETS + 1 + current);
	int got = 0, i;

	point();
	for (i = 0; i < SOCKETS; i++) {
		if (world.kernel.sockets[i].queue == queue) {
			world.kernel.sockets[i].queue = ours;
			got = 1;
		}
	}
	if (!got)
		return result(-EAGAIN);
	for (i = 0; i < SOCKETS; i++) {
		int port = world.kernel.sockets[i].port;

		if (world.kernel.sockets[i].queue != ours)
			continue;
		if (got++ > 1)
			point();
		trace("the guard of port %d goes, by RELEASE", port);
		kernel_let_go(i);
	}
	return 1;
}

/* One dump: each socket of the family whose port lies in the range, and the end. */
static struct {
	uint8_t family;
	uint16_t first, last;
} dump[EVERYBODY]; /* nobody else runs between the two calls */

static ssize_t call_sendto(int fd, const void *data, size_t size, int flags,
			   const struct sockaddr *address, socklen_t length)
{
	const struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
		struct nlattr attribute;
		struct inet_diag_bc_op filter[4];
	} *request = data;

	(void)fd, (void)flags, (void)address, (void)length;
	dump[current].family = request->body.sdiag_family;
	dump[current].first = request->filter[1].no;
	dump[current].last = request->filter[3].no;
	return (ssize_t)size;
}

static ssize_t receive_dump(char *data)
{
	struct nlmsghdr *header = (struct nlmsghdr *)data;
	int i, others = 0;

	for (i = 0; i < SOCKETS; i++) {
		const struct socket *socket = &world.kernel.sockets[i];
		struct inet_diag_msg *message = NLMSG_DATA(header);

		if (socket->kind != SOCKET_INET || socket->protocol != PROTOCOL_TCP ||
		    socket->family != dump[current].family || socket->port < dump[current].first ||
		    socket->port > dump[current].last)
			continue;
		*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof *message),
					    .nlmsg_type = SOCK_DIAG_BY_FAMILY};
		*message = (struct inet_diag_msg){
			.idiag_family = socket->family,
			.idiag_state = socket->listens ? TCP_LISTEN : TCP_CLOSE,
			.id = {.idiag_if = socket->index,
			       .idiag_sport = htons(socket->port),
			       .idiag_cookie = {socket->cookie, 0}},
		};
		header = (struct nlmsghdr *)((char *)header + NLMSG_ALIGN(header->nlmsg_len));
		others++;
	}
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(4), .nlmsg_type = NLMSG_DONE};
	trace("sock_diag of ports %d to %d, AF_INET%s: %d sockets", dump[current].first,
	      dump[current].last, dump[current].family == AF_INET6 ? "6" : "", others);
	return (char *)header - data + NLMSG_LENGTH(4);
}

static ssize_t call_recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			     socklen_t *length)
{
	struct socket *socket = socket_of(fd);
	ssize_t got;

	(void)size, (void)flags, (void)address, (void)length;
	if (!socket)
		return -1;
	if (socket->kind == SOCKET_UNIX)
		return receive_anchor(socket);
	point();
	memory_meet_port(dump[current].first);
	got = receive_dump(data);
	return got;
}

struct real_calls real_calls = {
	.socket = call_socket,
	.socketpair = call_socketpair,
	.bind = call_bind,
	.listen = call_listen,
	.close = call_close,
	.setsockopt = call_setsockopt,
	.getsockopt = call_getsockopt,
	.getsockname = call_getsockname,
	.ioctl = (real_ioctl_function *)call_ioctl,
	.fcntl = (real_fcntl_function *)call_fcntl,
	.sendmsg = call_sendmsg,
	.sendto = call_sendto,
	.recvfrom = call_recvfrom,
};
