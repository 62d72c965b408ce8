/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "winsock/error.h"
#include "winsock/memory.h"
#include "winsock/overlapped.h"

/* The SO_COOKIEs of the sockets that are not overlapped; cookies are never used again. */
static void *plain;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

static uint64_t cookie_of(SOCKET socket)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof cookie;

	return getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size) ? 0 : cookie;
}

int overlapped_forbid(SOCKET socket)
{
	uint64_t *cookie = malloc(sizeof *cookie);
	void *found;

	if (!cookie)
		return -ENOMEM;
	*cookie = cookie_of(socket);
	pthread_mutex_lock(&lock);
	found = tsearch(cookie, &plain, compare);
	pthread_mutex_unlock(&lock);
	if (!found || *(uint64_t **)found != cookie)
		free(cookie);
	return found ? 0 : -ENOMEM;
}

bool overlapped_is(SOCKET socket, const WSAOVERLAPPED *overlapped)
{
	uint64_t cookie;
	bool forbidden;

	if (!overlapped)
		return false;
	cookie = cookie_of(socket);
	pthread_mutex_lock(&lock);
	forbidden = tfind(&cookie, &plain, compare) != NULL;
	pthread_mutex_unlock(&lock);
	return !forbidden;
}

void overlapped_complete(LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
			 DWORD bytes)
{
	overlapped->Internal = 0;
	overlapped->InternalHigh = bytes;
	if (routine)
		routine(0, bytes, overlapped, 0);
}

BOOL WSAGetOverlappedResult(SOCKET socket, LPWSAOVERLAPPED overlapped, LPDWORD transferred,
			    BOOL wait, LPDWORD flags)
{
	int type;
	socklen_t size = sizeof type;

	(void)wait;
	if (!memory_writable(overlapped, sizeof *overlapped) ||
	    !memory_writable(transferred, sizeof *transferred) ||
	    !memory_writable(flags, sizeof *flags)) {
		WSASetLastError(WSAEFAULT);
		return FALSE;
	}
	if (error_note(getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size)))
		return FALSE;
	*transferred = (DWORD)overlapped->InternalHigh;
	*flags = 0;
	if (!overlapped->Internal)
		return TRUE;
	WSASetLastError((int)overlapped->Internal);
	return FALSE;
}
