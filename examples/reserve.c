/* SPDX-License-Identifier: MIT */
/*
 * reserve FAMILY TYPE PROTOCOL STARTPORT COUNT
 *
 * The life of a reservation, step by step: acquire a block of ports, tie a
 * second socket to it, let bind() draw a port, release the block. It takes the
 * arguments of the sample on Microsoft's page "SIO_ACQUIRE_PORT_RESERVATION".
 *
 * The calls are answered by libportres.so, so start it with the library:
 *
 *	LD_PRELOAD=libportres.so ./reserve 2 2 17 5000 20
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "portres.h"

/* Windows' number for AF_INET6. */
#define WINDOWS_AF_INET6 23

struct request {
	unsigned int family;
	unsigned int type;
	unsigned int protocol;
	unsigned int start; /* host byte order; 0: any block */
	unsigned int count;
};

static const char *program = "reserve";

/* One line on standard error; returns what main() exits with. */
__attribute__((format(printf, 1, 2))) static int wrong_input(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return 2;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: %s FAMILY TYPE PROTOCOL STARTPORT COUNT\n"
		"  FAMILY     2 (IPv4), 10 or 23 (IPv6)\n"
		"  TYPE       1 (stream), 2 (datagram)\n"
		"  PROTOCOL   6 (TCP, with type 1), 17 (UDP, with type 2)\n"
		"  STARTPORT  the first port of the block, 0 for any block\n"
		"  COUNT      how many ports, 1 to 65535\n"
		"example: LD_PRELOAD=libportres.so %s 2 2 17 5000 20\n"
		"  reserves the UDP ports 5000-5019\n",
		program, program);
}

/* Digits only: no sign, no blank, nothing behind them. */
static int number_parse(const char *text, unsigned int *value)
{
	unsigned long parsed;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	parsed = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || parsed > UINT16_MAX)
		return -1;
	*value = (unsigned int)parsed;
	return 0;
}

/* Returns 0, or the exit status after it has said what is wrong and what is allowed. */
static int request_parse(char **args, struct request *request)
{
	if (number_parse(args[0], &request->family) < 0 ||
	    (request->family != AF_INET && request->family != AF_INET6 &&
	     request->family != WINDOWS_AF_INET6))
		return wrong_input("FAMILY is '%s'; allowed are 2 (IPv4), 10 (IPv6) and 23 "
				   "(IPv6 as Windows numbers it)",
				   args[0]);
	if (request->family == WINDOWS_AF_INET6)
		request->family = AF_INET6;

	if (number_parse(args[1], &request->type) < 0 ||
	    (request->type != SOCK_STREAM && request->type != SOCK_DGRAM))
		return wrong_input("TYPE is '%s'; allowed are 1 (stream) and 2 (datagram)",
				   args[1]);

	if (number_parse(args[2], &request->protocol) < 0 ||
	    (request->protocol != IPPROTO_TCP && request->protocol != IPPROTO_UDP))
		return wrong_input("PROTOCOL is '%s'; allowed are 6 (TCP) and 17 (UDP)", args[2]);

	if ((request->type == SOCK_STREAM) != (request->protocol == IPPROTO_TCP))
		return wrong_input("TYPE %u and PROTOCOL %u do not go together; allowed are 1 6 "
				   "(TCP) and 2 17 (UDP)",
				   request->type, request->protocol);

	if (number_parse(args[3], &request->start) < 0)
		return wrong_input("STARTPORT is '%s'; allowed are 1 to 65535, and 0 for any block",
				   args[3]);

	if (number_parse(args[4], &request->count) < 0 || request->count == 0)
		return wrong_input("COUNT is '%s'; allowed are 1 to 65535", args[4]);

	if (request->start + request->count - 1 > UINT16_MAX)
		return wrong_input("the block %u-%u passes the last port; from %u on, at most %u "
				   "ports are allowed",
				   request->start, request->start + request->count - 1,
				   request->start, UINT16_MAX - request->start + 1);
	return 0;
}

