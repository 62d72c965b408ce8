/* SPDX-License-Identifier: MIT */
/* ws2ipdef.h - addresses of IPv6, and what portres.h defines */
#ifndef PORTRES_WS2IPDEF_H
#define PORTRES_WS2IPDEF_H

#include "../portres.h"
#include "winsock2.h"

typedef struct sockaddr_in6 SOCKADDR_IN6, *PSOCKADDR_IN6, *LPSOCKADDR_IN6;
typedef struct in6_addr IN6_ADDR, *PIN6_ADDR, *LPIN6_ADDR;

typedef union _SOCKADDR_INET {
	struct sockaddr_in Ipv4;
	struct sockaddr_in6 Ipv6;
	sa_family_t si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;

#endif
