/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/map-kinds.h"

const struct kind_look kind_looks[PORT_KINDS] = {
	[PORT_FREE] = {'.', 235, 0, "#eef0f2", "#24282d", "free"},
	[PORT_PRIVILEGED] = {',', 239, 5, "#d8d3e3", "#3d3850", "free, for privileged programs"},
	[PORT_EPHEMERAL] = {':', 242, 8, "#cdd5dd", "#3f4a55",
			    "free, and the kernel may choose it"},
	[PORT_RESERVED] = {'r', 250, 7, "#8d99a6", "#8592a0", "free, not chosen by the kernel"},
	[PORT_HELD] = {'#', 26, 4, "#0b5cad", "#1f6fc4", "held by a reservation of yours"},
	[PORT_HELD_OTHER] = {'%', 130, 1, "#a85a00", "#a85f12", "held by a reservation of others"},
	[PORT_USED] = {'@', 81, 14, "#4cb8f0", "#7fd4ff", "in use, in a reservation of yours"},
	[PORT_USED_OTHER] = {'o', 220, 11, "#f0a500", "#ffc933",
			     "in use, outside your reservations"},
};

void kind_label(enum port_kind kind, const struct port_settings *settings, char label[LABEL_SIZE])
{
	const char *words = kind_looks[kind].words;

	if (kind == PORT_PRIVILEGED)
		snprintf(label, LABEL_SIZE, "%s (below %u)", words, settings->unprivileged);
	else if (kind == PORT_EPHEMERAL)
		snprintf(label, LABEL_SIZE, "%s (%u-%u)", words, settings->ephemeral.first,
			 settings->ephemeral.last);
	else if (kind == PORT_RESERVED)
		snprintf(label, LABEL_SIZE, "%s (ip_local_reserved_ports)", words);
	else
		snprintf(label, LABEL_SIZE, "%s", words);
}
