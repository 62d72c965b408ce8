/* SPDX-License-Identifier: MIT */
/* WSAIoctl and WSPIoctl: each row of their table, on sockets of each kind. */
#include "linked.h"
#include <sys/mman.h>
#include <sys/resource.h>

#define SOME_ERROR 12345

/* The parameters of a call; those of ACQUIRE that succeeds, for a test to spoil. */
struct call {
	SOCKET socket;
	DWORD code;
	void *in;
	DWORD in_size;
	void *out;
	DWORD out_size;
	DWORD *returned;
	WSAOVERLAPPED *overlapped;
	LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
};

static INET_PORT_RANGE range;
static instance result;
static ULONG64 token;
static DWORD bytes;
static WSAOVERLAPPED overlapped;
static void *nowhere;

static struct call call_acquire(SOCKET socket)
{
	range = (INET_PORT_RANGE){0, 3};
	memset(&result, 0, sizeof result);
	bytes = 777;
	return (struct call){.socket = socket,
			     .code = SIO_ACQUIRE_PORT_RESERVATION,
			     .in = &range,
			     .in_size = sizeof range,
			     .out = &result,
			     .out_size = sizeof result,
			     .returned = &bytes};
}

static struct call call_token(SOCKET socket, DWORD code)
{
	token = result.Token;
	bytes = 777;
	return (struct call){.socket = socket,
			     .code = code,
			     .in = &token,
			     .in_size = sizeof token,
			     .returned = &bytes};
}

/* 0 or the code, of both functions: the first that fails does nothing. */
static int made(const struct call *call)
{
	int before = WSAGetLastError(), failed, error = SOME_ERROR;

	errno = ENOENT;
	failed = WSPIoctl(call->socket, call->code, call->in, call->in_size, call->out,
			  call->out_size, call->returned, call->overlapped, call->routine, NULL,
			  &error);
	if (errno != ENOENT || WSAGetLastError() != before)
		return -1;
	if (!failed)
		return error == SOME_ERROR ? 0 : -2;
	WSASetLastError(SOME_ERROR);
	if (WSAIoctl(call->socket, call->code, call->in, call->in_size, call->out, call->out_size,
		     call->returned, call->overlapped, call->routine) != SOCKET_ERROR)
		return -3;
	return errno != ENOENT ? -4 : WSAGetLastError() == error ? error : -5;
}

static void is_made(const struct call *call, int expected, DWORD expected_bytes, const char *what)
{
	int code = made(call);

	if (!ok(code == expected &&
			(!call->returned || call->returned != &bytes || bytes == expected_bytes),
		"%s: %d, %u bytes", what, expected, expected_bytes))
		diag("%d, %u bytes", code, bytes);
}

static void successes(SOCKET socket, const char *kind)
{
	struct call call = call_acquire(socket);
	char what[100];

	snprintf(what, sizeof what, "%s: ACQUIRE", kind);
	is_made(&call, 0, 16, what);
	ok(result.Token && ntohs(result.StartPort) && result.NumberOfPorts == 3 &&
		   range.StartPort == 0 && range.NumberOfPorts == 3,
	   "%s: the block is in the output, the input as it was", kind);
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION);
	snprintf(what, sizeof what, "%s: ASSOCIATE", kind);
	is_made(&call, 0, 0, what);
	ok(!socket_bind(socket, "127.0.0.1", 0, 0) && port_of(socket) >= ntohs(result.StartPort) &&
		   port_of(socket) < ntohs(result.StartPort) + 3,
	   "%s: bind gets a port of the block", kind);
	call = call_token(socket, SIO_RELEASE_PORT_RESERVATION);
	snprintf(what, sizeof what, "%s: RELEASE", kind);
	is_made(&call, 0, 0, what);
	is_made(&call, WSAEINVAL, 0, "a second RELEASE");
}

