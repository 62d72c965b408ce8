/* SPDX-License-Identifier: MIT */
/* A call of WSAIoctl and WSPIoctl, with parameters for a test to spoil. */
#ifndef TESTS_WINSOCK_CALL_H
#define TESTS_WINSOCK_CALL_H

#include "linked.h"

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

HELPER struct call call_acquire(SOCKET socket)
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

HELPER struct call call_token(SOCKET socket, DWORD code)
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
/* answers: wsaioctl-failure wspioctl-error */
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

HELPER void is_made(const struct call *call, int expected, DWORD expected_bytes, const char *what)
{
	int code = made(call);

	if (!ok(code == expected &&
			(!call->returned || call->returned != &bytes || bytes == expected_bytes),
		"%s: %d, %u bytes", what, expected, expected_bytes))
		diag("%d, %u bytes", code, bytes);
}

#endif
