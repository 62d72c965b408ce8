/* SPDX-License-Identifier: MIT */
/*
 * An exec takes away all that a library knew, and leaves what the kernel knows: the
 * process, its open descriptors, its bound sockets. A library that does not look for
 * them loses the reservation, or can never end it. Ours finds its anchors and their
 * sockets again, by the cookies that the pool has noted. What is close-on-exec ends
 * with the exec.
 */
#include "modes.h"
#include <sys/resource.h>

/*
 * Another program image does what it is told, a letter each time, and answers with a
 * port, or with 0 or an errno.
 */
enum order {
	AGAIN = 'X',	 /* one more exec */
	WITHOUT = 'N',	 /* one that loses LD_PRELOAD */
	WITH = 'Y',	 /* and one that has it again */
	EMPTY = 'I',	 /* one that loses the whole environment */
	ASSOCIATE = 'A', /* a new socket, and bind it */
	PLAIN_BIND = 'P',
	RELEASE = 'R',
	CLOSE = 'C',  /* the acquiring socket */
	LISTEN = 'L', /* on a socket that was bound before the exec */
	CLOSE_BOUND = 'D',
	END = 'E',
};

/* What came over the exec. */
struct luggage {
	int acquirer, bound;
	ULONG64 token;
};

static uint64_t port_or_error(int fd, int failed)
{
	return failed || fd < 0 ? (uint64_t)errno : (uint64_t)port_of(fd);
}

static uint64_t carry_out(uint64_t order, const struct luggage *luggage)
{
	int fd = socket_open(TCP, "127.0.0.1", 0);

	switch (order) {
	case ASSOCIATE:
		return port_or_error(fd, associate(fd, luggage->token) ||
						 socket_bind(fd, "127.0.0.1", 0, 0));
	case PLAIN_BIND:
		return port_or_error(fd, socket_bind(fd, "127.0.0.1", 0, 0));
	case RELEASE:
		return release(fd, luggage->token) ? (uint64_t)errno : 0;
	case CLOSE:
		return close(luggage->acquirer) ? (uint64_t)errno : 0;
	case LISTEN:
		return listen(luggage->bound, 1) ? (uint64_t)errno : 0;
	case CLOSE_BOUND:
		return close(luggage->bound) ? (uint64_t)errno : 0;
	default:
		return 0;
	}
}

__attribute__((noreturn)) static void exec_obeying(const struct peer *peer,
						   const struct luggage *luggage)
{
	char in[16], out[16], acquirer[16], bound_fd[16], token[24];

	snprintf(in, sizeof in, "%d", peer->in);
	snprintf(out, sizeof out, "%d", peer->out);
	snprintf(acquirer, sizeof acquirer, "%d", luggage->acquirer);
	snprintf(bound_fd, sizeof bound_fd, "%d", luggage->bound);
	snprintf(token, sizeof token, "%llu", (unsigned long long)luggage->token);
	exec_self((const char *[]){in, out, acquirer, bound_fd, token, NULL});
}

static int image_obey(char **argv)
{
	struct peer peer = {.in = atoi(argv[1]), .out = atoi(argv[2])};
	struct luggage luggage = {.acquirer = atoi(argv[3]),
				  .bound = atoi(argv[4]),
				  .token = strtoull(argv[5], NULL, 10)};
	uint64_t order;

	tell(&peer, 0);
	while ((order = hear(&peer)) != END) {
		if (order == WITHOUT)
			unsetenv("LD_PRELOAD");
		if (order == WITH)
			setenv("LD_PRELOAD", getenv("PORTRES_LIB"), 1);
		if (order == EMPTY)
			clearenv();
		if (order == AGAIN || order == WITHOUT || order == WITH || order == EMPTY)
			exec_obeying(&peer, &luggage);
		tell(&peer, carry_out(order, &luggage));
	}
	return 0;
}

static int ask(const struct peer *image, enum order order)
{
	tell(image, order);
	return (int)hear(image);
}

