/* SPDX-License-Identifier: MIT */
/*
 * Two users. One has reservations, of either kind; the other wants its ports, its tokens and
 * its pool, and has been told all that can be told: the block, the tokens, the variable of
 * the run, where the pool is, and gets the acquiring sockets themselves. He gets an errno
 * for each; no byte of the pool changes by it, and the first one still draws every port.
 *
 * Then tokens: a live one with any bit changed, and those of reservations that have ended.
 */
#include <dirent.h>
#include <stdbool.h>

#include "../preload/process.h"

#define OWNER 65534
#define OTHER 65533

enum { COUNT = 4 };

struct told {
	int start;
	ULONG64 token;
	char pool[200]; /* the owner's folder */
};

/* The one file of a pool folder, by its name. */
static void pool_file(const char *pool, char path[512])
{
	DIR *listing = opendir(pool);
	struct dirent *entry;

	*path = 0;
	while (listing && (entry = readdir(listing)))
		if (entry->d_name[0] != '.')
			snprintf(path, 512, "%s/%s", pool, entry->d_name);
	if (listing)
		closedir(listing);
}

/* FNV-1a of all that a file has; 0: it cannot be read. */
static uint64_t file_hash(const char *path)
{
	static unsigned char content[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t hash = 0xcbf29ce484222325;
	ssize_t got;

	if (fd < 0)
		return 0;
	while ((got = read(fd, content, sizeof content)) > 0)
		for (ssize_t i = 0; i < got; i++)
			hash = (hash ^ content[i]) * 0x100000001b3;
	close(fd);
	return hash;
}

static int is_errno(int result, int expected)
{
	return result == -1 && errno == expected;
}

/* The other user: each function says how many of its attempts went wrong. */
static unsigned long attempts;

#define ATTEMPT(refused)                                                                           \
	({                                                                                         \
		int refused_ = !!(refused);                                                        \
		attempts++;                                                                        \
		if (!refused_)                                                                     \
			diag("%s: errno %s", #refused, strerrorname_np(errno));                    \
		!refused_;                                                                         \
	})

static unsigned long wants_ports(int type, const struct told *told)
{
	static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"};
	unsigned long bad = 0;

	for (int port = told->start; port < told->start + COUNT; port++)
		for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
			for (int flags = 0; flags < 16; flags++) {
				/* V6ONLY on IPv4 is nothing of its own */
				if (flags & V6ONLY && !strchr(addresses[i], ':'))
					continue;
				int fd = bound(type, addresses[i], port, flags);

				bad += ATTEMPT(is_errno(fd, EADDRINUSE));
				if (fd >= 0)
					close(fd);
			}
	return bad;
}

static unsigned long wants_block(int type, const struct told *told)
{
	unsigned long bad = 0;
	instance result;

	for (int first = told->start - COUNT + 1; first < told->start + COUNT; first++) {
		int fd = socket_open(type, "0.0.0.0", 0);

		bad += ATTEMPT(is_errno(acquire(fd, first, COUNT, &result), EADDRINUSE));
		close(fd);
	}
	return bad;
}

static unsigned long uses_token(int type, ULONG64 token, int error)
{
	int fd = socket_open(type, "0.0.0.0", 0);
	unsigned long bad;

	bad = ATTEMPT(is_errno(associate(fd, token), error));
	bad += ATTEMPT(is_errno(release(fd, token), error));
	close(fd);
	return bad;
}

static unsigned long opens_pool(const struct told *told)
{
	char path[512];
	unsigned long bad;

	pool_file(told->pool, path);
	bad = ATTEMPT(!*path);
	bad += ATTEMPT(is_errno(open(told->pool, O_RDONLY | O_DIRECTORY), EACCES));
	bad += ATTEMPT(is_errno(open(told->pool, O_TMPFILE | O_RDWR, 0600), EACCES));
	return bad;
}

/* What one side of the pair says to the other when it is done. */
struct outcome {
	unsigned long attempts, bad;
};

static void other_main(int type, int channel)
{
	bool in_theirs;
	struct told told;
	struct outcome outcome = {0};
	instance result;
	int acquirer, fd, error;

	become_user(OTHER);
	if (read(channel, &told, sizeof told) != sizeof told)
		bail_out("the owner went away");
	acquirer = descriptor_receive(channel);
	if (acquirer < 0)
		bail_out("recvmsg");
	in_theirs = !strcmp(getenv("PORTRES_DIR"), told.pool);
	error = in_theirs ? EACCES : EINVAL;
	outcome.bad += wants_ports(type, &told);
	if (in_theirs) {
		/* Nothing at all can be had in somebody else's pool. */
		fd = socket_open(type, "0.0.0.0", 0);
		outcome.bad += ATTEMPT(is_errno(acquire(fd, 0, 1, &result), EACCES));
		close(fd);
	} else {
		outcome.bad += wants_block(type, &told);
	}
	outcome.bad += opens_pool(&told);
	outcome.bad += uses_token(type, told.token, error);
	/* The acquiring socket is only a socket here. */
	outcome.bad += ATTEMPT(is_errno(associate(acquirer, told.token), error));
	outcome.bad += ATTEMPT(is_errno(release(acquirer, told.token), error));
	outcome.bad +=
		ATTEMPT(is_errno(socket_bind(acquirer, "0.0.0.0", told.start, 0), EADDRINUSE));
	fd = bound(type, "127.0.0.1", 0, 0);
	outcome.bad +=
		ATTEMPT(fd >= 0 && (port_of(fd) < told.start || port_of(fd) >= told.start + COUNT));
	outcome.attempts = attempts;
	if (write(channel, &outcome, sizeof outcome) != sizeof outcome)
		_exit(1);
	_exit(0);
}

static void owner_main(int type, int channel, const struct peer *parent)
{
	struct outcome outcome = {0};
	struct told told = {0};
	struct block block;
	char path[512];
	uint64_t before;

	become_user(OWNER);
	block = reserve(type, COUNT);
	told.start = block.start;
	told.token = block.token;
	snprintf(told.pool, sizeof told.pool, "%s", getenv("PORTRES_DIR"));
	pool_file(told.pool, path);
	before = file_hash(path);
	if (write(channel, &told, sizeof told) != sizeof told)
		bail_out("the other went away");
	descriptor_send(channel, block.fd);
	if (read(channel, &outcome, sizeof outcome) != sizeof outcome)
		bail_out("the other went away");
	outcome.bad += ATTEMPT(before && file_hash(path) == before);
	for (int i = 0; i < COUNT; i++)
		outcome.bad += ATTEMPT(in_block(&block, port_of(drawn(&block, "0.0.0.0", 0, 0))));
	tell(parent, outcome.attempts + attempts);
	tell(parent, outcome.bad);
	_exit(0);
}

static const char *number_text(int number)
{
	char *text = NULL;

	return asprintf(&text, "%d", number) < 0 ? NULL : text;
}

static void two_users(int type, bool in_theirs)
{
	struct peer owner;
	struct outcome outcome;
	int channel[2];
	pid_t other;
	char row[128], pools[2][200];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel))
		bail_out("a channel");
	pool_new(OWNER);
	snprintf(pools[0], sizeof pools[0], "%s", getenv("PORTRES_DIR"));
	pool_new(OTHER);
	snprintf(pools[1], sizeof pools[1], "%s", getenv("PORTRES_DIR"));
	owner = peer_start();
	if (!owner.pid) {
		setenv("PORTRES_DIR", pools[0], 1);
		fcntl(channel[0], F_SETFD, 0);
		exec_self((const char *[]){"owner", number_text(type), number_text(channel[0]),
					   number_text(owner.out), NULL});
	}
	other = fork();
	if (!other) {
		setenv("PORTRES_DIR", pools[!in_theirs], 1);
		fcntl(channel[1], F_SETFD, 0);
		exec_self((const char *[]){"other", number_text(type), number_text(channel[1]),
					   NULL});
	}
	close(channel[0]);
	close(channel[1]);
	outcome.attempts = hear(&owner);
	outcome.bad = hear(&owner);
	waitpid(other, NULL, 0);
	peer_end(&owner);
	ok(!outcome.bad, "%s: another user, with %s pool, is refused in %lu ways", type_name(type),
	   in_theirs ? "the owner's" : "his own", outcome.attempts);
	snprintf(row, sizeof row, "refused to another user, %s, with %s pool", type_name(type),
		 in_theirs ? "the owner's" : "his own");
	proved(row, outcome.attempts, outcome.bad);
}

