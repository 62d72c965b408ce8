/* SPDX-License-Identifier: MIT */
/*
 * persistent - one source for Windows and Linux: a service whose ports are reserved once,
 * for good, and whose processes find them again
 *
 *	persistent create <first port> <number of ports>    once, when it is set up
 *	persistent serve <first port> <number of ports>     each time it starts
 *	persistent delete <first port> <number of ports>    when it is taken away
 *
 * Windows:  cl persistent.c
 * Linux:    cc persistent.c $(pkg-config --cflags --libs portres-winsock) -o persistent
 */
#ifndef UNICODE
#define UNICODE
#endif

#include <winsock2.h>
#include <mstcpip.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
#include <Windows.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _MSC_VER
#pragma comment(lib, "ws2_32.lib")
#pragma comment(lib, "iphlpapi.lib")
#endif

static int failed(const WCHAR *what, ULONG code)
{
	wprintf(L"%ws failed with error = %u\n", what, code);
	return 1;
}

static int create(USHORT first, USHORT count)
{
	ULONG64 token = 0;
	ULONG status = CreatePersistentTcpPortReservation(htons(first), count, &token);

	if (status != NO_ERROR)
		return failed(L"CreatePersistentTcpPortReservation", status);
	wprintf(L"reserved %u ports from %u, token=%I64d\n", count, first, token);
	return 0;
}

static int serve(USHORT first, USHORT count)
{
	SOCKET sock = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED);
	struct sockaddr_in address = {0};
	socklen_t size = sizeof address;
	ULONG64 token = 0;
	DWORD bytes = 0;
	ULONG status;

	if (sock == INVALID_SOCKET)
		return failed(L"WSASocket", WSAGetLastError());
	/* Looked up at each start: the token may be another one. */
	status = LookupPersistentTcpPortReservation(htons(first), count, &token);
	if (status != NO_ERROR)
		return failed(L"LookupPersistentTcpPortReservation", status);
	if (WSAIoctl(sock, SIO_ASSOCIATE_PORT_RESERVATION, (LPVOID)&token, sizeof token, NULL, 0,
		     &bytes, NULL, NULL) == SOCKET_ERROR)
		return failed(L"WSAIoctl(SIO_ASSOCIATE_PORT_RESERVATION)", WSAGetLastError());
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(sock, (struct sockaddr *)&address, sizeof address) == SOCKET_ERROR)
		return failed(L"bind", WSAGetLastError());
	if (listen(sock, SOMAXCONN) == SOCKET_ERROR)
		return failed(L"listen", WSAGetLastError());
	getsockname(sock, (struct sockaddr *)&address, &size);
	wprintf(L"serving on port %u\n", ntohs(address.sin_port));
	closesocket(sock);
	return 0;
}

static int remove_block(USHORT first, USHORT count)
{
	ULONG status = DeletePersistentTcpPortReservation(htons(first), count);

	if (status != NO_ERROR)
		return failed(L"DeletePersistentTcpPortReservation", status);
	wprintf(L"deleted\n");
	return 0;
}

int wmain(int argc, WCHAR **argv)
{
	WSADATA data;
	USHORT first, count;
	int result = 2;

	if (argc != 4) {
		wprintf(L"usage: %ws create|serve|delete <first port> <number of ports>\n", argv[0]);
		return result;
	}
	first = (USHORT)_wtoi(argv[2]);
	count = (USHORT)_wtoi(argv[3]);
	if (WSAStartup(MAKEWORD(2, 2), &data))
		return 1;
	if (!wcscmp(argv[1], L"create"))
		result = create(first, count);
	else if (!wcscmp(argv[1], L"serve"))
		result = serve(first, count);
	else if (!wcscmp(argv[1], L"delete"))
		result = remove_block(first, count);
	WSACleanup();
	return result;
}