/* One buffer for both, larger ones, ones that are not aligned. */
static void buffers(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0);
	struct call call = call_acquire(socket);
	char large[100] = {0}, *odd = large + 1;

	result.NumberOfPorts = 2;
	call.in = &result;
	is_made(&call, 0, 16, "one buffer for input and output");
	ok(result.NumberOfPorts == 2 && result.Token, "has the block then");
	call = call_acquire(socket);
	memcpy(odd, &range, sizeof range);
	call.in = odd;
	call.in_size = call.out_size = 64;
	call.out = large + 33;
	is_made(&call, 0, 16, "larger buffers at odd addresses");
	memcpy(&result, large + 33, sizeof result);
	ok(result.Token && result.NumberOfPorts == 3 && !large[33 + 16], "16 bytes are written");
	close(socket);
}

static void faults(void)
{
	SOCKET socket = socket_open(UDP, "127.0.0.1", 0);
	struct call good = call_acquire(socket), call;

	call = good, call.out_size = 15;
	is_made(&call, WSAEINVAL, 0, "an output buffer of 15 bytes");
	call = good, call.out = NULL, call.out_size = 0;
	is_made(&call, WSAEINVAL, 0, "none at all");
	call = good, call.out = NULL;
	is_made(&call, WSAEFAULT, 0, "output NULL, said to have 16 bytes");
	call = good, call.out = nowhere;
	is_made(&call, WSAEFAULT, 0, "an output that cannot be written");
	call = good, call.in = NULL;
	is_made(&call, WSAEFAULT, 0, "input NULL");
	call = good, call.in_size = 3;
	is_made(&call, WSAEFAULT, 0, "an input of 3 bytes");
	call = good, call.in = nowhere;
	is_made(&call, WSAEFAULT, 0, "an input that cannot be read");
	call = good, call.returned = NULL;
	is_made(&call, WSAEFAULT, 0, "lpcbBytesReturned NULL, not overlapped");
	call = good, call.returned = nowhere;
	is_made(&call, WSAEFAULT, 0, "lpcbBytesReturned that cannot be written");
	call = good, call.overlapped = nowhere;
	is_made(&call, WSAEFAULT, 0, "lpOverlapped that cannot be written");
	ok(!result.Token && !result.NumberOfPorts, "none of them has written an output");
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION), call.in_size = 7;
	is_made(&call, WSAEFAULT, 0, "a token of 7 bytes");
	call = call_token(socket, SIO_RELEASE_PORT_RESERVATION), call.in = nowhere;
	is_made(&call, WSAEFAULT, 0, "a token that cannot be read");
	close(socket);
}

static int others_token(void *context)
{
	struct call call = call_token(*(SOCKET *)context, SIO_ASSOCIATE_PORT_RESERVATION);

	is_made(&call, WSAEACCES, 0, "the token of another process");
	return 0;
}

/* errno as Winsock says it. */
static void codes(void)
{
	SOCKET socket = socket_open(TCP, "127.0.0.1", 0), other = socket_open(TCP, "127.0.0.1", 0);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int local = (int)syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	struct call call = call_acquire(-1);
	struct rlimit limit, none;
	struct peer peer;

	is_made(&call, WSAENOTSOCK, 0, "no descriptor");
	call.socket = file;
	is_made(&call, WSAENOTSOCK, 0, "a file");
	call.socket = local;
	is_made(&call, WSAEOPNOTSUPP, 0, "a socket that is not of the internet");
	call = call_acquire(socket), call.code = 0xD8000064;
	is_made(&call, WSAEOPNOTSUPP, 0, "a code that is none of the three");
	call = call_acquire(socket), range.NumberOfPorts = 0;
	is_made(&call, WSAEINVAL, 0, "no ports");
	range = (INET_PORT_RANGE){htons(65535), 2};
	is_made(&call, WSAEINVAL, 0, "past 65535");
	call = call_acquire(socket);
	is_made(&call, 0, 16, "a block");
	range = result.Reservation;
	call.socket = other;
	is_made(&call, WSAEADDRINUSE, 0, "the same once more");
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)other + 3;
	call = call_acquire(other);
	setrlimit(RLIMIT_NOFILE, &none);
	is_made(&call, WSAENOBUFS, 0, "out of descriptors");
	setrlimit(RLIMIT_NOFILE, &limit);
	/* of another process: passed by its own acquirer, who told the token */
	peer = peer_start();
	if (!peer.pid) {
		call = call_acquire(socket_open(TCP, "127.0.0.1", 0));
		tell(&peer, made(&call) ? 0 : result.Token);
		hear(&peer);
		_exit(0);
	}
	result.Token = hear(&peer);
	others_token(&socket);
	tell(&peer, 0);
	peer_end(&peer);
	result.Token = 0;
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION);
	is_made(&call, WSAEINVAL, 0, "a token of nobody");
	socket_bind(other, "127.0.0.1", 0, 0);
	close(file);
	close(local);
	close(socket);
	close(other);
}

