/* SPDX-License-Identifier: MIT */
/*
 * The pool file is flipped bit by bit while it is in use: every bit that it has for the
 * header, for the slots of two living reservations and for their ports' words, and bits of
 * all the rest by chance. Each time those who have it mapped and those who come new, in
 * processes and under commands, get an errno or what is right by the kernel: a port of the
 * block, which nobody else has. What was reserved stays reserved. When the bit is back, so
 * is the service.
 *
 * PORTRES_SEED repeats the bits that are chosen by chance.
 */
#include "../pitfalls/network.h"
#include "files.h"
#include <dirent.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
/* The tests have a block of their own. */
#define block pool_block
#include "pool/word.h"
#undef block

enum { COUNT = 5, VISITORS = 2, HANG_SECONDS = 60 };

static _Atomic uint64_t *words; /* the file, eight bytes each */
static struct pool *pool;

/* Two blocks, and who is on their ports. */
struct world {
	struct block blocks[2];
	int listener, named, shared_word;
	int used[2][2]; /* ports */
};

static struct world world;
static unsigned long lost, refusals;

/* What the visitors count, in their processes. */
static struct {
	_Atomic unsigned long calls, wrong, stop;
} * visits;

static int on_port(const struct block *block, int port, int *result)
{
	int fd = tied_or_not(block, "127.0.0.1", 0);

	if (fd < 0 || socket_bind(fd, "127.0.0.1", port, 0))
		bail_out("a bind of the test");
	if (block->type == TCP && listen(fd, 4))
		bail_out("a listen of the test");
	*result = port_of(fd);
	return fd;
}

static int sockets[2][2];

/* Of each block one port is drawn, one bound by number, one was bound, two never were. */
static void world_make(void)
{
	for (int i = 0; i < 2; i++) {
		struct block *block = &world.blocks[i];
		int ended;

		*block = reserve(i ? UDP : TCP, COUNT);
		close(on_port(block, block->start + 2, &ended));
		sockets[i][0] = on_port(block, 0, &world.used[i][0]);
		sockets[i][1] = on_port(block, block->start + 4, &world.used[i][1]);
	}
}

static void world_end(void)
{
	for (int i = 0; i < 2; i++) {
		close(sockets[i][0]);
		close(sockets[i][1]);
		close(world.blocks[i].fd);
	}
}

/* Nobody gets on a port that is in use, whatever he asks for. */
static void try_used(const struct block *block, int port)
{
	static const int flags[] = {0, REUSEADDR, REUSEPORT};

	for (int i = 0; i < 3; i++) {
		int fd = tied_or_not(block, "127.0.0.1", flags[i]), bound_it;

		if (fd < 0)
			continue;
		bound_it = !socket_bind(fd, "127.0.0.1", port, 0);
		/* Two may be bound with SO_REUSEADDR, if none listens: the owner does. */
		right(!bound_it, "%s port %d is bound, flags %d, and in use",
		      type_name(block->type), port, flags[i]);
		close(fd);
	}
}

static void connect_out(const struct block *block, const int *used, int server)
{
	int fd = tied_or_not(block, "127.0.0.1", 0);

	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	socket_reset_at_close(fd, 0);
	if (!socket_connect(fd, "127.0.0.1", server, 0) || errno == EINPROGRESS)
		right(in_block(block, port_of(fd)) && port_of(fd) != used[0] &&
			      port_of(fd) != used[1],
		      "port %d is connected from, of block %d+%d", port_of(fd), block->start,
		      block->count);
	close(fd);
}

static int server_port;

/*
 * Everything that this process can do with what it has. True where all is served. to_the_end:
 * also a draw that is one too many, for which the library asks for every port.
 */
static bool use_all(bool to_the_end)
{
	bool served = true;

	for (int i = 0; i < 2; i++) {
		const struct block *block = &world.blocks[i];
		struct block other;

		right(all_reserved(block), "%s block %d+%d is no longer reserved",
		      type_name(block->type), block->start, block->count);
		served &= draw_and_check(block, world.used[i], 2, COUNT - 2 + to_the_end) ==
			  COUNT - 2;
		for (int j = 0; j < 2; j++)
			try_used(block, world.used[i][j]);
		if (block->type == TCP)
			connect_out(block, world.used[i], server_port);
		other = try_reserve(block->type, block->start + COUNT - 1, 2);
		right(other.fd < 0, "%s block %d+%d is reserved a second time",
		      type_name(block->type), other.start, other.count);
		if (other.fd >= 0)
			close(other.fd);
	}
	served &= !newcomer(TCP, world.blocks, 2);
	served &= !newcomer(UDP, world.blocks, 2);
	return served;
}

