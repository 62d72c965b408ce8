/* SPDX-License-Identifier: MIT */
/*
 * Winsock's functions around the calls of WSAIoctl, and the socket calls of libc for
 * programs that ask WSAGetLastError after them: winsock2.h leads their names here.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "portres/winsock2.h"
#include "winsock/error.h"
#include "winsock/overlapped.h"

#define VERSION_MAJOR 2
#define VERSION_MINOR 2

static _Atomic unsigned int started;

int WSAStartup(WORD version, LPWSADATA data)
{
	WORD granted = version;

	if (!LOBYTE(version))
		return WSAVERNOTSUPPORTED;
	if (!data)
		return WSAEFAULT;
	if (LOBYTE(version) > VERSION_MAJOR ||
	    (LOBYTE(version) == VERSION_MAJOR && HIBYTE(version) > VERSION_MINOR))
		granted = MAKEWORD(VERSION_MAJOR, VERSION_MINOR);
	memset(data, 0, sizeof *data);
	data->wVersion = granted;
	data->wHighVersion = MAKEWORD(VERSION_MAJOR, VERSION_MINOR);
	snprintf(data->szDescription, sizeof data->szDescription, "libportres");
	snprintf(data->szSystemStatus, sizeof data->szSystemStatus, "Running");
	atomic_fetch_add(&started, 1);
	return 0;
}

int WSACleanup(void)
{
	unsigned int times = atomic_load(&started);

	do {
		if (!times) {
			WSASetLastError(WSANOTINITIALISED);
			return SOCKET_ERROR;
		}
	} while (!atomic_compare_exchange_weak(&started, &times, times - 1));
	return 0;
}

static SOCKET socket_make(int family, int type, int protocol, const void *info, GROUP group,
			  DWORD flags)
{
	SOCKET made;

	if (info || group || flags & ~(DWORD)(WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT)) {
		WSASetLastError(WSAEINVAL);
		return INVALID_SOCKET;
	}
	if (flags & WSA_FLAG_NO_HANDLE_INHERIT)
		type |= SOCK_CLOEXEC;
	made = (SOCKET)error_note(socket(family, type, protocol));
	if (made != INVALID_SOCKET && !(flags & WSA_FLAG_OVERLAPPED) && overlapped_forbid(made)) {
		close(made);
		WSASetLastError(WSAENOBUFS);
		return INVALID_SOCKET;
	}
	return made;
}

SOCKET WSASocketA(int family, int type, int protocol, LPWSAPROTOCOL_INFOA info, GROUP group,
		  DWORD flags)
{
	return socket_make(family, type, protocol, info, group, flags);
}

SOCKET WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group,
		  DWORD flags)
{
	return socket_make(family, type, protocol, info, group, flags);
}

int closesocket(SOCKET fd)
{
	int type;
	socklen_t size = sizeof type;

	if (error_note(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size)))
		return SOCKET_ERROR;
	return (int)error_note(close(fd));
}

#define WINSOCK_CALLS(CALL)                                                                        \
	CALL(int, socket, (int family, int type, int protocol), family, type, protocol)            \
	CALL(int, bind, (int fd, const struct sockaddr *address, socklen_t length), fd, address,   \
	     length)                                                                               \
	CALL(int, listen, (int fd, int backlog), fd, backlog)                                      \
	CALL(int, connect, (int fd, const struct sockaddr *address, socklen_t length), fd,         \
	     address, length)                                                                      \
	CALL(int, accept, (int fd, struct sockaddr *address, socklen_t *length), fd, address,      \
	     length)                                                                               \
	CALL(int, getsockname, (int fd, struct sockaddr *address, socklen_t *length), fd, address, \
	     length)                                                                               \
	CALL(int, getpeername, (int fd, struct sockaddr *address, socklen_t *length), fd, address, \
	     length)                                                                               \
	CALL(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *size), fd,   \
	     level, option, value, size)                                                           \
	CALL(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t size),  \
	     fd, level, option, value, size)                                                       \
	CALL(int, shutdown, (int fd, int how), fd, how)                                            \
	CALL(ssize_t, send, (int fd, const void *data, size_t size, int flags), fd, data, size,    \
	     flags)                                                                                \
	CALL(ssize_t, sendto,                                                                      \
	     (int fd, const void *data, size_t size, int flags, const struct sockaddr *address,    \
	      socklen_t length),                                                                   \
	     fd, data, size, flags, address, length)                                               \
	CALL(ssize_t, recv, (int fd, void *data, size_t size, int flags), fd, data, size, flags)   \
	CALL(ssize_t, recvfrom,                                                                    \
	     (int fd, void *data, size_t size, int flags, struct sockaddr *address,                \
	      socklen_t *length),                                                                  \
	     fd, data, size, flags, address, length)

/* NAME(parameters) of libc, as portres_winsock_NAME, which notes the code of its failure. */
#define CALL(result, name, parameters, ...)                                                        \
	result portres_winsock_##name parameters;                                                  \
	result portres_winsock_##name parameters                                                   \
	{                                                                                          \
		return (result)error_note(name(__VA_ARGS__));                                      \
	}
WINSOCK_CALLS(CALL)
#undef CALL
