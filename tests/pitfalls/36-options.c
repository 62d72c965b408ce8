/* SPDX-License-Identifier: MIT */
/*
 * A library that sets socket options for its own purposes takes them from programs
 * that set the same ones: a server no longer shares its port, or suddenly does, or
 * hears IPv4 where it wanted IPv6 alone.
 *
 * The library switches SO_REUSEPORT on around bind and listen, and sometimes
 * SO_REUSEADDR. Every combination of the options that have to do with bind is set,
 * by a socket of a block and by one of a stranger, who asks the bare kernel: all of
 * them read the same before and behind bind and listen, and all calls that they have
 * an effect on answer the same.
 */
#include "network.h"

struct option {
	const char *name;
	int level, number, v6;
};

static const struct option options[] = {
	{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, 0},
	{"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, 0},
	{"IP_FREEBIND", IPPROTO_IP, IP_FREEBIND, 0},
	{"IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 0},
	{"SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE, 0},
	{"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, 1},
};

enum { OPTIONS = sizeof options / sizeof *options, SHARED = 2, NO_PORT = 8, DEVICE = 16 };

static void options_set(int fd, unsigned set, int raw)
{
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (!(set >> i & 1))
			continue;
		if (options[i].number != SO_BINDTODEVICE || options[i].level != SOL_SOCKET)
			option_set(fd, options[i].level, options[i].number, 1, raw);
		else if (raw)
			syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
		else
			setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
	}
}

/* The bits that read as on; any other value than 0 and 1 is bit 31. */
static unsigned options_get(int fd, int v6)
{
	unsigned set = 0;

	for (unsigned i = 0; i < OPTIONS; i++) {
		char device[IFNAMSIZ] = "";
		socklen_t size = sizeof device;
		int value;

		if (options[i].v6 && !v6)
			continue;
		if (options[i].number == SO_BINDTODEVICE && options[i].level == SOL_SOCKET) {
			getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &size);
			value = *device ? strcmp(device, "lo") ? 2 : 1 : 0;
		} else {
			value = option_get(fd, options[i].level, options[i].number);
		}
		set |= value & ~1 ? 1U << 31 : (unsigned)value << i;
	}
	return set;
}

enum {
	BIND,	     /* the calls: 0 or errno */
	NO_PORT_YET, /* 1: it is bound, and has no port */
	LISTEN,
	SAME,	 /* a second socket with the same options on the port */
	PLAIN,	 /* one without options */
	IPV4,	 /* one for IPv4 alone */
	OTHER,	 /* one on another address of the machine */
	TALK,	 /* 1: a stranger reaches it by 127.0.0.1 */
	FOREIGN, /* bind to an address that the machine does not have */
	CONNECT,
	KEPT, /* 1: the options read as they were set, all the time */
	ANSWERS
};

static const char *const names[] = {"bind",    "no port",   "listen",	     "a second, same",
				    "plain",   "over IPv4", "other address", "talk",
				    "foreign", "connect",   "options kept"};

struct question {
	const struct block *block; /* NULL: a stranger, on a port that the kernel picks */
	int type, v6;
	unsigned set;
	int port; /* to bind to; 0: any */
};

static int open_one(const struct question *question, unsigned set)
{
	int raw = question->block ? 0 : RAW;
	int fd = socket_open(question->type, question->v6 ? "::" : "0.0.0.0", raw);

	options_set(fd, set & 1, raw);
	if (question->block && associate(fd, question->block->token))
		bail_out("ASSOCIATE");
	/* some before the association, the others behind it */
	options_set(fd, set & ~1U, raw);
	return fd;
}

static int second(const struct question *question, const char *text, unsigned set, int port)
{
	struct question other = *question;
	int fd, error;

	other.v6 = family_of(text) == AF_INET6;
	fd = open_one(&other, set);
	error = socket_bind(fd, text, port, question->block ? 0 : RAW) ? errno : 0;
	socket_close(fd, question->block ? 0 : RAW);
	return error;
}

static int talks(int type, int fd, int port)
{
	int client = socket_open(type, "127.0.0.1", RAW), got, accepted = fd;

	socket_reset_at_close(client, RAW);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	got = !socket_connect(client, "127.0.0.1", port, RAW) && send(client, "x", 1, 0) == 1;
	if (got && type == TCP)
		accepted = accept(fd, NULL, NULL);
	/* over the loopback it is there when it was sent */
	got = got && accepted >= 0 && recv(accepted, &(char){0}, 1, 0) == 1;
	if (accepted >= 0 && accepted != fd)
		socket_close(accepted, RAW);
	socket_close(client, RAW);
	return got;
}

static void ask_bound(const struct question *question, int fd, int answers[ANSWERS])
{
	const char *everything = question->v6 ? "::" : "0.0.0.0";
	int port = port_of(fd);

	if (question->type == TCP)
		answers[LISTEN] = socket_listen(fd, question->block ? 0 : RAW) ? errno : 0;
	answers[KEPT] &= options_get(fd, question->v6) == question->set;
	answers[SAME] = second(question, everything, question->set, port);
	/* what a socket that is tied to a device means to one that is not: the manual's BUGS */
	if (!(question->set & DEVICE) || (question->type == TCP && !(question->set & SHARED)))
		answers[PLAIN] = second(question, everything, 0, port);
	if (!(question->set & DEVICE) || question->type == TCP) {
		if (question->v6)
			answers[IPV4] = second(question, "0.0.0.0", question->set & 3, port);
		answers[OTHER] = second(question, "127.0.0.2", question->set & 3, port);
	}
	answers[TALK] = talks(question->type, fd, port);
}

static void ask(const struct question *question, int server, int answers[ANSWERS])
{
	const char *foreign = question->v6 ? "2001:db8::1" : "192.0.2.1";
	const char *loopback = question->v6 ? "::1" : "127.0.0.1";
	int raw = question->block ? 0 : RAW, fd = open_one(question, question->set);

	memset(answers, 0, ANSWERS * sizeof *answers);
	answers[KEPT] = options_get(fd, question->v6) == question->set;
	answers[BIND] =
		socket_bind(fd, question->v6 ? "::" : "0.0.0.0", question->port, raw) ? errno : 0;
	answers[KEPT] &= options_get(fd, question->v6) == question->set;
	answers[NO_PORT_YET] = port_of(fd) == 0;
	if (port_of(fd))
		ask_bound(question, fd, answers);
	socket_close(fd, raw);

	fd = open_one(question, question->set);
	answers[FOREIGN] = socket_bind(fd, foreign, 0, raw) ? errno : 0;
	answers[KEPT] &= options_get(fd, question->v6) == question->set;
	socket_close(fd, raw);

	fd = open_one(question, question->set);
	socket_reset_at_close(fd, raw);
	if (question->set & NO_PORT)
		socket_bind(fd, loopback, 0, raw);
	answers[CONNECT] = socket_connect(fd, loopback, port_of(server), raw) ? errno : 0;
	/* SO_REUSEADDR and SO_REUSEPORT stay on a connection: connections share a port */
	answers[KEPT] &= (options_get(fd, question->v6) | 3) == (question->set | 3);
	if (question->block && !answers[CONNECT] && !in_block(question->block, port_of(fd)))
		answers[CONNECT] = -1;
	if (question->type == TCP && !answers[CONNECT])
		socket_close(accept(server, NULL, NULL), RAW);
	socket_close(fd, raw);
}

static const char *text_of(unsigned set)
{
	static char text[160];

	*text = 0;
	for (unsigned i = 0; i < OPTIONS; i++) {
		if (set >> i & 1) {
			strcat(text, *text ? " " : "");
			strcat(text, options[i].name);
		}
	}
	return *text ? text : "no option";
}

static int differ(const struct question *question, int server, const int wanted[ANSWERS])
{
	int got[ANSWERS], differences = 0;

	ask(question, server, got);
	for (int i = 0; i < ANSWERS; i++) {
		if (got[i] == wanted[i])
			continue;
		differences++;
		diag("%s over %s, %s, port %s: %s is %s, the kernel: %s", type_name(question->type),
		     question->v6 ? "IPv6" : "IPv4", text_of(question->set),
		     question->port ? "inside" : "0", names[i],
		     got[i] > 1 ? strerrorname_np(got[i])
		     : got[i]	? "1"
				: "0",
		     wanted[i] > 1 ? strerrorname_np(wanted[i])
		     : wanted[i]   ? "1"
				   : "0");
	}
	return differences;
}

/* A port of the machine that is free for the moment. */
static int free_port(int type)
{
	int fd = bound(type, everywhere(), 0, RAW), port = port_of(fd);

	socket_close(fd, RAW);
	return port;
}

static void all_of(int type, int v6)
{
	const char *text = v6 ? "::1" : "127.0.0.1";
	int server = bound(type, text, 0, RAW), differences[2] = {0, 0}, count = 0;

	if (type == TCP)
		socket_listen(server, RAW);
	for (unsigned set = 0; set < 1U << OPTIONS; set++) {
		int wanted[ANSWERS];

		if (set >> (OPTIONS - 1) && !v6)
			break;
		count++;
		for (int explicit = 0; explicit < 2; explicit ++) {
			struct question question = {NULL, type, v6, set, 0};
			struct block block = reserve(type, 3);

			question.port = explicit ? free_port(type) : 0;
			ask(&question, server, wanted);
			question.block = &block;
			question.port = explicit ? block.start + 1 : 0;
			/* unused ports, then used ones */
			differences[explicit] += differ(&question, server, wanted);
			differences[explicit] += differ(&question, server, wanted);
			close(block.fd);
		}
	}
	socket_close(server, RAW);
	ok(differences[0] == 0, "%s over %s, %d combinations of options, port 0: as the kernel",
	   type_name(type), v6 ? "IPv6" : "IPv4", count);
	ok(differences[1] == 0, "%s over %s, a port inside: as the kernel", type_name(type),
	   v6 ? "IPv6" : "IPv4");
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	all_kinds(all_of);
	return done_testing();
}
