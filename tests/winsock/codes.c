/* SPDX-License-Identifier: MIT */
/*
 * The errors of the three calls as WSAIoctl and WSPIoctl say them: each code by what
 * brings it about, and each errno that the kernel may answer with by a filter that does.
 * What only socket calls end with is in last-error.c.
 */
#include "../preload/sandbox.h"
#include "call.h"
#include <sys/resource.h>

/* answers: code-10038 code-10045 wsaioctl-other-code */
static void descriptors(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0);
	static const DWORD numbers[] = {0xD8000064, 0x98000063, 0x98000067, 0x5421 /* FIONBIO */};
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int local = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	struct call call = call_acquire(-1);

	is_made(&call, WSAENOTSOCK, 0, "no descriptor");
	call.socket = file;
	is_made(&call, WSAENOTSOCK, 0, "a file");
	call.socket = local;
	is_made(&call, WSAEOPNOTSUPP, 0, "a socket that is not of the internet");
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		call = call_acquire(socket);
		call.code = numbers[i];
		is_made(&call, WSAEOPNOTSUPP, 0, "a code that is none of the three");
	}
	close(file);
	close(local);
	close(socket);
}

/* answers: code-10022 code-10048 */
static void blocks(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0), other = socket_open(TCP, "127.0.0.1", 0);
	struct call call = call_acquire(socket);

	range.NumberOfPorts = 0;
	is_made(&call, WSAEINVAL, 0, "no ports");
	range = (INET_PORT_RANGE){htons(65535), 2};
	is_made(&call, WSAEINVAL, 0, "past 65535");
	call = call_acquire(socket);
	is_made(&call, 0, 16, "a block");
	range = result.Reservation;
	call.socket = other;
	is_made(&call, WSAEADDRINUSE, 0, "the same once more");
	result.Token = 0;
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION);
	is_made(&call, WSAEINVAL, 0, "a token of nobody");
	close(socket);
	close(other);
}

/* answers: code-10055 */
static void out_of_descriptors(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0);
	struct call call = call_acquire(socket);
	struct rlimit limit, none;

	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)socket + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	is_made(&call, WSAENOBUFS, 0, "out of descriptors");
	setrlimit(RLIMIT_NOFILE, &limit);
	is_made(&call, 0, 16, "then there are some");
	close(socket);
}

/* Of another process, whose own acquirer tells the token. */
/* answers: code-10013 */
static void of_another(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0);
	struct peer peer = peer_start();
	struct call call;

	if (!peer.pid) {
		call = call_acquire(socket_open(TCP, "127.0.0.1", 0));
		tell(&peer, made(&call) ? 0 : result.Token);
		hear(&peer);
		_exit(0);
	}
	result.Token = hear(&peer);
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION);
	is_made(&call, WSAEACCES, 0, "ASSOCIATE with the token of another process");
	call = call_token(socket, SIO_RELEASE_PORT_RESERVATION);
	is_made(&call, WSAEACCES, 0, "RELEASE with the token of another process");
	tell(&peer, 0);
	peer_end(&peer);
	close(socket);
}

/* The program that no_pool starts where no pool can be made: its exit status is the code's. */
static int without_pool(void)
{
	struct call call = call_acquire(socket_open(TCP, "127.0.0.1", 0));

	return made(&call) == WSAENETDOWN && !bytes;
}

/* answers: code-10050 */
static void no_pool(void)
{
	struct peer child = peer_start();

	if (!child.pid) {
		setenv("PORTRES_DIR", "/nowhere/at/all", 1);
		exec_self((const char *[]){"nowhere", NULL});
	}
	ok(peer_end(&child) == 1, "no pool can be made, ENOENT: 10050");
}

struct answer {
	int error, code;
};

/* The kernel refuses the sockets that a reservation is made of. */
static int refused_sockets(void *argument)
{
	const struct answer *answer = argument;
	SOCKET socket = socket_open(UDP, "127.0.0.1", 0);
	struct call call = call_acquire(socket);
	int code;

	range.StartPort = htons((uint16_t)free_block(3));
	forbid(SYS_socket, SECCOMP_RET_ERRNO | (uint32_t)answer->error);
	/* then a holder is tried */
	if (answer->error == EAGAIN)
		forbid(SYS_clone, SECCOMP_RET_ERRNO | (uint32_t)answer->error);
	code = made(&call);
	if (code != answer->code)
		diag("%d", code);
	return code == answer->code && !bytes && !result.Token;
}

/* answers: code-10004 code-10013 code-10022 code-10045 code-10049 code-10050 code-10055 */
static void errors_of_the_kernel(void)
{
	static const struct answer answers[] = {
		{EINTR, WSAEINTR},
		{EACCES, WSAEACCES},
		{EPERM, WSAEACCES},
		{EINVAL, WSAEINVAL},
		{EMFILE, WSAENOBUFS},
		{ENFILE, WSAENOBUFS},
		{ENOBUFS, WSAENOBUFS},
		{ENOMEM, WSAENOBUFS},
		{ENOSPC, WSAENOBUFS},
		{EAGAIN, WSAENOBUFS},
		{EOPNOTSUPP, WSAEOPNOTSUPP},
		{ENETDOWN, WSAENETDOWN},
		{EADDRNOTAVAIL, WSAEADDRNOTAVAIL},
		{EIO, WSAENETDOWN},
	};
	char what[80];

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct answer answer = answers[i];

		snprintf(what, sizeof what, "%s from the kernel: %d", strerrorname_np(answer.error),
			 answer.code);
		confined(refused_sockets, &answer, what);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return without_pool();
	linked(argv);
	descriptors();
	blocks();
	out_of_descriptors();
	of_another();
	no_pool();
	errors_of_the_kernel();
	return done_testing();
}
