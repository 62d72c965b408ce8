/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/until.h"
#include "tool/message.h"

/* How long a terminal is left alone that others read from. */
#define PAUSE_MS 500

static bool ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

static int signals_open(void)
{
	sigset_t wanted, blocked;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	if (!ignored(SIGINT))
		sigaddset(&wanted, SIGINT);
	if (!ignored(SIGHUP))
		sigaddset(&wanted, SIGHUP);
	blocked = wanted;
	/* In the background, reading from the terminal shall fail and not stop us. */
	sigaddset(&blocked, SIGTTIN);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	return signalfd(-1, &wanted, SFD_CLOEXEC);
}

/*
 * A pipe or a socket tells its end without being read, which is left to others: it may be
 * the standard input of a script that we are a part of. A terminal has to be read for
 * Ctrl-D; that is done where it also sees what we print, and so is there for us. All else
 * (/dev/null, files) never ends, or always has.
 */
static struct pollfd input_open(void)
{
	struct pollfd input = {.fd = -1};
	struct stat stat;

	if (fstat(STDIN_FILENO, &stat))
		return input;
	if (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode)) {
		input.fd = STDIN_FILENO;
		input.events = POLLRDHUP;
	} else if (isatty(STDIN_FILENO)) {
		/* Its own, so that not to block is not the terminal's other users' affair. */
		if (isatty(STDOUT_FILENO))
			input.fd = open("/proc/self/fd/0",
					O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (input.fd >= 0)
			input.events = POLLIN;
		else
			input.fd = STDIN_FILENO;
	}
	return input;
}

void until_begin(struct until *until, int anchor)
{
	int type = 0;
	socklen_t size = sizeof type;

	until->some[UNTIL_SIGNALS] = (struct pollfd){.fd = signals_open(), .events = POLLIN};
	if (until->some[UNTIL_SIGNALS].fd < 0)
		fail("out of descriptors: %m; raise ulimit -n");
	until->some[UNTIL_INPUT] = input_open();
	/* A holder process may be killed; parked guards are nobody's to lose. */
	if (getsockopt(anchor, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_SEQPACKET)
		anchor = -1;
	until->some[UNTIL_ANCHOR] = (struct pollfd){.fd = anchor};
}

enum input { INPUT_GOES_ON, INPUT_IS_OTHERS, INPUT_ENDED };

static enum input input_take(const struct pollfd *input)
{
	char dropped[4096];
	ssize_t got;

	if (input->revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL))
		return INPUT_ENDED;
	if (!(input->revents & POLLIN))
		return INPUT_GOES_ON;
	got = read(input->fd, dropped, sizeof dropped);
	if (!got)
		return INPUT_ENDED;
	return got < 0 && errno == EIO ? INPUT_IS_OTHERS : INPUT_GOES_ON;
}

bool until_let_go(struct until *until)
{
	struct pollfd input = until->some[UNTIL_INPUT];
	enum input state = INPUT_GOES_ON;
	int ready;

	do {
		until->some[UNTIL_INPUT].fd = state == INPUT_IS_OTHERS ? -1 : input.fd;
		ready = poll(until->some, UNTIL_COUNT, state == INPUT_IS_OTHERS ? PAUSE_MS : -1);
		if (ready < 0 && errno != EINTR)
			fail("waiting failed: %m; free some memory and try again");
		if (ready > 0 && until->some[UNTIL_ANCHOR].revents)
			return false;
		state = ready > 0 ? input_take(&until->some[UNTIL_INPUT]) : INPUT_GOES_ON;
	} while (state != INPUT_ENDED && (ready <= 0 || !until->some[UNTIL_SIGNALS].revents));
	return true;
}
