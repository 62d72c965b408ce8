/* SPDX-License-Identifier: MIT */
/* sysctl.h - what the kernel does with ports in this network namespace (ip(7)) */
#ifndef CORE_SYSCTL_H
#define CORE_SYSCTL_H

#include "core/reservation.h"

/* Where bind(0) and connect choose, ip_local_port_range; 32768-60999, with which Linux
 * begins, where it cannot be read. */
struct port_range sysctl_ephemeral(void);

/* Ports below it need a capability: ip_unprivileged_port_start, or 1024. */
uint16_t sysctl_unprivileged(void);

/* Shows the runs of ports of ip_local_reserved_ports, which bind(0) and connect leave out. */
typedef void sysctl_visit(uint16_t first, uint16_t last, void *context);
void sysctl_reserved(sysctl_visit *visit, void *context);

#endif
