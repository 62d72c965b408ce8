/* SPDX-License-Identifier: MIT */
/*
 * explore.h - every interleaving of a few processes in a small world
 *
 * The world is the pool, the kernel's sockets (explore-kernel.c), what the history may have
 * been (explore-history.c), and the processes, each a coroutine on a stack of its own. All of
 * it is kept in one struct and the stacks, copied to go back to an earlier point, and hashed
 * to know a point that was seen before.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <setjmp.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/reservation.h"

#define PROCESSES    3	       /* that run beside each other */
#define INSPECTOR    PROCESSES /* sets up, and looks at what is left */
#define EVERYBODY    (PROCESSES + 1)
#define STACK_SIZE   16384
#define DESCRIPTORS  16
#define RESERVATIONS 4
#define PROGRAMS     (2 * PROCESSES) /* sockets of programs, two for each process */

/* ---- explore-kernel.c: sockets ---- */

#define SOCKETS_EACH 16
#define SOCKETS	     (EVERYBODY * SOCKETS_EACH)

enum socket_kind { SOCKET_NONE, SOCKET_INET, SOCKET_UNIX, SOCKET_DIAG };
enum socket_address { ADDRESS_ANY6, ADDRESS_ANY4, ADDRESS_LOOPBACK4 };

struct socket {
	uint32_t index, cookie;
	uint8_t kind, protocol, family, references;
	uint8_t port, address, v6only, listens;
	uint8_t reuse_address, reuse_port;
	uint8_t wished_reuse_address, wished_reuse_port; /* by a program */
	uint8_t rank;					 /* in the list of its port, from 1 */
	uint8_t queue;	 /* in flight: the anchor that has it, from 1 */
	uint8_t peer;	 /* of a pair, from 1 */
	uint8_t program; /* 1 + the number of a program's socket; 0: ours */
	uint8_t owner;	 /* 1 + the reservation that this socket was bound for; 0: none */
};

/* What the kernel remembers of a TCP port as long as any socket is on it. */
struct bucket {
	uint8_t fast_reuse, fast_reuse_port, address, v6only;
};

struct kernel {
	struct socket sockets[SOCKETS];
	struct bucket buckets[POOL_PORTS];
};

int kernel_socket(enum socket_kind kind, int family, enum protocol protocol);
void kernel_pair(int pair[2]);
int kernel_bind(struct socket *socket, uint8_t address, uint8_t port);
int kernel_listen(struct socket *socket);
/* Lets one reference go, and what only it kept: one socket that is bound a call. True when
 * all is done. */
bool kernel_let_go(int number);
bool kernel_visible(const struct socket *socket); /* whether others can meet it */
struct socket *socket_of(int fd);
int descriptor_add(int number, int lowest);
void kernel_check(void);
void socket_describe(const struct socket *socket, char *text, size_t size);

/* ---- explore-history.c: linearisability ---- */

enum operation_kind {
	OPERATION_NONE,
	OPERATION_ACQUIRE,
	OPERATION_DRAW,
	OPERATION_BIND,
	OPERATION_STRANGER, /* binds without a reservation */
	OPERATION_CLOSE,
	OPERATION_LEAVE, /* closes its copy of an anchor */
	OPERATION_RELEASE,
};

struct operation {
	uint8_t kind, reservation, program, first, count, protocols;
	uint8_t amid; /* others that were at it while this was: a bit for each process */
};

#define CONFIGURATIONS 400

struct history {
	uint32_t count;
	struct operation pending[PROCESSES];
	struct {
		uint8_t first, count, protocols;
		bool stands; /* acquired, and nobody began to end it */
		bool persistent;
		bool torn; /* who released it was killed in the midst of that */
	} blocks[RESERVATIONS];
	uint64_t configurations[CONFIGURATIONS]; /* sorted, as many as count says */
};

void history_begin(void);
void history_reservation(int reservation, uint8_t processes, const struct block *block,
			 bool persistent);
void history_invoke(int process, const struct operation *operation);
void history_return(int process, int error, uint8_t port);
void history_gone(int process);
void history_pending_text(const struct operation *operation, char *text, size_t size);

/* ---- explore-memory.c: the pool's words ---- */

#define LOCATIONS 40
#define MESSAGES  4

/* What somebody knows of each location: the oldest of its messages that he may still read. */
struct view {
	uint8_t oldest[LOCATIONS];
};

struct message {
	uint64_t value;
	struct view view; /* what who reads this with acquire knows, too */
};

/* The values that somebody may still read, oldest first. */
struct location {
	uint64_t count;
	struct message messages[MESSAGES];
};

/* Used with weak memory alone; the newest values are in the pool itself, too. */
struct memory {
	struct view views[EVERYBODY];
	struct view ports[POOL_PORTS]; /* what came with the kernel's lock of a port */
	struct location locations[LOCATIONS];
};

/* The kernel looks at a port and changes it under a lock: who comes later knows what who came
 * earlier knew. 0: of no port. */
void memory_meet_port(int port);

/* How many things may come of what a process is about to do. */
int memory_alternatives(int process);
extern bool memory_cut; /* more values could have been read than there is room for */

/* ---- explore-run.c: processes and the search ---- */

enum life { PROCESS_NONE, PROCESS_RUNS, PROCESS_FINISHED, PROCESS_DIES, PROCESS_DEAD };

struct process {
	uint8_t state;
	bool yielded;  /* waits for others to do something */
	bool starting; /* an operation, at its first point */
	/* What it is about to do may read an old value, or fail for no reason. */
	bool may_read_old, may_fail;
	uint8_t location; /* 1 + that in weak memory */
	uint32_t tokens, cookies;
	int8_t descriptors[DESCRIPTORS]; /* 1 + socket */
	uint8_t letting_go;		 /* 1 + a socket that is being closed */
	struct operation operation;	 /* not yet invoked */
	void *stack_top;		 /* the lowest byte in use */
	jmp_buf registers;
};

struct world {
	struct kernel kernel;
	struct history history;
	struct process processes[EVERYBODY];
	struct reservation reservations[RESERVATIONS];
	int8_t anchors[RESERVATIONS][EVERYBODY];
	struct memory memory;
};

extern struct world world;
extern struct pool shared;
extern int current; /* the process that runs */
extern int chosen;  /* which of the alternatives */
extern bool tracing, weak_memory;
extern bool changed; /* this step has made a difference to others */

/* Others may run here; returns when it is this process's turn. */
void point(void);
void process_yield(void);
__attribute__((format(printf, 1, 2))) void trace(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void violation(const char *format, ...);

/* ---- explore-scenarios.c ---- */

typedef void script_function(void);

struct scenario {
	const char *name;
	script_function *setup; /* alone, by the inspector */
	script_function *scripts[PROCESSES];
	script_function *inspect; /* alone, when all have ended */
	int crashes;
	uint8_t outsiders; /* who has nothing of the reservation that stands before, a bit each */
	bool weak, clock_of_last_is_late;
	bool threads; /* who draws goes on in the midst of it when another closes the anchor */
	bool spurious; /* see explore-history.c */
};

extern const struct scenario scenarios[];
extern const struct scenario *scenario; /* that is explored */

#endif
