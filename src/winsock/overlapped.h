/* SPDX-License-Identifier: MIT */
/* overlapped.h - calls that may complete later, and here never do */
#ifndef WINSOCK_OVERLAPPED_H
#define WINSOCK_OVERLAPPED_H

#include <stdbool.h>

#include "portres/winsock2.h"

/* A socket that WSASocket made without WSA_FLAG_OVERLAPPED; 0, or -ENOMEM. */
int overlapped_forbid(SOCKET socket);

/* Whether a call is overlapped: it was given a structure, and the socket allows it. */
bool overlapped_is(SOCKET socket, const WSAOVERLAPPED *overlapped);

/* Fills in the structure and calls the routine, if there is one. */
void overlapped_complete(LPWSAOVERLAPPED overlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE routine,
			 DWORD bytes);

#endif
