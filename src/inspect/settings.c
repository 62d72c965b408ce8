/* SPDX-License-Identifier: MIT */
#include "inspect/settings.h"
#include "core/sysctl.h"

static void reserve(uint16_t first, uint16_t last, void *context)
{
	struct port_settings *settings = context;
	uint32_t port;

	for (port = first; port <= last; port++)
		settings->reserved[port / 8] |= (uint8_t)(1U << port % 8);
}

void settings_read(struct port_settings *settings)
{
	*settings = (struct port_settings){
		.ephemeral = sysctl_ephemeral(),
		.unprivileged = sysctl_unprivileged(),
	};
	sysctl_reserved(reserve, settings);
}

bool settings_reserves(const struct port_settings *settings, uint16_t port)
{
	return settings->reserved[port / 8] >> port % 8 & 1;
}