/* Whether all is as before. */
static bool service_is_back(void)
{
	bool back = true;

	for (int i = 0; i < 2; i++)
		back &= draw_and_check(&world.blocks[i], world.used[i], 2, COUNT - 2) == COUNT - 2;
	return back && !newcomer(TCP, world.blocks, 2);
}

/* A fresh process or a command: its exit status has to be one of its own making. */
static void run_alone(const char *const *argv, int most)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		if (argv[0][0] == '/') {
			unsetenv("LD_PRELOAD");
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		signal(SIGALRM, SIG_DFL);
		alarm(HANG_SECONDS);
		execv(argv[0][0] == '/' ? argv[0] : "/proc/self/exe",
		      (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail_out("a process");
	right(WIFEXITED(status) && WEXITSTATUS(status) <= most, "%s %s ends with status %x",
	      argv[0], argv[1] ? argv[1] : "", (unsigned int)status);
}

static void newcomers_from_outside(void)
{
	const char *portres = getenv("PORTRES");
	char port[8];

	run_alone((const char *[]){"files-flip", "newcomer", NULL}, 0);
	if (!portres || access(portres, X_OK))
		return;
	snprintf(port, sizeof port, "%d", world.used[0][0]);
	run_alone((const char *[]){portres, "list", NULL}, 2);
	run_alone((const char *[]){portres, "explain", port, NULL}, 2);
}

/* Two counters of 32 bits share eight bytes, of which one may go on: in the header, in slots. */
static bool is_counter(size_t byte)
{
	const size_t slots = offsetof(struct pool, slots),
		     words_begin = offsetof(struct pool, words);
	size_t in_slot = (byte - slots) % sizeof(struct pool_slot);

	if (byte < slots)
		return byte >= offsetof(struct pool, claim_index);
	return byte < words_begin && in_slot >= offsetof(struct pool_slot, cursor) &&
	       in_slot < offsetof(struct pool_slot, since);
}

/* Back as it was, unless somebody has written there: then it is as it should be. */
static void flip_back(size_t bit, uint64_t flipped)
{
	if (is_counter(bit / 8)) {
		_Atomic uint32_t *word = (_Atomic uint32_t *)words + bit / 32;
		uint32_t half = (uint32_t)(flipped >> bit % 64 / 32 * 32);

		atomic_compare_exchange_strong(word, &half, half ^ 1U << bit % 32);
	} else {
		atomic_compare_exchange_strong(&words[bit / 64], &flipped,
					       flipped ^ UINT64_C(1) << bit % 64);
	}
}

static void flip(size_t bit, bool to_the_end, bool outside)
{
	uint64_t mask = UINT64_C(1) << bit % 64;
	uint64_t flipped = atomic_fetch_xor(&words[bit / 64], mask) ^ mask;
	unsigned long wrong = files_wrong;

	alarm(HANG_SECONDS);
	if (!use_all(to_the_end))
		refusals++;
	if (outside)
		newcomers_from_outside();
	flip_back(bit, flipped);
	if (!service_is_back() || files_wrong > wrong) {
		/* Its slot was cleared meanwhile, say: it has to be made anew, and works. */
		lost++;
		world_end();
		world_make();
		right(service_is_back(), "the service is not back");
	}
	if (files_wrong > wrong)
		diag("bit %zu of byte %zu (header < 4096 <= slots < %zu <= words)", bit % 8,
		     bit / 8, offsetof(struct pool, words));
}

static void flip_bytes(size_t offset, size_t size, bool to_the_end, unsigned int every)
{
	for (size_t bit = offset * 8; bit < (offset + size) * 8; bit++)
		flip(bit, to_the_end, bit % every == 0);
}

static void row(const char *what, void (*flips)(bool), bool all)
{
	unsigned long calls = files_calls, wrong = files_wrong;

	refusals = lost = 0;
	flips(all);
	ok(files_wrong == wrong, "%s flipped: an errno, or what is right", what);
	diag("%lu times something was refused, %lu times it was lost and made anew", refusals,
	     lost);
	proved(what, files_calls - calls, files_wrong - wrong);
}

static void flip_header(bool all)
{
	flip_bytes(0, all ? offsetof(struct pool, slots) : offsetof(struct pool, reserved), false,
		   all ? 2 : 8);
}

static size_t slot_of(const struct block *block)
{
	return offsetof(struct pool, slots) + TOKEN_SLOT(block->token) * sizeof(struct pool_slot);
}

/* The short form takes the one of the TCP block alone. */
static void flip_slots(bool all)
{
	for (int i = 0; i < 1 + all; i++)
		for (size_t byte = 0; byte < sizeof(struct pool_slot); byte++)
			flip_bytes(slot_of(&world.blocks[i]) + byte, 1, false, all ? 2 : 128);
}

/* In the long form also those of the other protocol, which nobody has. */
static void flip_words(bool all)
{
	for (int i = 0; i < 2; i++)
		for (int protocol = 0; protocol < PROTOCOLS; protocol++)
			for (size_t port = 0; port < COUNT && (all || protocol == i); port++)
				flip_bytes(offsetof(struct pool, words) +
						   sizeof(uint64_t) *
							   ((size_t)protocol * POOL_PORTS +
							    (size_t)world.blocks[i].start + port),
					   sizeof(uint64_t), true, all ? 8 : 128);
}

static void flip_rest(bool all)
{
	for (int i = 0; i < (all ? 20000 : 200); i++)
		flip((size_t)random() % (sizeof(struct pool) * 8), false, i % (all ? 20 : 50) == 0);
}

static void pool_map(void)
{
	const char *path = getenv("PORTRES_DIR");
	DIR *entries = opendir(path);
	struct dirent *entry;
	int fd = -1;

	while (entries && (entry = readdir(entries)))
		if (!strncmp(entry->d_name, "netns-", 6))
			fd = openat(dirfd(entries), entry->d_name, O_RDWR | O_CLOEXEC);
	pool = mmap(NULL, sizeof *pool, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || pool == MAP_FAILED)
		bail_out("the pool file");
	close(fd);
	closedir(entries);
	words = (_Atomic uint64_t *)pool;
}

/* Comes and goes all the time; what it gets has to be right. */
static void visitor(void)
{
	/* In the time that is left. */
	if (nice(10) < 0)
		_exit(1);
	while (!atomic_load(&visits->stop)) {
		alarm(HANG_SECONDS);
		newcomer(TCP, NULL, 0);
		newcomer(UDP, NULL, 0);
		atomic_fetch_add(&visits->calls, files_calls);
		atomic_fetch_add(&visits->wrong, files_wrong);
		files_calls = files_wrong = 0;
	}
	_exit(0);
}

static void one_newcomer(void)
{
	alarm(HANG_SECONDS);
	newcomer(TCP, NULL, 0);
	newcomer(UDP, NULL, 0);
	_exit(files_wrong ? 1 : 0);
}

int main(int argc, char **argv)
{
	const char *seed = getenv("PORTRES_SEED");
	bool all = getenv("PORTRES_LONG") != NULL;
	unsigned int number = seed ? (unsigned int)atoi(seed) : (unsigned int)time(NULL) % 1000000;
	struct peer visitors[VISITORS];
	int server, good = 1;

	if (argc == 2 && !strcmp(argv[1], "newcomer"))
		one_newcomer();
	private_pool(argv);
	diag("PORTRES_SEED=%u", number);
	if (quiet_network()) {
		skip("the pool file flipped", "no network of its own");
		return done_testing();
	}
	server = listening("127.0.0.1", 9999, RAW);
	server_port = port_of(server);
	srandom(number);
	world_make();
	pool_map();
	visits = mmap(NULL, sizeof *visits, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	for (int i = 0; i < VISITORS; i++) {
		visitors[i] = peer_start();
		if (!visitors[i].pid)
			visitor();
	}
	ok(use_all(true), "an unspoilt pool serves all");
	row("pool file flipped in use: header, every bit, calls", flip_header, all);
	row("pool file flipped in use: slots, every bit, calls", flip_slots, all);
	row("pool file flipped in use: port words, every bit, calls", flip_words, all);
	row("pool file flipped in use: bits by chance, calls", flip_rest, all);
	atomic_store(&visits->stop, 1);
	for (int i = 0; i < VISITORS; i++)
		good &= peer_end(&visitors[i]) == 0;
	ok(good && !atomic_load(&visits->wrong), "those who come and go meanwhile");
	proved("pool file flipped in use: calls of those who come and go",
	       atomic_load(&visits->calls), atomic_load(&visits->wrong));
	return done_testing();
}
