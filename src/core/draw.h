/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRAW_H
#define CORE_DRAW_H

#include "core/port.h"

/*
 * Binds to the next free port of the block, whose number goes to *port.
 * -EADDRINUSE: none is free.
 */
int port_draw(struct port_bind *bind, uint16_t *port);

/* What a round over the block does with one port: 0 done, -EADDRINUSE or -EAGAIN go
 * on, anything else ends it. */
typedef int port_try(struct port_bind *bind, uint16_t port, uint64_t seen);

/* One round over the block from the shared cursor. */
int port_round(struct port_bind *bind, port_try *try, uint16_t *port);

/* Tries of a round, for draw.c and connect.c. */
port_try port_try_held, port_try_closed;

#endif
