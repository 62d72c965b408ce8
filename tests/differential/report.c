/* SPDX-License-Identifier: MIT */
/* One line for each call, the same in all runs that behave the same. */
#include "sequence.h"
#include <arpa/inet.h>
#include <sys/un.h>

static void add(const char *format, va_list arguments)
{
	unsigned int room = sizeof shared->text - shared->length;
	int size = vsnprintf(shared->text + shared->length, room, format, arguments);

	if (size > 0)
		shared->length += (unsigned int)size < room ? (unsigned int)size : room - 1;
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(format, arguments);
	va_end(arguments);
}

void begin(const char *format, ...)
{
	va_list arguments;

	say("%u.%02u%.*s ", shared->sequence, place.step, (int)place.depth, ">>>>");
	va_start(arguments, format);
	add(format, arguments);
	va_end(arguments);
	errno = UNTOUCHED;
}

static void say_error(int error)
{
	const char *name = strerrorname_np(error);

	/* To prove that the comparison sees a single wrong errno. */
	if (shared->perturbed == place.step + 1)
		name = "EPERTURBED";
	if (name)
		say(" %s", name);
	else
		say(" errno %d", error);
}

/* What a call may write besides its result follows, and ends the line. */
long result_open(long value)
{
	int error = errno;

	say(" = %ld", value);
	if (value < 0 || error != UNTOUCHED || shared->perturbed == place.step + 1)
		say_error(error);
	errno = error;
	return value;
}

long result(long value)
{
	result_open(value);
	say("\n");
	return value;
}

void result_error(int error)
{
	int left = errno;

	say(" = %d", error ? -1 : 0);
	if (error || shared->perturbed == place.step + 1)
		say_error(error);
	if (left != UNTOUCHED)
		say(" and errno %d", left);
	say("\n");
}

unsigned int sequence_port(unsigned int nth)
{
	return PORTS_FIRST + shared->sequence % SEQUENCES * PORTS_EACH + nth;
}

/*
 * The sequence's own by their number; the kernel's by when they were first seen. That of
 * UDP is another one than the same of TCP, which now and then the kernel happens to choose.
 */
const char *port_symbol(uint16_t port, bool datagrams)
{
	uint32_t known = port | (datagrams ? 1 << 16 : 0);
	static char text[4][16];
	static unsigned int turn;
	char *symbol = text[turn++ % 4];
	unsigned int own = port - sequence_port(0), nth;

	if (port < 1024) {
		snprintf(symbol, sizeof text[0], "%u", port);
	} else if (own < PORTS_EACH) {
		snprintf(symbol, sizeof text[0], "p%u", own);
	} else {
		for (nth = 0; nth < shared->port_count && shared->ports[nth] != known; nth++)
			;
		if (nth == shared->port_count && nth < 255)
			shared->ports[shared->port_count++] = known;
		snprintf(symbol, sizeof text[0], "e%u", nth);
	}
	return symbol;
}

const char *cookie_symbol(uint64_t cookie)
{
	static char symbol[16];
	unsigned int nth;

	for (nth = 0; nth < shared->cookie_count && shared->cookies[nth] != cookie; nth++)
		;
	if (nth == shared->cookie_count && nth < 255)
		shared->cookies[shared->cookie_count++] = cookie;
	snprintf(symbol, sizeof symbol, "socket%u", nth);
	return symbol;
}

static void say_unix(const struct sockaddr_un *name, socklen_t got)
{
	size_t length = got - offsetof(struct sockaddr_un, sun_path);

	if (!length)
		say("unix unnamed");
	else if (length == 6 && !name->sun_path[0])
		say("unix chosen");
	else
		say("unix %.*s", (int)length - 1, name->sun_path + 1);
}

void say_address(const void *room, socklen_t given, socklen_t got, bool datagrams)
{
	const struct sockaddr_in *in4 = room;
	const struct sockaddr_in6 *in6 = room;
	char text[INET6_ADDRSTRLEN];
	sa_family_t family;

	say(" (%d of %d:", (int)got, (int)given);
	if (given >= sizeof family && got >= sizeof family) {
		memcpy(&family, room, sizeof family);
		if (family == AF_INET && given >= sizeof *in4)
			say(" %s:%s", inet_ntop(AF_INET, &in4->sin_addr, text, sizeof text),
			    port_symbol(ntohs(in4->sin_port), datagrams));
		else if (family == AF_INET6 && given >= sizeof *in6)
			say(" [%s]:%s scope %u flow %u",
			    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text),
			    port_symbol(ntohs(in6->sin6_port), datagrams), in6->sin6_scope_id,
			    in6->sin6_flowinfo);
		else if (family == AF_UNIX && given >= got)
			say_unix(room, got);
		else
			say(" family %d", family);
	}
	say(")");
}

static void say_thing(int fd, int flags)
{
	struct thing thing = thing_of(fd);

	say(" %d%s", fd, flags & FD_CLOEXEC ? "*" : "");
	if (thing.socket)
		say(":%d/%d/%d/%s%s", thing.domain, thing.type, thing.protocol,
		    port_symbol(thing.port, thing.type != SOCK_STREAM), thing.listening ? "L" : "");
}

/* Which descriptors are open; where an anchor may be, it is the library that says so. */
void say_state(const char *when)
{
	int fd, flags;

	say("%u.%02u%.*s %s:", shared->sequence, place.step, (int)place.depth, ">>>>", when);
	for (fd = 0; fd < LIMIT; fd++) {
		if (fd > HIGH + 1 && fd <= ANCHOR_HIGHEST)
			flags = fcntl(fd, F_GETFD);
		else
			flags = (int)syscall(SYS_fcntl, fd, F_GETFD, 0);
		if (flags >= 0 && fd < NUMBERS)
			say_thing(fd, flags);
		else if (flags >= 0)
			say(" %d%s", fd, flags & FD_CLOEXEC ? "*" : "");
	}
	say("\n");
}