static int calls;
static int routine_saw;

static void routine(DWORD error, DWORD transferred, LPWSAOVERLAPPED which, DWORD flags)
{
	calls++;
	routine_saw =
		!error && transferred == which->InternalHigh && which == &overlapped && !flags;
}

static void overlapped_calls(SOCKET socket, int allowed, const char *kind)
{
	struct call call = call_acquire(socket);
	DWORD transferred = 777, flags = 777;

	memset(&overlapped, 0xee, sizeof overlapped);
	call.overlapped = &overlapped;
	call.returned = NULL;
	if (!allowed) {
		is_made(&call, WSAEFAULT, 0, "not overlapped: lpcbBytesReturned is needed");
		call.returned = &bytes;
		call.routine = routine;
		calls = 0;
		is_made(&call, 0, 16, "not overlapped: lpOverlapped is ignored");
		ok(!calls && overlapped.InternalHigh != 16, "and so is the routine");
		call = call_acquire(socket);
		call.overlapped = nowhere;
		is_made(&call, 0, 16, "be it a bad pointer");
		return;
	}
	ok(made(&call) == 0, "%s: overlapped, lpcbBytesReturned NULL", kind);
	ok(overlapped.Internal == 0 && overlapped.InternalHigh == 16, "%s: complete at once", kind);
	ok(WSAGetOverlappedResult(socket, &overlapped, &transferred, FALSE, &flags) == TRUE &&
		   transferred == 16 && flags == 0,
	   "%s: WSAGetOverlappedResult gives the count", kind);
	call = call_token(socket, SIO_ASSOCIATE_PORT_RESERVATION);
	memset(&overlapped, 0xee, sizeof overlapped);
	overlapped.hEvent = &calls;
	call.overlapped = &overlapped;
	call.routine = routine;
	calls = 0;
	is_made(&call, 0, 0, "with a completion routine");
	ok(calls == 1 && routine_saw, "which is called once");
	ok(overlapped.hEvent == &calls, "hEvent is as it was");
	call.in_size = 1;
	calls = 0;
	memset(&overlapped, 0xee, sizeof overlapped);
	is_made(&call, WSAEFAULT, 0, "overlapped and wrong");
	ok(!calls && overlapped.Internal == (ULONG_PTR)0xeeeeeeeeeeeeeeee,
	   "leaves the structure alone, and calls nothing");
	WSASetLastError(0);
	ok(!WSAGetOverlappedResult(socket, NULL, &transferred, FALSE, &flags) &&
		   WSAGetLastError() == WSAEFAULT,
	   "WSAGetOverlappedResult of nothing: WSAEFAULT");
	ok(!WSAGetOverlappedResult(-1, &overlapped, &transferred, FALSE, &flags) &&
		   WSAGetLastError() == WSAENOTSOCK,
	   "of no socket: WSAENOTSOCK");
}

int main(int argc, char **argv)
{
	SOCKET socket;

	(void)argc;
	linked(argv);
	ok(!getenv("LD_PRELOAD") || !*getenv("LD_PRELOAD"), "linked, not preloaded");
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int type = TCP; type <= UDP; type++) {
		socket = socket_open(type, "127.0.0.1", 0);
		successes(socket, type_name(type));
		close(socket);
	}
	buffers();
	faults();
	codes();
	socket = socket_open(UDP, "127.0.0.1", 0);
	overlapped_calls(socket, 1, "socket()");
	closesocket(socket);
	socket = WSASocketW(AF_INET, SOCK_STREAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
	overlapped_calls(socket, 1, "WSA_FLAG_OVERLAPPED");
	closesocket(socket);
	socket = WSASocketA(AF_INET, SOCK_STREAM, 0, NULL, 0, 0);
	overlapped_calls(socket, 0, "WSASocketA without it");
	closesocket(socket);
	return done_testing();
}
