/* SPDX-License-Identifier: MIT */
/* browsers.h - ports that browsers refuse to open (the Fetch standard's "bad ports") */
#ifndef CORE_BROWSERS_H
#define CORE_BROWSERS_H

#include <stdbool.h>
#include <stdint.h>

#define BROWSERS_REFUSE 82
extern const uint16_t browsers_refused[BROWSERS_REFUSE]; /* in order */

bool browsers_refuse(uint16_t port);

#endif