/* One bit of a live token changed is none; nor is one of a reservation that has ended. */
static void tokens(int type)
{
	enum { ENDED = 500 };
	static ULONG64 ended[ENDED];
	unsigned long bad = 0, set[64] = {0};
	struct block block = reserve(type, COUNT);
	int skewed = 0;

	attempts = 0;
	for (int bit = 0; bit < 64; bit++)
		bad += uses_token(type, block.token ^ (ULONG64)1 << bit, EINVAL);
	for (int i = 0; i < ENDED; i++) {
		struct block other = reserve(type, 1);

		ended[i] = other.token;
		bad += ATTEMPT(!release(other.fd, other.token));
		close(other.fd);
		for (int bit = 0; bit < 64; bit++)
			set[bit] += other.token >> bit & 1;
		for (int j = 0; j < i; j++)
			bad += ended[j] == ended[i];
	}
	for (int i = 0; i < ENDED; i++)
		bad += uses_token(type, ended[i], EINVAL);
	/* 500 coins show 250 heads; 150 fewer or more is once in 10^41. The low bits are the slot.
	 */
	for (int bit = 12; bit < 64; bit++)
		skewed += set[bit] < 100 || set[bit] > 400;
	ok(!skewed, "%s: each of 52 bits of a token is as often 0 as 1", type_name(type));
	for (int i = 0; i < COUNT; i++)
		bad += ATTEMPT(in_block(&block, port_of(drawn(&block, "0.0.0.0", 0, 0))));
	ok(!bad, "%s: tokens with a bit changed, and used ones, are no tokens", type_name(type));
	proved(type == TCP ? "tokens guessed and replayed, TCP"
			   : "tokens guessed and replayed, UDP",
	       attempts, bad + (unsigned long)skewed);
}

int main(int argc, char **argv)
{
	static const int types[] = {TCP, UDP};

	if (argc > 4 && !strcmp(argv[1], "owner"))
		owner_main(atoi(argv[2]), atoi(argv[3]), &(struct peer){.out = atoi(argv[4])});
	if (argc > 3 && !strcmp(argv[1], "other"))
		other_main(atoi(argv[2]), atoi(argv[3]));
	private_pool(argv);
	for (int i = 0; i < 2; i++) {
		if (geteuid()) {
			skip("two users", "not root");
		} else {
			two_users(types[i], false);
			two_users(types[i], true);
		}
		tokens(types[i]);
	}
	return done_testing();
}