static void end(struct peer *image)
{
	tell(image, END);
	peer_end(image);
}

/* As many as this, if the hard limit allows them; gives how many there are now. */
static int limit_files(rlim_t files)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = files < limit.rlim_max ? files : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		bail_out("setrlimit");
	return (int)limit.rlim_cur;
}

enum before {
	NOTHING,
	OTHER_ENDED,
	ANCHOR_MOVED,
	LIMIT_RAISED,
	LIMIT_LOWERED,
	HIGH_SOCKET,
	TRIED,
	BEFORES,
	CLOEXEC,
	BOUND
};

static const char *const before_names[] = {
	"a reservation",
	"one of two, when the other has ended",
	"one whose anchor had to make way",
	"one made under a lower limit of open files",
	"one made under a higher limit of open files",
	"one whose socket has a high number",
	"one whose process has failed to exec",
};

/* Acquires, does what a program may do before an exec, and execs. */
static void acquire_and_exec(const struct peer *peer, enum before before)
{
	struct block other = {.fd = -1}, block;
	struct luggage luggage;
	int files = limit_files(before == LIMIT_RAISED ? 256 : 1024);
	int number;

	if (before == OTHER_ENDED)
		other = reserve(UDP, 3);
	block = reserve(TCP, 3);
	close(other.fd);
	number = anchor_number();
	if (before == ANCHOR_MOVED && (dup2(2, number) != number || close(number)))
		bail_out("dup2");
	if (before == LIMIT_RAISED)
		limit_files(1024);
	if (before == LIMIT_LOWERED)
		limit_files(256);
	luggage = (struct luggage){block.fd, drawn(&block, "127.0.0.1", 0, 0), block.token};
	if (before == HIGH_SOCKET) {
		luggage.acquirer = dup2(block.fd, files - 10);
		close(block.fd);
	}
	if (before == TRIED)
		execl("/nowhere/at/all", "all", (char *)NULL);
	if (before == CLOEXEC)
		fcntl(block.fd, F_SETFD, FD_CLOEXEC);
	if (before != BOUND)
		close(luggage.bound);
	tell(peer, (uint64_t)block.start);
	tell(peer, (uint64_t)port_of(luggage.bound));
	exec_obeying(peer, &luggage);
}

static struct peer executed(enum before before, struct block *block, int *port)
{
	struct peer child = peer_start();

	if (!child.pid)
		acquire_and_exec(&child, before);
	*block = (struct block){.type = TCP, .start = (int)hear(&child), .count = 3, .fd = -1};
	*port = (int)hear(&child);
	hear(&child);
	return child;
}

static int found_again(void *before)
{
	struct block block;
	int port, good;
	struct peer image = executed(*(enum before *)before, &block, &port);

	good = block_taken(&block) && !ask(&image, AGAIN) && block_taken(&block);
	good &= in_block(&block, ask(&image, ASSOCIATE));
	good &= !ask(&image, CLOSE);
	/* one port has a socket still */
	good &= taken_ports(TCP, block.start, 3) == 1;
	end(&image);
	return good && block_free(&block);
}

static int released(void *unused)
{
	struct block block;
	int port, good;
	struct peer image = executed(NOTHING, &block, &port);

	(void)unused;
	good = block_taken(&block) && !ask(&image, RELEASE) && block_free(&block) &&
	       ask(&image, RELEASE) == EINVAL && ask(&image, ASSOCIATE) == EINVAL;
	end(&image);
	return good;
}

static int close_on_exec(void *unused)
{
	struct block block;
	int port, good;
	struct peer image = executed(CLOEXEC, &block, &port);

	(void)unused;
	good = block_free(&block) && ask(&image, ASSOCIATE) == EINVAL;
	end(&image);
	return good;
}

