/* SPDX-License-Identifier: MIT */
/*
 * sequence.h - random sequences of socket and descriptor calls, which must answer the
 * same whether a preload library stands in between or not
 *
 * A step draws its call from the seed, the number of the sequence and its own number,
 * and from what is open just now; so it is the same in every run that went the same way
 * before, also in a forked child and in another program image. What looks at the world
 * enters the kernel by syscall(), where no library sees it.
 */
#ifndef TESTS_DIFFERENTIAL_SEQUENCE_H
#define TESTS_DIFFERENTIAL_SEQUENCE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* No errno of the kernel: what a call that succeeds has to leave as it is. */
#define UNTOUCHED 4242

/* Each sequence has ports of its own, so that no TIME_WAIT of another is in its way. */
#define PORTS_FIRST 2000
#define PORTS_EACH  6
#define SEQUENCES   1000 /* in one network at most */

/* Descriptors from here on are not the sequence's; it may close them, not more. */
#define NUMBERS	       48
#define HIGH	       900
#define LIMIT	       1024
#define ANCHOR_HIGHEST 999

/* What a sequence keeps to. */
enum flavour {
	ANY,
	TCP_ONLY,
	UDP_ONLY,
	NO_DRAW, /* no port is left for the kernel to choose, save for outgoing traffic */
};

/* What all processes of a sequence share. */
struct shared {
	uint64_t seed;
	unsigned int sequence, length;
	enum flavour flavour;
	bool sharing;  /* SO_REUSEPORT is used; who gets a packet is then not told in advance */
	bool wild;     /* many bad arguments, or few */
	bool dialogue; /* begins with two sockets that talk, of this type and family */
	int dialogue_type, dialogue_family;
	bool reserve; /* with a reservation on a high descriptor */
	unsigned int perturbed;
	unsigned int port_count, cookie_count;
	uint32_t ports[256];
	uint64_t cookies[256];
	char text[1 << 18];
};
extern struct shared *shared;
extern const char *shared_path;

/* Where this process is in the sequence. */
struct place {
	unsigned int step, end, depth;
	bool simple; /* in a child of vfork: close and dup only */
	bool tame;   /* the beginning of a dialogue: nothing odd yet */
};
extern struct place place;

/* random.c */
void random_start(uint64_t seed, unsigned int sequence, unsigned int step);
unsigned int pick(unsigned int count);
bool chance(unsigned int percent);
/* The chance of something odd: as it is in wild sequences, less in others. */
bool odd(unsigned int percent);
#define PICK(array) ((array)[pick(sizeof(array) / sizeof(array)[0])])

/* report.c: a line is begun before the call and ended by its result. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 1, 2))) void begin(const char *format, ...);
long result(long value);
long result_open(long value);
/* Of a function that returns an error. */
void result_error(int error);
void say_address(const void *room, socklen_t given, socklen_t got, bool datagrams);
void say_state(const char *when);
const char *port_symbol(uint16_t port, bool datagrams);
const char *cookie_symbol(uint64_t cookie);
unsigned int sequence_port(unsigned int nth);

/* world.c */
struct thing {
	int fd, domain, type, protocol;
	uint16_t port;
	bool socket, listening, connected;
};
enum wanted {
	ANYTHING,
	A_SOCKET,
	AN_IP_SOCKET, /* or a Unix socket */
	A_LISTENER,
	CONNECTED,
	A_SENDER,
	UNCONNECTED,
};
void world_look(void);
unsigned int world_sockets(void);
/* A descriptor, mostly such a one; also closed ones and impossible numbers. */
int pick_fd(enum wanted wanted);
/* For calls that answer as if the library's own descriptors were not there. */
int pick_number(void);
/* A number for a copy. */
int pick_target(void);
struct thing thing_of(int fd);
bool is_tcp(const struct thing *thing);
/* Some of what it does is left to a worker of the kernel, which takes its time. */
bool is_mptcp(const struct thing *thing);
bool is_raw(const struct thing *thing);
/* It will not block. */
void keep_going(int fd);

/* memory.c: places for what is handed to the kernel, good ones and bad ones. */
void memory_start(void);
/* Where size bytes of data lie, and which kind of place it is. */
const void *input_place(const void *data, size_t size, const char **name);
void *output_place(size_t size, const char **name);
bool output_readable(const void *pointer);

struct target {
	const void *pointer;
	socklen_t length;
	char text[120];
};
/* address.c */
struct target address_to_bind(int fd);
struct target address_to_reach(int fd);

/* The calls, in families. */
void call_socket(void);
void call_socketpair(void);
void call_bind(void);
void call_listen(void);
void call_connect(void);
void call_accept(void);
void call_accept4(void);
void call_shutdown(void);
void call_getsockname(void);
void call_getpeername(void);
void call_send(void);
void call_sendto(void);
void call_sendmsg(void);
void call_sendmmsg(void);
void call_recv(void);
void call_recvfrom(void);
void call_poll(void);
void call_setsockopt(void);
void call_getsockopt(void);
void call_fcntl(void);
void call_ioctl(void);
void call_dup(void);
void call_dup2(void);
void call_dup3(void);
void call_close(void);
void call_close_range(void);
void call_closefrom(void);
void call_fdopen(void);
void call_freopen(void);
void call_fork(void);
void call_vfork(void);
void call_exec(void);
void call_spawn(void);
void call_unshare(void);

/* steps.c: the rest of this process's part of the sequence. */
void steps_run(void);
_Noreturn void sequence_end(void);

#endif
