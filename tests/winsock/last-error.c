/* SPDX-License-Identifier: MIT */
/*
 * WSAGetLastError: a code of each thread's own, apart from errno, which Winsock's functions
 * and the socket calls of a file that includes winsock2.h set.
 */
#include "portres/winsock2.h" /* before inline functions that call what it renames */

#include "linked.h"
#include <pthread.h>
#include <stdatomic.h>

/* What is wrong with it, for the first thread. */
/* answers: wsaioctl-failure */
static void *other_thread(void *context)
{
	const char **wrong = context;

	if (WSAGetLastError())
		*wrong = "it begins with the code of another thread";
	WSASetLastError(7);
	socket(-1, SOCK_STREAM, 0);
	if (WSAGetLastError() != WSAEAFNOSUPPORT)
		*wrong = "its own failure is not there";
	return NULL;
}

/* Each call as it fails, and the code of it. */
static void socket_calls(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr *any = (struct sockaddr *)&address;
	socklen_t size = sizeof address;
	int tcp = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0), number;

#define FAILS(call, code)                                                                          \
	do {                                                                                       \
		WSASetLastError(0);                                                                \
		ok((call) == -1 && WSAGetLastError() == (code), "%s: %s", #call, #code);           \
	} while (0)
	FAILS(socket(AF_INET, 99, 0), WSAEINVAL);
	FAILS(listen(-1, 1), WSAENOTSOCK);
	FAILS(accept(tcp, NULL, NULL), WSAEINVAL);
	FAILS(getpeername(tcp, any, &size), WSAENOTCONN);
	FAILS(getsockname(0, any, &size), WSAENOTSOCK);
	FAILS(setsockopt(tcp, SOL_SOCKET, 9999, &number, sizeof number), WSAENOPROTOOPT);
	size = sizeof number;
	FAILS(getsockopt(tcp, SOL_SOCKET, 9999, &number, &size), WSAENOPROTOOPT);
	FAILS(recv(tcp, &number, 1, 0), WSAENOTCONN);
	FAILS(shutdown(tcp, SHUT_RDWR), WSAENOTCONN);
	FAILS(send(tcp, &number, 1, MSG_NOSIGNAL), WSAESHUTDOWN);
	FAILS(recvfrom(-1, &number, 1, 0, NULL, NULL), WSAENOTSOCK);
	FAILS(sendto(-1, &number, 1, 0, NULL, 0), WSAENOTSOCK);
	ok(!bind(tcp, any, sizeof address), "bind");
	size = sizeof address;
	getsockname(tcp, any, &size);
	FAILS(bind(other, any, sizeof address), WSAEADDRINUSE);
	FAILS(connect(other, any, sizeof address), WSAECONNREFUSED);
	FAILS(closesocket(-1), WSAENOTSOCK);
	FAILS(closesocket(0), WSAENOTSOCK);
	ok(fcntl(0, F_GETFD) >= 0, "what is no socket stays open");
	closesocket(other);
	ok(fcntl(other, F_GETFD) < 0, "closesocket closes");
	closesocket(tcp);
}

static void nothing(int signal_number)
{
	(void)signal_number;
}

static _Atomic int interrupted;

/* Signals for the first thread until its call has ended. */
static void *interrupt(void *thread)
{
	(void)comes_true(!pthread_kill(*(pthread_t *)thread, SIGUSR1) && atomic_load(&interrupted));
	return NULL;
}

/* answers: code-10004 */
static void interruption(void)
{
	struct sigaction action = {.sa_handler = nothing};
	int fd = bound(UDP, "127.0.0.1", 0, 0);
	pthread_t self = pthread_self(), other;
	char byte;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&other, NULL, interrupt, &self);
	FAILS(recv(fd, &byte, 1, 0), WSAEINTR);
	atomic_store(&interrupted, 1);
	pthread_join(other, NULL);
	closesocket(fd);
}

/* answers: code-10048 code-10049 */
static void binds_in_a_block(void)
{
	struct block block = reserve(TCP, 1);
	int fd = tied(&block, "127.0.0.1", 0), other;

	FAILS(socket_bind(fd, "127.0.0.1", block.start - 1, 0), WSAEADDRNOTAVAIL);
	ok(!socket_bind(fd, "127.0.0.1", 0, 0), "bind to the block's only port");
	other = tied(&block, "127.0.0.1", 0);
	FAILS(socket_bind(other, "127.0.0.1", block.start, 0), WSAEADDRINUSE);
	FAILS(socket_bind(other, "127.0.0.1", 0, 0), WSAEADDRINUSE);
	FAILS(listen(other, 1), WSAEADDRINUSE);
	FAILS(socket_connect(other, "127.0.0.1", block.start, 0), WSAEADDRNOTAVAIL);
	closesocket(other);
	closesocket(fd);
	close(block.fd);
}