static int without_the_library(void *unused)
{
	struct block block;
	int port, good;
	struct peer image = executed(NOTHING, &block, &port);

	(void)unused;
	good = !ask(&image, WITHOUT) && block_taken(&block) && ask(&image, ASSOCIATE) == ENOTTY &&
	       !ask(&image, WITH) && block_taken(&block) &&
	       in_block(&block, ask(&image, ASSOCIATE)) && !ask(&image, CLOSE);
	end(&image);
	return good && block_free(&block);
}

static int reaches(int port)
{
	int fd = socket_open(TCP, "127.0.0.1", RAW), good;

	good = !socket_connect(fd, "127.0.0.1", port, RAW);
	socket_reset_at_close(fd, RAW);
	socket_close(fd, RAW);
	return good;
}

/* A socket that was bound before the exec listens behind it, beside the guard. */
static void inherited_socket(void)
{
	struct block block;
	int port;
	struct peer image = executed(BOUND, &block, &port);

	ok(in_block(&block, port) && !ask(&image, AGAIN) && !ask(&image, LISTEN),
	   "a bound socket can listen after two execs");
	ok(reaches(port), "and is reached");
	ok(stranger(TCP, "0.0.0.0", port, REUSEADDR) == EADDRINUSE, "by nobody else's bind");
	ok(!ask(&image, CLOSE) && reaches(port), "the end of the reservation leaves it alone");
	ok(!ask(&image, CLOSE_BOUND), "it closes");
	end(&image);
}

/* The run's tree: each image draws from it; one without the library still holds it. */
static void run_goes_on(void)
{
	struct block block = mode_block(TCP, 0);
	struct luggage luggage = {-1, -1, 0};
	struct peer image = peer_start();

	if (!image.pid)
		exec_obeying(&image, &luggage);
	hear(&image);
	ok(in_block(&block, ask(&image, PLAIN_BIND)), "an image of the run draws from its block");
	ok(!ask(&image, AGAIN) && in_block(&block, ask(&image, PLAIN_BIND)), "so does the next");
	ok(!ask(&image, EMPTY) && !in_block(&block, ask(&image, PLAIN_BIND)),
	   "one without an environment draws elsewhere");
	ok(block_taken(&block), "and the block is held");
	end(&image);
}

/* The last process of a run has lost its environment: its anchor holds all the same. */
static int held_by_the_last(void *unused)
{
	struct block block = {.type = TCP, .count = 4};
	struct peer child = peer_start();
	char script[256];
	int good;

	(void)unused;
	if (!child.pid) {
		dup2(child.in, STDIN_FILENO);
		dup2(child.out, STDOUT_FILENO);
		snprintf(script, sizeof script,
			 "printf '%%08d' $PORTRES_FIRST; exec env -i /bin/sh -c "
			 "'printf \"%%08d\" 1; read line'");
		unsetenv("PORTRES_RESERVATION");
		execl(getenv("PORTRES_RUN"), "portres-run", "-n", "4", "--", "sh", "-c", script,
		      (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 2; i++) {
		uint64_t digits = hear(&child);
		char text[9] = "";

		memcpy(text, &digits, 8);
		if (i == 0)
			block.start = atoi(text);
	}
	good = block_taken(&block);
	block.type = UDP;
	good &= block_taken(&block);
	tell(&child, UINT64_C(0x0a0a0a0a0a0a0a0a)); /* a line for read */
	return peer_end(&child) == 0 && good && block_free(&block);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return image_obey(argv);
	modes_begin(argv);
	if (mode == PRELOADED) {
		for (enum before before = NOTHING; before < BEFORES; before++)
			ok(settled(found_again, &before), "%s is found again",
			   before_names[before]);
		ok(settled(released, NULL), "RELEASE works after exec");
		ok(settled(close_on_exec, NULL), "close-on-exec ends it");
		ok(settled(without_the_library, NULL),
		   "an image without the library holds it for one that has it again");
		inherited_socket();
	}
	if (mode == RESERVED)
		run_goes_on();
	ok(settled(held_by_the_last, NULL), "a run lives with its last process, env -i or not");
	return modes_end(argv);
}
