/* SPDX-License-Identifier: MIT */
/* explain.h - a port, for people and for programs */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "inspect/port.h"

void explain_text(const struct port_about *about);
/* Its parts about sockets and about reservations. */
void explain_sockets(const struct port_about *about, unsigned int width);
void explain_reserved(const struct port_about *about, unsigned int width);

json_t *explain_json(const struct port_about *about);

#endif
