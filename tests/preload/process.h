/* SPDX-License-Identifier: MIT */
/*
 * Child processes for the black-box tests: they can be talked to, never outlive
 * the test, and can be somebody else - another program image, another user,
 * another network.
 */
#ifndef TESTS_PRELOAD_PROCESS_H
#define TESTS_PRELOAD_PROCESS_H

#include "preload.h"
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* A user whom nobody is, for the tests that run as root. */
#define SOMEBODY 65534

/* The same program as another process image; args end with NULL. */
__attribute__((unused, noreturn)) static void exec_self(const char *const *args)
{
	char *argv[8] = {program_invocation_short_name};

	for (int i = 0; i < 6 && args[i]; i++)
		argv[i + 1] = strdup(args[i]);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/* A child process with a line each way. In the child, pid is 0. */
struct peer {
	pid_t pid;
	int in, out;
};

HELPER struct peer peer_start(void)
{
	struct peer peer = {.pid = -1};
	int down[2], up[2];
	pid_t parent = getpid();

	fflush(stdout);
	if (pipe2(down, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		bail_out("pipe");
	peer.pid = fork();
	if (peer.pid < 0)
		bail_out("fork");
	peer.in = peer.pid ? up[0] : down[0];
	peer.out = peer.pid ? down[1] : up[1];
	close(peer.pid ? up[1] : down[1]);
	close(peer.pid ? down[0] : up[0]);
	if (!peer.pid) {
		/* its own ends go with it over exec, those of other children do not */
		fcntl(peer.in, F_SETFD, 0);
		fcntl(peer.out, F_SETFD, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(98);
	}
	return peer;
}

HELPER void tell(const struct peer *peer, uint64_t word)
{
	if (write(peer->out, &word, sizeof word) != sizeof word)
		bail_out("the other process went away");
}

HELPER uint64_t hear(const struct peer *peer)
{
	uint64_t word;

	if (read(peer->in, &word, sizeof word) != sizeof word)
		bail_out("the other process went away");
	return word;
}

/* Passes a copy of a descriptor over a Unix socket, with a byte. */
HELPER void descriptor_send(int channel, int fd)
{
	char byte = 'd', control[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(header), &fd, sizeof fd);
	if (sendmsg(channel, &message, 0) != 1)
		bail_out("sendmsg");
}

/* The copy that comes there; -1: none. */
HELPER int descriptor_receive(int channel)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof control};
	int fd;

	if (recvmsg(channel, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

/* Waits for the child; its exit status, or 128 and the signal. */
HELPER int peer_end(struct peer *peer)
{
	int status;

	close(peer->out);
	close(peer->in);
	if (waitpid(peer->pid, &status, 0) != peer->pid)
		bail_out("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* SIGKILL for one process that the test started; back when it is gone. */
HELPER void peer_kill(struct peer *peer)
{
	kill(peer->pid, SIGKILL);
	peer_end(peer);
}

/*
 * Gives up root for good, in this process, before anything of ours was used in
 * it. Nothing to do where the tests run as an ordinary user.
 */
HELPER void become_user(uid_t user)
{
	pid_t parent = getppid();

	if (geteuid())
		return;
	if (setgroups(0, NULL) || setresgid(user, user, user) || setresuid(user, user, user))
		bail_out("setresuid");
	/* both are lost with the change of the user */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(98);
}

HELPER int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good ? 0 : -1;
}

/* A new namespace of a kind, by way of a new user's. -1 where the machine does not allow it. */
HELPER int own_namespace(int kind)
{
	char map[64];
	uid_t user = geteuid();

	if (!unshare(kind))
		return 0;
	if (unshare(CLONE_NEWUSER | kind))
		return -1;
	snprintf(map, sizeof map, "%u %u 1", user, user);
	return write_text("/proc/self/uid_map", map);
}

/*
 * Moves this process into a network of its own, where it may set what the
 * administrator may. -1 where the machine does not allow it.
 */
HELPER int own_network(void)
{
	return own_namespace(CLONE_NEWNET);
}

#endif
