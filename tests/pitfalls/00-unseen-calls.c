/* SPDX-License-Identifier: MIT */
/*
 * Some closes reach no hook: closedir and pclose close within libc, a program may make
 * the system call itself, and one that defines a function called close comes before
 * every library. (This test is built a second time as such a program.) A library that
 * believes it sees each close keeps what has ended, or takes the next socket with that
 * number for the old one.
 *
 * Here "we saw the close" is never the only way in which anything ends. An entry about
 * a descriptor counts only while the socket's cookie is the same, a port that seems to
 * be in use is handed out again once the kernel says that it is free, and an acquire
 * that finds its ports taken looks for sockets of this process that have gone.
 */
#include "../preload/process.h"
#include <dirent.h>

#ifdef OWN_CLOSE
/* Exported, as the linker does for names that libc has, too. */
int close(int fd)
{
	return (int)syscall(SYS_close, fd);
}
#endif

#define HIGH   500 /* nothing of the test is from here on */
#define COUNT  4
#define ROUNDS 5

enum way { CLOSE, RAW_CLOSE, RAW_RANGE, RAW_DUP2, CLOSEDIR, PCLOSE, FCLOSE, FREOPEN, CLOSEFROM };

static const char *const ways[] = {
	"close",
	"syscall(close)",
	"syscall(close_range)",
	"syscall(dup3) onto it",
	"closedir",
	"pclose",
	"fclose",
	"freopen",
	"closefrom",
};

/* A socket on the number that its closing call will close. */
struct place {
	int fd;
	DIR *directory;
	FILE *stream;
};

static void move_to(struct place *place, int to)
{
	if (to < 0 || dup2(place->fd, to) != to || close(place->fd))
		bail_out("dup2");
	place->fd = to;
}

static struct place placed(enum way way, int fd)
{
	struct place place = {.fd = fd};

	if (way == CLOSEDIR) {
		place.directory = opendir("/");
		move_to(&place, dirfd(place.directory));
	} else if (way == PCLOSE) {
		place.stream = popen("true", "r");
		move_to(&place, fileno(place.stream));
	} else if (way == CLOSEFROM) {
		move_to(&place, fcntl(fd, F_DUPFD, HIGH));
	} else if (way == FCLOSE || way == FREOPEN) {
		place.stream = fdopen(fd, "r+");
	}
	if ((way >= CLOSEDIR && way <= FREOPEN) && !place.directory && !place.stream)
		bail_out("a stream");
	return place;
}

static void closed(enum way way, struct place *place)
{
	int null;

	switch (way) {
	case CLOSE:
		close(place->fd);
		break;
	case RAW_CLOSE:
		syscall(SYS_close, place->fd);
		break;
	case RAW_RANGE:
		syscall(SYS_close_range, place->fd, place->fd, 0);
		break;
	case RAW_DUP2:
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		syscall(SYS_dup3, null, place->fd, 0);
		syscall(SYS_close, place->fd);
		syscall(SYS_close, null);
		break;
	case CLOSEDIR:
		closedir(place->directory);
		break;
	case PCLOSE:
		pclose(place->stream);
		break;
	case FREOPEN:
		place->stream = freopen("/dev/null", "r", place->stream);
		/* fall through */
	case FCLOSE:
		fclose(place->stream);
		break;
	case CLOSEFROM:
		closefrom(HIGH);
		break;
	}
	if (fcntl(place->fd, F_GETFD) != -1)
		bail_out("the descriptor is still open");
}

/* A new socket on this number, which is free. */
static void reopen(int type, int number)
{
	int fd = socket_open(type, "0.0.0.0", 0);

	if (fd != number && (dup2(fd, number) != number || close(fd)))
		bail_out("dup2");
}

/* The acquiring socket is closed: whoever acquires the block next gets it. */
static int ends(void *argument)
{
	enum way way = *(enum way *)argument;
	struct block block = reserve(TCP, COUNT), again;
	struct place place = placed(way, block.fd);
	int probe = socket_open(TCP, "0.0.0.0", 0), dead, held;

	held = associate(probe, block.token) == 0 && taken_ports(TCP, block.start, COUNT) == COUNT;
	closed(way, &place);
	again = try_reserve(TCP, block.start, COUNT);
	dead = associate(probe, block.token) == -1 && errno == EINVAL;
	close(probe);
	if (again.fd >= 0)
		close(again.fd);
	return held && again.fd >= 0 && again.token != block.token && dead;
}

