/* SPDX-License-Identifier: MIT */
/*
 * chaos-worker LEDGER PLACE SEED - a process of the chaos test, under the library
 *
 * Does what comes by chance until it is stopped, killed, or has had enough. It forks, and
 * the child goes on with all that it inherits; it becomes a new program image, which finds
 * in the ledger what it holds. chaos-worker room COUNT: whether this pool has room for so
 * many reservations.
 */
#include "chaos-worker.h"
#include <sys/prctl.h>
#include <sys/wait.h>

struct ledger *ledger;
bool judging;
struct random dice;
struct place *here;
bool in_run;

static char **arguments;

/* A place of its own for a child, with all that it will inherit. NULL: there is none. */
static struct place *place_for_child(void)
{
	struct place *place = &ledger->places[SEATS + roll(&dice, PLACES - SEATS)];
	uint32_t empty = EMPTY;

	if (!atomic_compare_exchange_strong(&place->state, &empty, STARTING))
		return NULL;
	atomic_store(&place->pid, 0);
	for (int i = 0; i < REPORTS; i++) {
		struct report *mine = &here->reports[i];
		struct view view;
		uint32_t version;

		if (!report_read(mine, &view, &version))
			continue;
		report_write(&place->reports[i], &view, atomic_load(&mine->fd));
		/* Released meanwhile: then for the child, too. */
		if (atomic_load(&mine->version) != version)
			report_withdraw(&place->reports[i]);
	}
	return place;
}

static void settle(void)
{
	uint32_t starting = STARTING;
	socklen_t length;
	struct sockaddr_un name = mailbox_name(here, &length);
	int mailbox = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (mailbox < 0 || bind(mailbox, (struct sockaddr *)&name, length))
		complain("a mailbox: %s", strerrorname_np(errno));
	atomic_store(&here->mailbox, mailbox);
	atomic_store(&here->pid, (int)syscall(SYS_getpid));
	if (!atomic_compare_exchange_strong(&here->state, &starting, LIVE))
		_exit(0);
	for (int i = 0; i < REPORTS; i++)
		report_compare(here, &here->reports[i]);
}

static void fork_child(void)
{
	struct place *place = place_for_child();
	uint32_t life;
	pid_t pid;

	if (!place)
		return;
	life = atomic_load(&place->life);
	pid = fork();
	if (pid > 0) {
		did(FORKED);
		return;
	}
	if (pid < 0) {
		for (int i = 0; i < REPORTS; i++)
			report_withdraw(&place->reports[i]);
		atomic_store(&place->state, EMPTY);
		refused("fork", MAY_FAIL(EAGAIN, ENOMEM));
		return;
	}
	close(atomic_load(&here->mailbox));
	/* What our parent had let go before, nobody holds for us. */
	if (atomic_load(&place->life) != life)
		_exit(0);
	here = place;
	dice.state ^= (uint64_t)(place - ledger->places) << 32 | life;
	settle();
}

/* The same program anew, with every socket that we have. */
__attribute__((noreturn)) static void become_new_image(void)
{
	char place[16], seed[32];

	snprintf(place, sizeof place, "%d", (int)(here - ledger->places));
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)dice.state);
	did(EXECED);
	execv("/proc/self/exe", (char *[]){arguments[0], arguments[1], place, seed, NULL});
	complain("exec: %s", strerrorname_np(errno));
	_exit(1);
}

/* Says so first; what is open the kernel closes. */
__attribute__((noreturn)) static void leave(void)
{
	uint32_t live = LIVE;

	for (int i = 0; i < REPORTS; i++)
		report_withdraw(&here->reports[i]);
	if (atomic_compare_exchange_strong(&here->state, &live, GONE))
		did(ENDED);
	_exit(0);
}

/* The block that portres-run has given us: of both protocols, as long as we live. */
static void report_run(void)
{
	const char *first = getenv("PORTRES_FIRST"), *count = getenv("PORTRES_COUNT"),
		   *name = getenv("PORTRES_RESERVATION");
	struct view view = {.kind = BLOCK, .name = 5381};

	in_run = first && count && name;
	if (!in_run || atomic_load(&here->state) != STARTING)
		return;
	for (; *name; name++)
		view.name = view.name * 33 + (unsigned char)*name;
	view.token = view.name;
	view.first = (uint16_t)atoi(first);
	view.count = (uint16_t)atoi(count);
	report_write(&here->reports[0], &view, -1);
	view.udp = 1;
	report_write(&here->reports[1], &view, -1);
	did(ACQUIRED);
}

static void close_something(void)
{
	struct held held;

	/* Blocks stay longer than ports. */
	if (!held_any(roll(&dice, 4) ? PORT : BLOCK, &held) || held.fd < 0)
		return;
	let_go(&held);
}

static void do_something(void)
{
	static const struct {
		unsigned int share;
		void (*act)(void);
	} acts[] = {{8, acquire_block},	   {20, draw_port},	  {10, number_port},
		    {4, share_port},	   {8, listen_port},	  {5, connect_from_block},
		    {14, visit_somebody},  {8, send_to_somebody}, {5, hand_on},
		    {12, close_something}, {4, copy_something},	  {1, release_block},
		    {1, fork_child}};
	unsigned int number = roll(&dice, 100), i = 0;

	for (; number >= acts[i].share; i++)
		number -= acts[i].share;
	acts[i].act();
}

/* As many blocks of one port as the pool has slots, all at once. */
static int room_for(int count)
{
	int fd = socket_open(TCP, "127.0.0.1", 0), got = 0;
	INET_PORT_RESERVATION_INSTANCE instance;

	for (; got < count; got++) {
		instance = (INET_PORT_RESERVATION_INSTANCE){.NumberOfPorts = 1};
		if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &instance))
			break;
	}
	if (got < count)
		diag("room for %d: %s", got, strerrorname_np(errno));
	return got == count ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "room"))
		return room_for(atoi(argv[2]));
	if (argc != 4)
		return 2;
	arguments = argv;
	ledger_map(argv[1]);
	here = &ledger->places[atoi(argv[2]) % PLACES];
	dice.state = strtoull(argv[3], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	report_run();
	if (atomic_load(&here->state) == STARTING)
		settle();
	while (!atomic_load(&ledger->stop)) {
		atomic_fetch_add(&here->steps, 1);
		take_in();
		serve_all();
		do_something();
		switch (roll(&dice, 3000)) {
		case 0:
			leave();
		case 1:
		case 2:
			become_new_image();
		}
	}
	leave();
}
