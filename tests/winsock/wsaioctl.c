/* SPDX-License-Identifier: MIT */
/*
 * WSAIoctl and WSPIoctl: what they give back and what they refuse, on sockets of each kind.
 * The codes of errors are in codes.c.
 */
#include "call.h"
#include <sys/mman.h>

static WSAOVERLAPPED overlapped;
static void *nowhere;

/* answers: wsaioctl-bytes-acquire wsaioctl-bytes-token wsaioctl-plain code-10022 */
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

/* answers: wsaioctl-output-short wsaioctl-input-short wsaioctl-bytes-null wsaioctl-bad-pointer */
/* answers: code-10014 code-10022 */
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

/* Whatever was wrong with it: strangers can have the ports that it asked for. */
/* answers: wsaioctl-bad-pointer */
static int nothing_reserved(void *unused)
{
	SOCKET socket = socket_open(UDP, "127.0.0.1", 0);
	struct call good = call_acquire(socket), call;
	int refused = 0, start = free_block(3);

	(void)unused;
	range.StartPort = htons((uint16_t)start);
	call = good, call.out = nowhere;
	refused += made(&call) == WSAEFAULT;
	call = good, call.out_size = 8;
	refused += made(&call) == WSAEINVAL;
	call = good, call.returned = nowhere;
	refused += made(&call) == WSAEFAULT;
	call = good, call.overlapped = nowhere;
	refused += made(&call) == WSAEFAULT;
	refused += !taken_ports(UDP, start, 3);
	close(socket);
	return refused == 5;
}

static int calls;
static int routine_saw;

static void routine(DWORD error, DWORD transferred, LPWSAOVERLAPPED which, DWORD flags)
{
	calls++;
	routine_saw =
		!error && transferred == which->InternalHigh && which == &overlapped && !flags;
}

/* answers: wsaioctl-overlapped wsaioctl-not-overlapped wsaioctl-socket wsaioctl-result */
/* answers: wsaioctl-routine wsaioctl-event */
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
	ok(settled(nothing_reserved, NULL), "and none has reserved anything");
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
