// SPDX-License-Identifier: MIT
// A program as people write it for Windows, with the headers, calls and formats of the
// pages on port reservations. Nothing in it knows of Linux.
#ifndef UNICODE
#define UNICODE
#endif

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif

#include <Windows.h.>
#include <Windows.h>
#include <winsock2.h>
#include <mstcpip.h>
#include <ws2ipdef.h>
#include <stdio.h>
#include <stdlib.h>

#pragma comment(lib, "ws2_32.lib")

int __cdecl wmain(int argc, WCHAR **argv)
{
	WSADATA wsaData;
	SOCKET sock = INVALID_SOCKET;
	sockaddr_in service;
	int nameLen = sizeof(service);
	INET_PORT_RANGE portRange = {0};
	INET_PORT_RESERVATION_INSTANCE portRes = {0};
	DWORD bytesReturned = 0;
	int iResult;

	if (argc != 6) {
		wprintf(L"usage: %ws <addressfamily> <type> <protocol> <StartPort> <NumberOfPorts>\n",
			argv[0]);
		return 1;
	}
	portRange.StartPort = htons((USHORT)_wtoi(argv[4]));
	portRange.NumberOfPorts = (USHORT)_wtoi(argv[5]);

	iResult = WSAStartup(MAKEWORD(2, 2), &wsaData);
	if (iResult != 0) {
		wprintf(L"WSAStartup failed with error = %d\n", iResult);
		return 1;
	}
	sock = socket(_wtoi(argv[1]), _wtoi(argv[2]), _wtoi(argv[3]));
	if (sock == INVALID_SOCKET) {
		wprintf(L"socket failed with error = %d\n", WSAGetLastError());
		WSACleanup();
		return 1;
	}
	iResult = WSAIoctl(sock, SIO_ACQUIRE_PORT_RESERVATION, (LPVOID)&portRange,
			   sizeof(INET_PORT_RANGE), (LPVOID)&portRes,
			   sizeof(INET_PORT_RESERVATION_INSTANCE), &bytesReturned, NULL, NULL);
	if (iResult != 0) {
		wprintf(L"acquire failed with error = %d\n", WSAGetLastError());
		closesocket(sock);
		WSACleanup();
		return 1;
	}
	wprintf(L"acquired, bytesReturned = %u\n", bytesReturned);
	/* answers: struct-members-cpp */
	wprintf(L"Starting port=%d, Number of Ports=%d, Token=%I64d\n",
		htons(portRes.Reservation.StartPort), portRes.Reservation.NumberOfPorts,
		portRes.Token);

	iResult = WSAIoctl(sock, SIO_ASSOCIATE_PORT_RESERVATION, (LPVOID)&portRes.Token,
			   sizeof(ULONG64), NULL, 0, &bytesReturned, NULL, NULL);
	if (iResult != 0)
		wprintf(L"associate failed with error = %d\n", WSAGetLastError());
	else
		wprintf(L"associated, bytesReturned = %u\n", bytesReturned);

	ZeroMemory(&service, sizeof(service));
	service.sin_family = (ADDRESS_FAMILY)_wtoi(argv[1]);
	service.sin_addr.s_addr = INADDR_ANY;
	service.sin_port = 0;
	iResult = bind(sock, (SOCKADDR *)&service, sizeof(service));
	if (iResult == SOCKET_ERROR)
		wprintf(L"bind failed with error = %d\n", WSAGetLastError());
	else if (getsockname(sock, (sockaddr *)&service, &nameLen) == SOCKET_ERROR)
		wprintf(L"getsockname failed with error = %d\n", WSAGetLastError());
	else if (htons(service.sin_port) < htons(portRes.Reservation.StartPort))
		wprintf(L"bound elsewhere\n");
	else
		wprintf(L"bound\n");
	if (accept(INVALID_SOCKET, NULL, NULL) != INVALID_SOCKET ||
	    WSAGetLastError() != WSAENOTSOCK)
		wprintf(L"accept has a length where it was given none\n");

	iResult = WSAIoctl(sock, SIO_RELEASE_PORT_RESERVATION, (LPVOID)&portRes.Token,
			   sizeof(ULONG64), NULL, 0, &bytesReturned, NULL, NULL);
	if (iResult != 0)
		wprintf(L"release failed with error = %d\n", WSAGetLastError());
	else
		wprintf(L"released, bytesReturned = %u\n", bytesReturned);
	if (portRes.Token == portRes.Token.Token)
		wprintf(L"%ws\n", L"the token is a number and a structure");
	closesocket(sock);
	WSACleanup();
	return 0;
}
