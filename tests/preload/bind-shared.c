/* SPDX-License-Identifier: MIT */
/*
 * Two sockets that want one port of a block get the answers that the kernel gives
 * outside of any block: whatever their addresses, SO_REUSEADDR, SO_REUSEPORT and
 * IPV6_V6ONLY say, and whether the first one listens. The kernel itself is asked
 * first, each time, and what it said is what we expect. The program's own values
 * of the two options are still there afterwards.
 */
#include "preload.h"

struct wish {
	const char *text;
	int flags;
};

static const struct wish places[] = {
	{"0.0.0.0", 0}, {"127.0.0.1", 0}, {"127.0.0.2", 0}, {"::", 0},
	{"::", V6ONLY}, {"::1", V6ONLY},  {"::1", 0},	    {"::ffff:127.0.0.1", 0},
};

enum { PLACES = sizeof places / sizeof *places };

static const int reuses[] = {0, REUSEADDR, REUSEPORT, REUSEADDR | REUSEPORT};
static const char *const names[] = {"no option", "SO_REUSEADDR", "SO_REUSEPORT", "both"};

static int kept(int fd, int flags)
{
	return option_get(fd, SOL_SOCKET, SO_REUSEADDR) == !!(flags & REUSEADDR) &&
	       option_get(fd, SOL_SOCKET, SO_REUSEPORT) == !!(flags & REUSEPORT);
}

struct answer {
	int bind, listen; /* errno of the second socket's calls, or 0 */
	int options_kept;
};

/* When the first socket listens, if at all: before the second bind or behind it. */
enum { NEVER, BEFORE, BETWEEN };

static const char *const times[] = {"", ", the first listens", ", then the first listens"};

/* block NULL: strangers on a port that the kernel picks. */
static struct answer ask(const struct block *block, int type, struct wish first, struct wish second,
			 int listens, int port)
{
	int raw = block ? 0 : RAW;
	struct answer answer = {.options_kept = 1};
	int a = socket_open(type, first.text, first.flags | raw);
	int b = socket_open(type, second.text, second.flags | raw);

	if (block && (associate(a, block->token) || associate(b, block->token)))
		bail_out("ASSOCIATE");
	if (socket_bind(a, first.text, port, raw)) {
		diag("the first bind to %s: %s", first.text, strerrorname_np(errno));
		answer.bind = -1;
	}
	if (listens == BEFORE && socket_listen(a, raw))
		answer.bind = -1;
	if (!answer.bind && socket_bind(b, second.text, block ? port : port_of(a), raw))
		answer.bind = errno;
	answer.options_kept = kept(a, first.flags) && kept(b, second.flags);
	if (!answer.bind && listens == BETWEEN && socket_listen(a, raw))
		answer.bind = -1;
	if (!answer.bind && type == TCP && socket_listen(b, raw))
		answer.listen = errno;
	answer.options_kept &= kept(a, first.flags) && kept(b, second.flags);
	socket_close(a, raw);
	socket_close(b, raw);
	return answer;
}

static const char *name(int error)
{
	return error ? error > 0 ? strerrorname_np(error) : "the first one failed" : "0";
}

struct differences {
	int binds, listens, options;
};

/* fresh: a block where the port was never used; else a port that was used before. */
static void compare(int type, struct wish first, struct wish second, int listens, int fresh,
		    struct differences *found)
{
	struct answer wanted, got;
	struct block block;

	/* the kernel may pick a port that some other test has on another address */
	for (int tries = 0; tries < 3; tries++) {
		wanted = ask(NULL, type, first, second, listens, 0);
		block = reserve(type, 1);
		if (!fresh)
			close(drawn(&block, "0.0.0.0", block.start, 0));
		got = ask(&block, type, first, second, listens, block.start);
		close(block.fd);
		if (got.bind == wanted.bind && got.listen == wanted.listen)
			break;
	}
	if (got.bind != wanted.bind || got.listen != wanted.listen || !got.options_kept)
		diag("%s%s then %s%s%s%s: bind %s, listen %s; the kernel: %s, %s%s", first.text,
		     first.flags & V6ONLY ? " v6only" : "", second.text,
		     second.flags & V6ONLY ? " v6only" : "", times[listens],
		     fresh ? "" : ", used port", name(got.bind), name(got.listen),
		     name(wanted.bind), name(wanted.listen),
		     got.options_kept ? "" : ", options changed");
	found->binds += got.bind != wanted.bind;
	found->listens += got.bind == wanted.bind && got.listen != wanted.listen;
	found->options += !got.options_kept;
}

/* answers: bind-inside-shared */
static void pair_of_options(int type, int first, int second, int listens, int fresh)
{
	struct differences found = {0, 0, 0};
	char text[120];
	int places_used = ipv6_works() ? PLACES : 3;

	for (int i = 0; i < places_used; i++) {
		for (int j = 0; j < places_used; j++) {
			struct wish a = places[i], b = places[j];

			a.flags |= reuses[first];
			b.flags |= reuses[second];
			compare(type, a, b, listens, fresh, &found);
		}
	}
	snprintf(text, sizeof text, "%s, %s then %s%s%s", type_name(type), names[first],
		 names[second], times[listens], fresh ? "" : ", a port that was used before");
	ok(found.binds == 0, "%s: bind answers as the kernel", text);
	if (type == TCP)
		ok(found.listens == 0, "%s: listen answers as the kernel", text);
	ok(found.options == 0, "%s: the program's options stay", text);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int first = 0; first < 4; first++) {
		for (int second = 0; second < 4; second++) {
			for (int fresh = 1; fresh >= 0; fresh--) {
				for (int listens = NEVER; listens <= BETWEEN; listens++)
					pair_of_options(TCP, first, second, listens, fresh);
				pair_of_options(UDP, first, second, NEVER, fresh);
			}
		}
	}
	return done_testing();
}
