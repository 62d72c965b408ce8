/* SPDX-License-Identifier: MIT */
/*
 * portres persist hold: keeps the guards of all listed blocks, in the foreground.
 *
 * Nothing depends on it but that strangers are kept out: tokens stay good without it, and
 * when it is killed the kernel lets the guards go. A port that somebody else has is asked
 * for again once a second; as nobody tells when it comes free, there is no other way.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/holding.h"
#include "cli/notify.h"
#include "persist/folder.h"
#include "tool/faults.h"
#include "tool/message.h"
#include "tool/pool.h"

#define RETRY_MS 1000
/* An editor may move the old list away before it writes the new one. */
#define SETTLE_MS 300

struct hold {
	struct pool *pool;
	int signals, changes; /* descriptors; changes -1: looked for once a second */
	int lock;	      /* of the holder, -1: the folder cannot be written */
	bool unread;	      /* the list could not be read */
	bool doubted;	      /* it lacks blocks that are held: is it whole? */
	struct holding holding;
};

/* Each guard is a descriptor of ours. */
static void limit_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < HOLDING_MOST) {
		limit.rlim_cur = limit.rlim_max = HOLDING_MOST; /* for the privileged */
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int signals_open(void)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGHUP);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int changes_open(void)
{
	char path[PATH_MAX];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && !state_path(path, sizeof path) &&
	    inotify_add_watch(fd, path,
			      IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE |
				      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Says, where it has changed, how much is held. */
static void state_say(const struct holding *holding)
{
	static unsigned int ports = ~0U, missing;
	char state[160];

	if (ports == holding->ports && missing == holding->missing)
		return;
	ports = holding->ports;
	missing = holding->missing;
	snprintf(state, sizeof state, "holding %u of %u ports in %zu blocks", ports - missing,
		 ports, holding->count);
	/* A log that is full, or a reader that has gone, is no reason to let ports go. */
	if (puts(state) == EOF || fflush(stdout) == EOF)
		clearerr(stdout);
	snprintf(state, sizeof state, "READY=1\nSTATUS=holding %u of %u ports in %zu blocks",
		 ports - missing, ports, holding->count);
	notify_send(state);
}

/* Reads it and acts on it. `whole`: nobody can be in the midst of writing it. */
static void list_read(struct hold *hold, bool whole)
{
	struct store store;
	int error = store_open(&store, STORE_READ);

	if (error) {
		if (!hold->unread)
			complain("the list cannot be read: %s; what is held stays so, and it is "
				 "tried again",
				 strerror(-error));
		hold->unread = true;
		return;
	}
	hold->unread = false;
	hold->doubted = !whole && holding_would_lose(&hold->holding, &store);
	if (!hold->doubted) {
		faults_complain(&store);
		holding_update(&hold->holding, hold->pool, &store);
		holding_place(&hold->holding);
		if (hold->lock >= 0)
			holder_note(hold->lock, &store.identity, sizeof store.identity);
	}
	store_close(&store);
}

enum change { CHANGE_NONE, CHANGE_ANY, CHANGE_WHOLE };

/* Takes what has come, and says what became of the list: with a new one in its place at
 * once, that is whole. */
static enum change changes_take(struct hold *hold)
{
	_Alignas(struct inotify_event) char events[4096];
	enum change change = CHANGE_NONE;
	bool gone = false;
	ssize_t got;

	while ((got = read(hold->changes, events, sizeof events)) > 0) {
		const char *at = events;

		while (at < events + got) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (!event->len || !strcmp(event->name, STORE_NAME))
				change = event->mask & IN_MOVED_TO ? CHANGE_WHOLE : CHANGE_ANY;
			if (event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_DELETE_SELF))
				gone = true;
			at += sizeof *event + event->len;
		}
	}
	/* The folder itself: there may be another one in its place, or soon. */
	if (gone) {
		close(hold->changes);
		hold->changes = -1;
	}
	return change;
}

/* The signal that has come, 0: none. */
static unsigned int signal_take(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? info.ssi_signo : 0;
}

