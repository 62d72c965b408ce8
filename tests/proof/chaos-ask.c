/* SPDX-License-Identifier: MIT */
#include "guard/diag.h"

bool only_time_wait_on(uint16_t port);

bool only_time_wait_on(uint16_t port)
{
	uint16_t busy;

	return !diag_only_time_wait(port, port, (struct diag_own){0}, &busy);
}
