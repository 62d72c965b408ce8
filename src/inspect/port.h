/* SPDX-License-Identifier: MIT */
/* port.h - what is on a port, whose it is, and what a bind to it gets */
#ifndef INSPECT_PORT_H
#define INSPECT_PORT_H

#include "inspect/served.h"
#include "inspect/reservations.h"
#include "inspect/settings.h"
#include "inspect/trial.h"

/* What a program's socket does there; in this order they matter. */
enum socket_use {
	USE_LISTENS,
	USE_OPEN,      /* UDP: it gets datagrams from anywhere */
	USE_BOUND,     /* TCP: bound, and no more than that */
	USE_CONNECTED, /* to a peer */
	USE_ENDING,    /* a connection that its program has closed */
	USE_TIME_WAIT,
	USES
};

enum socket_use socket_use(const struct inet_socket *socket);

/* Whether it is in the way of a bind to every address of a family, guards included. */
bool socket_meets(const struct inet_socket *socket, enum trial_family family);

/* Whose guard is on a port. */
enum guard_whose {
	GUARD_NONE,
	GUARD_OURS,	  /* of a reservation that is known here */
	GUARD_OTHER_POOL, /* of this user, in another pool or list */
	GUARD_OTHER_USER,
};

/* The programs that are started from here, in a process tree with a reservation. */
enum port_inside {
	INSIDE_NOT,  /* none, or they may bind the port as anybody does */
	INSIDE_OURS, /* the port is of their block */
	INSIDE_DENY, /* it is not, and refused */
	INSIDE_MAP,  /* it is not, and they get one of the block instead */
};

struct port_protocol {
	/* Of a bind by who has no part in a reservation, and (INSIDE_OURS) by who has. */
	struct trial trials[TRIAL_FAMILIES], inside_trials[TRIAL_FAMILIES];
	enum port_inside inside;
	const struct reserved *tree; /* the reservation that `inside` is about */
	/* All sockets: programs' first, those that listen first of them, then guards. */
	const struct inet_socket *sockets;
	size_t count;
	unsigned int uses[USES]; /* how many of programs */
	uint32_t time_wait;	 /* milliseconds until the last connection in TIME_WAIT ends */
	bool claimed;		 /* somebody of a reservation is binding it now */
	const struct inet_socket *guard;
	enum guard_whose whose;
	/* GUARD_OTHER_POOL: the folder, "" the usual one, NULL: not found; of the list of
	 * persistent reservations where it is one of those, else of the pool. */
	char *folder;
	bool listed;
	/* The reservation of the port, guarded or (persistent) not; NULL: none that is known. */
	const struct reserved *reserved;
};

/* A process that has a socket on the port. */
struct port_process {
	struct process_about about;
	char name[PROCESS_NAME_SIZE];
	enum protocol protocol; /* of its first socket there */
	struct served served;
};

struct port_about {
	uint16_t port;
	uint8_t asked; /* PROTOCOL_BIT()s: nothing is known of the others */
	struct port_protocol protocols[PROTOCOLS];
	struct port_process *processes; /* by pid */
	size_t process_count;
	/* portres-run --name had it last, and has it not now; NULL: no name. */
	const struct store_entry *remembered;
	struct port_settings settings;
	bool for_browsers; /* they do not refuse to open it */
	struct reservations reservations;
};

/* 0 or -errno as reservations_read says. Allocates. */
int port_about_read(struct port_about *about, struct pool *pool, uint16_t port, uint8_t asked);
void port_about_free(struct port_about *about);

/* What a bind by a program that is started from here gets, in that family: 0 or -errno. */
int port_answer(const struct port_protocol *of, enum trial_family family);

/* Whether it gets the port, over all families that there are. */
bool port_protocol_is_free(const struct port_protocol *of);

/* Whether such a bind gets the port, for all protocols that were asked for and all families
 * that there are. */
bool port_is_free(const struct port_about *about);

/* The process of this number on the port; NULL: none. */
const struct port_process *port_process_find(const struct port_about *about, pid_t pid);

/* Whether it needs a capability that this process has not. */
bool port_is_privileged(const struct port_about *about);

/* Whether the kernel chooses it at times: for bind(0), connect() and the like. */
bool port_is_chosen(const struct port_about *about);

#endif
