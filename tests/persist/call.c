/* SPDX-License-Identifier: MIT */
/* call create|delete|lookup tcp|udp FIRST COUNT: prints the code, and the token if there is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portres/iphlpapi.h"
#include "portres/winsock2.h"

int main(int argc, char **argv)
{
	ULONG64 token = 0;
	USHORT first, count;
	ULONG code;
	int tcp;

	if (argc != 5)
		return 2;
	tcp = !strcmp(argv[2], "tcp");
	first = htons((USHORT)atoi(argv[3]));
	count = (USHORT)atoi(argv[4]);
	if (!strcmp(argv[1], "create"))
		code = (tcp ? CreatePersistentTcpPortReservation
			    : CreatePersistentUdpPortReservation)(first, count, &token);
	else if (!strcmp(argv[1], "lookup"))
		code = (tcp ? LookupPersistentTcpPortReservation
			    : LookupPersistentUdpPortReservation)(first, count, &token);
	else
		code = (tcp ? DeletePersistentTcpPortReservation
			    : DeletePersistentUdpPortReservation)(first, count);
	printf("%u %s\n", code, token ? "token" : "none");
	return code != NO_ERROR;
}