/* A socket that is tied to the block is closed: the next one on its number is nobody's. */
static void number_forgotten(const struct block *block, enum way way)
{
	int type = block->type, receiver = bound(UDP, "127.0.0.1", 0, RAW), good = 1;

	for (int how = 0; how < 2; how++) {
		struct place place = placed(way, tied(block, "0.0.0.0", 0));

		closed(way, &place);
		reopen(type, place.fd);
		if (how == 0)
			good &= !socket_bind(place.fd, "0.0.0.0", 0, 0);
		else if (type == TCP)
			good &= !socket_listen(place.fd, 0);
		else
			good &= !socket_connect(place.fd, "127.0.0.1", port_of(receiver), 0);
		good &= port_of(place.fd) > 0 && !in_block(block, port_of(place.fd));
		close(place.fd);
	}
	close(receiver);
	ok(good, "%s, %s: the next socket on the number has nothing to do with the block",
	   ways[way], type_name(type));
}

/* A socket bound to a port of the block; in a run each is tied to it, and there is no token. */
static int drawn_here(const struct block *block, int port)
{
	return block->token ? drawn(block, "0.0.0.0", port, 0)
			    : bound(block->type, "0.0.0.0", port, 0);
}

/* The whole block, again and again; in the end one port of it, and the rest closed. */
static void all_drawn_again(const struct block *block, enum way way)
{
	struct place places[COUNT];
	int good = 1;

	for (int round = 0; round < ROUNDS; round++) {
		unsigned int seen = 0;

		for (int i = 0; i < COUNT; i++) {
			int fd = drawn_here(block, 0);

			if (fd < 0)
				bail_out("a port of the block is lost");
			good &= in_block(block, port_of(fd));
			seen |= 1U << (port_of(fd) - block->start);
			places[i] = placed(way, fd);
		}
		good &= seen == (1U << COUNT) - 1;
		good &= drawn_here(block, 0) == -1 && errno == EADDRINUSE;
		for (int i = COUNT - 1; i >= 0; i--)
			closed(way, &places[i]);
	}
	ok(good, "%s, %s: the block can be drawn completely, %d times", ways[way],
	   type_name(block->type), ROUNDS);
}

/*
 * What is remembered of a number is that it had the port. Meanwhile another socket
 * has it, and an unrelated one the number: its close says nothing of that port.
 */
static void close_of_another(const struct block *block, enum way way)
{
	struct place place = placed(way, drawn_here(block, block->start));
	struct place other;
	int others[COUNT], good;

	closed(way, &place);
	other.fd = drawn_here(block, block->start);
	good = other.fd >= 0;
	move_to(&other, fcntl(other.fd, F_DUPFD, HIGH + 100));
	reopen(block->type, place.fd);
	close(place.fd);
	for (int i = 1; i < COUNT; i++) {
		others[i] = drawn_here(block, 0);
		good &= others[i] >= 0 && port_of(others[i]) != block->start;
	}
	good &= drawn_here(block, 0) == -1 && errno == EADDRINUSE;
	good &= drawn_here(block, block->start) == -1 && errno == EADDRINUSE;
	for (int i = 1; i < COUNT; i++)
		close(others[i]);
	close(other.fd);
	ok(good, "%s, %s: a close of the number does not free the port of another socket",
	   ways[way], type_name(block->type));
}

static void in_every_way(const struct block *block)
{
	enum way last = CLOSEFROM;

#ifdef OWN_CLOSE
	last = CLOSE; /* the other ways are those of the other build */
#endif
	for (enum way way = CLOSE; way <= last; way++) {
		if (block->token && block->type == TCP)
			ok(settled(ends, &way), "%s of the acquiring socket: the block is free",
			   ways[way]);
		if (block->token)
			number_forgotten(block, way);
		all_drawn_again(block, way);
		close_of_another(block, way);
	}
}

/* Started by portres-run with as many ports (00-unseen-run.test). */
static void in_run(void)
{
	const char *first = getenv("PORTRES_FIRST");
	struct block block = {.fd = -1, .count = COUNT};

	if (!first)
		bail_out("this is no run");
	block.start = atoi(first);
	for (block.type = TCP; block.type <= UDP; block.type++)
		in_every_way(&block);
}

int main(int argc, char **argv)
{
	struct block block;

	if (argc > 1) {
		in_run();
		return done_testing();
	}
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		block = reserve(type, COUNT);
		in_every_way(&block);
		close(block.fd);
	}
	return done_testing();
}
