/* SPDX-License-Identifier: MIT */
/* mstcpip.h - SIO_ACQUIRE_PORT_RESERVATION and its relatives, and their structures */
#ifndef PORTRES_MSTCPIP_H
#define PORTRES_MSTCPIP_H

#include "../portres.h"
#include "ws2ipdef.h"

#endif