/* How long there is nothing to do but to wait for others. */
static int patience(const struct hold *hold)
{
	if (hold->doubted)
		return SETTLE_MS;
	return hold->holding.missing || hold->changes < 0 || hold->unread ? RETRY_MS : -1;
}

/* The lock in the folder that is there now; -1: none. */
static int lock_try(uint64_t netns)
{
	char name[HOLDER_NAME_SIZE];
	int folder = state_open(false), lock;

	if (folder < 0)
		return -1;
	state_holder_name(name, netns);
	lock = state_lock(folder, name, 0);
	close(folder);
	return lock < 0 ? -1 : lock;
}

static void hold_on(struct hold *hold)
{
	enum change change = CHANGE_WHOLE;
	unsigned int signal_number;
	int ready;

	for (;;) {
		struct pollfd some[2] = {{.fd = hold->signals, .events = POLLIN}};

		if (hold->changes < 0) {
			hold->changes = changes_open();
			if (change == CHANGE_NONE)
				change = CHANGE_ANY;
		}
		if (change != CHANGE_NONE)
			list_read(hold, change == CHANGE_WHOLE);
		if (change == CHANGE_NONE || hold->unread || hold->doubted)
			holding_place(&hold->holding);
		state_say(&hold->holding);
		some[1] = (struct pollfd){.fd = hold->changes, .events = POLLIN};
		ready = poll(some, 2, patience(hold));
		change = CHANGE_NONE;
		/* Nothing more has come: it is meant so. */
		if (!ready && hold->doubted)
			change = CHANGE_WHOLE;
		else if (!ready && hold->unread)
			change = CHANGE_ANY;
		signal_number = signal_take(hold->signals);
		if (signal_number == SIGTERM || signal_number == SIGINT)
			return;
		if (hold->changes >= 0 && some[1].revents) {
			change = changes_take(hold);
			/* The lock of a folder that is gone keeps nobody out. */
			if (hold->changes < 0 && hold->lock >= 0) {
				close(hold->lock);
				hold->lock = lock_try(hold->pool->netns);
			}
		}
		if (signal_number == SIGHUP && change == CHANGE_NONE)
			change = CHANGE_ANY;
	}
}

/* One holder for a list and a network namespace. */
static int alone_or_fail(uint64_t netns)
{
	char name[HOLDER_NAME_SIZE];
	int folder = state_open(true), lock;

	if (folder == -EACCES)
		fail("the folder of the list is not yours alone: it must belong to you and be "
		     "writable for nobody else; or set PORTRES_STATE to another");
	if (folder < 0 && folder != -EROFS)
		fail("the folder of the list cannot be opened: %s; make it, or set PORTRES_STATE "
		     "to another",
		     strerror(-folder));
	state_holder_name(name, netns);
	/* Who asks whether there is a holder has the lock for a moment, too. */
	lock = folder < 0 ? -EROFS : state_lock(folder, name, 1);
	if (lock == -EBUSY)
		fail("another portres persist hold keeps these blocks already; end that one first");
	/* Of a list that cannot be written: it never changes, either. */
	if (lock < 0 && lock != -EROFS && lock != -EACCES)
		fail("the lock %s cannot be had: %s; see that the folder can be written", name,
		     strerror(-lock));
	if (folder >= 0)
		close(folder);
	return lock < 0 ? -1 : lock;
}

int command_hold(int argc, char **argv)
{
	struct hold hold = {.changes = -1, .lock = -1};

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		say_and_exit("Usage: portres persist hold\nSee portres persist --help.\n");
	if (argc > 1)
		usage_error("hold takes no argument; see portres persist --help");
	hold.pool = pool_or_fail();
	limit_raise();
	hold.lock = alone_or_fail(hold.pool->netns);
	hold.signals = signals_open();
	if (hold.signals < 0)
		fail("out of descriptors: %m; raise ulimit -n");
	hold_on(&hold);
	notify_send("STOPPING=1");
	holding_end(&hold.holding);
	return 0;
}
