/* SPDX-License-Identifier: MIT */
/*
 * winsock - one source for Windows and Linux: reserves a block of ports, binds to one of
 * its ports, and releases it
 *
 *	winsock <family> <type> <protocol> <first port> <number of ports>
 *	winsock 2 1 6 0 10
 *
 * Windows:  cl winsock.c
 * Linux:    cc winsock.c $(pkg-config --cflags --libs portres-winsock) -o winsock
 */
#ifndef UNICODE
#define UNICODE
#endif

#include <Windows.h>
#include <winsock2.h>
#include <mstcpip.h>
#include <ws2ipdef.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _MSC_VER
#pragma comment(lib, "ws2_32.lib")
#endif

static int failed(const WCHAR *what)
{
	wprintf(L"%ws failed with error = %d\n", what, WSAGetLastError());
	return 1;
}

static int use_block(SOCKET sock, USHORT first, USHORT count)
{
	INET_PORT_RANGE range;
	INET_PORT_RESERVATION_INSTANCE block;
	SOCKADDR_IN address = {0};
	socklen_t size = sizeof address;
	ULONG64 token;
	DWORD bytes = 0;

	range.StartPort = htons(first);
	range.NumberOfPorts = count;
	if (WSAIoctl(sock, SIO_ACQUIRE_PORT_RESERVATION, (LPVOID)&range, sizeof range,
		     (LPVOID)&block, sizeof block, &bytes, NULL, NULL) == SOCKET_ERROR)
		return failed(L"WSAIoctl(SIO_ACQUIRE_PORT_RESERVATION)");
	wprintf(L"WSAIoctl(SIO_ACQUIRE_PORT_RESERVATION) succeeded, bytes returned = %u\n", bytes);
	wprintf(L"Starting port=%d, number of ports=%d, token=%I64d\n",
		ntohs(block.Reservation.StartPort), block.Reservation.NumberOfPorts, block.Token);

	token = block.Token;
	if (WSAIoctl(sock, SIO_ASSOCIATE_PORT_RESERVATION, (LPVOID)&token, sizeof token, NULL, 0,
		     &bytes, NULL, NULL) == SOCKET_ERROR)
		return failed(L"WSAIoctl(SIO_ASSOCIATE_PORT_RESERVATION)");
	wprintf(L"WSAIoctl(SIO_ASSOCIATE_PORT_RESERVATION) succeeded, bytes returned = %u\n",
		bytes);

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(sock, (SOCKADDR *)&address, sizeof address) == SOCKET_ERROR)
		return failed(L"bind");
	if (getsockname(sock, (SOCKADDR *)&address, &size) == SOCKET_ERROR)
		return failed(L"getsockname");
	wprintf(L"bound to port %d\n", ntohs(address.sin_port));

	if (WSAIoctl(sock, SIO_RELEASE_PORT_RESERVATION, (LPVOID)&token, sizeof token, NULL, 0,
		     &bytes, NULL, NULL) == SOCKET_ERROR)
		return failed(L"WSAIoctl(SIO_RELEASE_PORT_RESERVATION)");
	wprintf(L"WSAIoctl(SIO_RELEASE_PORT_RESERVATION) succeeded, bytes returned = %u\n", bytes);
	return 0;
}

int wmain(int argc, WCHAR **argv)
{
	WSADATA data;
	SOCKET sock;
	int error, result;

	if (argc != 6) {
		wprintf(L"usage: %ws <family> <type> <protocol> <first port> <number of ports>\n",
			argv[0]);
		wprintf(L"%ws example\n", argv[0]);
		wprintf(L"  %ws 2 2 17 5000 20\n", argv[0]);
		return 1;
	}
	error = WSAStartup(MAKEWORD(2, 2), &data);
	if (error != 0) {
		wprintf(L"WSAStartup failed with error = %d\n", error);
		return 1;
	}
	sock = socket(_wtoi(argv[1]), _wtoi(argv[2]), _wtoi(argv[3]));
	if (sock == INVALID_SOCKET) {
		result = failed(L"socket");
	} else {
		result = use_block(sock, (USHORT)_wtoi(argv[4]), (USHORT)_wtoi(argv[5]));
		closesocket(sock);
	}
	WSACleanup();
	return result;
}
