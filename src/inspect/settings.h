/* SPDX-License-Identifier: MIT */
/* settings.h - what the kernel does with ports, in this network namespace (ip(7), ip-sysctl) */
#ifndef INSPECT_SETTINGS_H
#define INSPECT_SETTINGS_H

#include "core/reservation.h"

/* A copy of core/sysctl.h's, with a bit for each port. */
struct port_settings {
	struct port_range ephemeral; /* ip_local_port_range: where bind(0) and connect choose */
	uint16_t unprivileged;	     /* ip_unprivileged_port_start: those below need a capability */
	/* ip_local_reserved_ports: not to be chosen; port 8 is bit 0 of byte 1 */
	uint8_t reserved[POOL_PORTS / 8];
};

/* What cannot be read is as Linux begins with: 32768-60999, 1024, none. */
void settings_read(struct port_settings *settings);

bool settings_reserves(const struct port_settings *settings, uint16_t port);

#endif