/* A connection in the making is WSAEWOULDBLOCK, as on Windows, and not WSAEINPROGRESS. */
/* answers: code-defined-only */
static void in_progress(void)
{
	int server = listening("127.0.0.1", 0, 0), fd = socket_open(TCP, "127.0.0.1", 0);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	FAILS(socket_connect(fd, "127.0.0.1", port_of(server), 0), WSAEWOULDBLOCK);
	closesocket(fd);
	closesocket(server);
}

static void startup(void)
{
	WSADATA data;

	WSASetLastError(0);
	ok(WSACleanup() == SOCKET_ERROR && WSAGetLastError() == WSANOTINITIALISED,
	   "WSACleanup before WSAStartup");
	ok(WSAStartup(MAKEWORD(0, 9), &data) == WSAVERNOTSUPPORTED, "version 0.9");
	ok(WSAStartup(MAKEWORD(2, 2), NULL) == WSAEFAULT, "no data");
	ok(WSAStartup(MAKEWORD(2, 2), &data) == 0 && data.wVersion == MAKEWORD(2, 2) &&
		   data.wHighVersion == MAKEWORD(2, 2),
	   "version 2.2");
	ok(WSAStartup(MAKEWORD(3, 1), &data) == 0 && data.wVersion == MAKEWORD(2, 2),
	   "3.1 gets 2.2");
	ok(WSAStartup(MAKEWORD(1, 1), &data) == 0 && data.wVersion == MAKEWORD(1, 1), "1.1");
	ok(!WSACleanup() && !WSACleanup() && !WSACleanup(), "as many WSACleanups");
	ok(WSACleanup() == SOCKET_ERROR, "and no more");
}

static void sockets(void)
{
	SOCKET made = WSASocketW(AF_INET, SOCK_DGRAM, IPPROTO_UDP, NULL, 0,
				 WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

	ok(made != INVALID_SOCKET && fcntl(made, F_GETFD) == FD_CLOEXEC,
	   "WSASocketW, not to be inherited");
	closesocket(made);
	made = WSASocketA(AF_INET6, SOCK_STREAM, 0, NULL, 0, 0);
	ok(made == INVALID_SOCKET ? WSAGetLastError() == WSAEAFNOSUPPORT
				  : fcntl(made, F_GETFD) == 0,
	   "WSASocketA");
	closesocket(made);
	WSASetLastError(0);
	ok(WSASocketA(AF_INET, SOCK_STREAM, 0, (LPWSAPROTOCOL_INFOA)&made, 0, 0) ==
			   INVALID_SOCKET &&
		   WSAGetLastError() == WSAEINVAL,
	   "a protocol's description");
	ok(WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 1, 0) == INVALID_SOCKET, "a group");
	ok(WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, 0x40) == INVALID_SOCKET, "a strange flag");
	WSASetLastError(0);
	ok(WSASocketA(AF_INET, SOCK_STREAM, IPPROTO_UDP, NULL, 0, 0) == INVALID_SOCKET &&
		   WSAGetLastError() == WSAEPROTONOSUPPORT,
	   "what socket() refuses");
}

int main(int argc, char **argv)
{
	const char *wrong = NULL;
	pthread_t thread;

	(void)argc;
	linked(argv);
	ok(WSAGetLastError() == 0, "nothing has failed yet");
	socket_calls();
	WSASetLastError(54321);
	errno = EINVAL;
	ok(WSAGetLastError() == 54321, "errno does not matter");
	errno = 0;
	ok(WSAGetLastError() == 54321 && errno == 0, "nor is it changed");
	closesocket(socket(AF_INET, SOCK_STREAM, 0));
	close(-1);
	ok(WSAGetLastError() == 54321, "success changes nothing, nor does close(-1)");
	pthread_create(&thread, NULL, other_thread, &wrong);
	pthread_join(thread, NULL);
	if (!ok(!wrong, "each thread has its own"))
		diag("%s", wrong);
	ok(WSAGetLastError() == 54321, "and nobody else's");
	interruption();
	binds_in_a_block();
	in_progress();
	startup();
	sockets();
	return done_testing();
}
