/* SPDX-License-Identifier: MIT */
/* WSAIoctl and WSPIoctl: the three calls of portres.h with Winsock's parameters. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "portres.h"
#include "portres/winsock2.h"
#include "winsock/error.h"
#include "winsock/memory.h"
#include "winsock/overlapped.h"

struct request {
	SOCKET socket;
	DWORD code;
	const void *in;
	DWORD in_size;
	void *out;
	DWORD out_size;
	LPDWORD returned;
	LPWSAOVERLAPPED overlapped;
	LPWSAOVERLAPPED_COMPLETION_ROUTINE routine;
};

struct shape {
	DWORD in_size, out_size;
};

static const struct shape *shape_of(DWORD code)
{
	static const struct shape acquire = {sizeof(INET_PORT_RANGE),
					     sizeof(INET_PORT_RESERVATION_INSTANCE)},
				  token = {sizeof(ULONG64), 0};

	switch (code) {
	case SIO_ACQUIRE_PORT_RESERVATION:
		return &acquire;
	case SIO_ASSOCIATE_PORT_RESERVATION:
	case SIO_RELEASE_PORT_RESERVATION:
		return &token;
	default:
		return NULL;
	}
}

/* Everything that can be wrong is found out before anything is done. */
static int request_check(const struct request *request, const struct shape *shape)
{
	int type;
	socklen_t size = sizeof type;

	if (getsockopt(request->socket, SOL_SOCKET, SO_TYPE, &type, &size))
		return error_code(errno);
	if (!shape)
		return WSAEOPNOTSUPP;
	if (!request->in || request->in_size < shape->in_size ||
	    !memory_readable(request->in, shape->in_size))
		return WSAEFAULT;
	if (request->out_size < shape->out_size)
		return WSAEINVAL;
	if (shape->out_size && !memory_writable(request->out, shape->out_size))
		return WSAEFAULT;
	if (request->overlapped ? !memory_writable(request->overlapped, sizeof *request->overlapped)
				: !request->returned)
		return WSAEFAULT;
	if (request->returned && !memory_writable(request->returned, sizeof *request->returned))
		return WSAEFAULT;
	return 0;
}

/* 0 or Winsock's code. */
static int request_carry_out(const struct request *request, const struct shape *shape)
{
	INET_PORT_RESERVATION_INSTANCE instance;

	/* Unaligned pointers are as good as others. */
	memset(&instance, 0, sizeof instance);
	memcpy(&instance, request->in, shape->in_size);
	if (ioctl(request->socket, request->code, &instance))
		return errno == EAGAIN ? WSAENOBUFS : error_code(errno);
	if (shape->out_size)
		memcpy(request->out, &instance, sizeof instance);
	return 0;
}

static int ioctl_any(struct request request)
{
	const struct shape *shape = shape_of(request.code);
	int saved = errno, code;
	DWORD bytes = 0;

	if (!overlapped_is(request.socket, request.overlapped))
		request.overlapped = NULL;
	code = request_check(&request, shape);
	if (!code)
		code = request_carry_out(&request, shape);
	if (!code)
		bytes = shape->out_size;
	if (request.returned && (!code || memory_writable(request.returned, sizeof bytes)))
		*request.returned = bytes;
	if (!code && request.overlapped)
		overlapped_complete(request.overlapped, request.routine, bytes);
	errno = saved;
	return code;
}

int WSAIoctl(SOCKET socket, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
	     LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine)
{
	struct request request = {socket,   code,     in,	  in_size, out,
				  out_size, returned, overlapped, routine};
	int error = ioctl_any(request);

	if (!error)
		return 0;
	WSASetLastError(error);
	return SOCKET_ERROR;
}

int WSPIoctl(SOCKET socket, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
	     LPDWORD returned, LPWSAOVERLAPPED overlapped,
	     LPWSAOVERLAPPED_COMPLETION_ROUTINE routine, LPWSATHREADID thread, LPINT error)
{
	struct request request = {socket,   code,     in,	  in_size, out,
				  out_size, returned, overlapped, routine};
	int code_of_failure = ioctl_any(request);

	(void)thread;
	if (!code_of_failure)
		return 0;
	if (memory_writable(error, sizeof *error))
		*error = code_of_failure;
	return SOCKET_ERROR;
}
