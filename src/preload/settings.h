/* SPDX-License-Identifier: MIT */
/* settings.h - the environment, read once when the library is loaded */
#ifndef PRELOAD_SETTINGS_H
#define PRELOAD_SETTINGS_H

#include "core/reservation.h"

struct settings {
	const char *folder;	 /* PORTRES_DIR, NULL: the default */
	struct port_range range; /* PORTRES_RANGE */
	bool range_bad;		 /* PORTRES_RANGE is none: wildcard blocks cannot be had */
	bool debug;		 /* PORTRES_DEBUG */
};

extern struct settings settings;

#endif