/* What the reader can do about it; NULL where strerror() says it all. */
static const char *hint(int error)
{
	switch (error) {
	case ENOTTY:
		return "libportres.so is not loaded: start the program as "
		       "'LD_PRELOAD=libportres.so reserve ...', from the build tree with the "
		       "path, 'LD_PRELOAD=$PWD/src/.libs/libportres.so'";
	case EADDRINUSE:
		return "a port of the block is in use or reserved, or no block is free: "
		       "take another STARTPORT, 0 for any block, or a smaller COUNT";
	case EACCES:
		return "low ports need CAP_NET_BIND_SERVICE: take a STARTPORT that is not below "
		       "net.ipv4.ip_unprivileged_port_start";
	case EMFILE:
		return "the limit of open files is reached: see 'ulimit -n'";
	case EOPNOTSUPP:
		return "the kernel lacks the means: Linux 5.7 or newer is needed";
	case EBADMSG:
		return "the pool file is damaged: remove it from $PORTRES_DIR, "
		       "or from /dev/shm/portres-UID where that is not set";
	default:
		return NULL;
	}
}

/* For a call that has just set errno. */
static int call_failed(const char *call)
{
	int error = errno;
	const char *advice = hint(error);

	fprintf(stderr, "%s: %s: %s\n", program, call, strerror(error));
	if (advice)
		fprintf(stderr, "%s: %s\n", program, advice);
	return 1;
}

/* Binds to port 0 of the wildcard address. Returns the port, or 0 after saying why not. */
static unsigned int socket_draw(int fd, unsigned int family)
{
	struct sockaddr_storage address;
	socklen_t length =
		family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	memset(&address, 0, sizeof(address));
	address.ss_family = (sa_family_t)family;
	if (bind(fd, (struct sockaddr *)&address, length) < 0) {
		call_failed("bind");
		return 0;
	}
	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		call_failed("getsockname");
		return 0;
	}
	if (family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* holder owns the reservation: it ends when the last descriptor of this socket closes. */
static int reservation_show(const struct request *request, int holder, int user)
{
	INET_PORT_RESERVATION_INSTANCE instance = {
		.Reservation =
			{
				.StartPort = htons((uint16_t)request->start),
				.NumberOfPorts = (uint16_t)request->count,
			},
	};
	unsigned int port;

	if (ioctl(holder, SIO_ACQUIRE_PORT_RESERVATION, &instance) < 0)
		return call_failed("ioctl SIO_ACQUIRE_PORT_RESERVATION");
	printf("start     %u\n", (unsigned int)ntohs(instance.Reservation.StartPort));
	printf("count     %u\n", (unsigned int)instance.Reservation.NumberOfPorts);
	printf("token     0x%016llx\n", (unsigned long long)instance.Token);

	if (ioctl(user, SIO_ASSOCIATE_PORT_RESERVATION, &instance.Token) < 0)
		return call_failed("ioctl SIO_ASSOCIATE_PORT_RESERVATION");
	port = socket_draw(user, request->family);
	if (port == 0)
		return 1;
	printf("bound     %u\n", port);

	if (ioctl(holder, SIO_RELEASE_PORT_RESERVATION, &instance.Token) < 0)
		return call_failed("ioctl SIO_RELEASE_PORT_RESERVATION");
	printf("released  yes\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct request request;
	int holder, user = -1, status;

	if (argc > 0)
		program = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (argc != 6) {
		wrong_input("5 arguments are needed, %d given", argc > 0 ? argc - 1 : 0);
		usage(stderr);
		return 2;
	}
	status = request_parse(argv + 1, &request);
	if (status != 0)
		return status;

	holder = socket((int)request.family, (int)request.type, (int)request.protocol);
	if (holder < 0)
		return call_failed("socket");
	user = socket((int)request.family, (int)request.type, (int)request.protocol);
	if (user < 0)
		status = call_failed("socket");
	else
		status = reservation_show(&request, holder, user);

	if (user >= 0)
		close(user);
	close(holder);
	if (fflush(stdout) != 0 && status == 0)
		status = call_failed("write to standard output");
	return status;
}
