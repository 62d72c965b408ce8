/* SPDX-License-Identifier: MIT */
/* Which call is next. */
#include "sequence.h"

struct place place;

struct kind {
	void (*call)(void);
	unsigned int weight;
};

static const struct kind kinds[] = {
	{call_socket, 14},     {call_socketpair, 2},  {call_bind, 16},	    {call_listen, 9},
	{call_connect, 11},    {call_accept, 5},      {call_accept4, 3},    {call_shutdown, 2},
	{call_getsockname, 4}, {call_getpeername, 3}, {call_send, 3},	    {call_sendto, 7},
	{call_sendmsg, 5},     {call_sendmmsg, 4},    {call_recv, 4},	    {call_recvfrom, 2},
	{call_poll, 3},	       {call_setsockopt, 10}, {call_getsockopt, 6}, {call_fcntl, 10},
	{call_ioctl, 6},       {call_dup, 4},	      {call_dup2, 6},	    {call_dup3, 5},
	{call_close, 8},       {call_close_range, 3}, {call_closefrom, 1},  {call_fdopen, 2},
	{call_freopen, 2},     {call_fork, 3},	      {call_vfork, 2},	    {call_exec, 2},
	{call_spawn, 2},       {call_unshare, 1},
};
static const struct kind simple_kinds[] = {
	{call_close, 4}, {call_close_range, 1}, {call_dup, 2},
	{call_dup2, 3},	 {call_dup3, 2},	{call_fcntl, 2},
};

#define DIALOGUE 6

/* Connected sockets of both protocols, which chance alone would rarely make. */
static void (*const stream_dialogue[DIALOGUE])(void) = {
	call_socket, call_bind, call_listen, call_socket, call_connect, call_accept,
};
static void (*const datagram_dialogue[DIALOGUE])(void) = {
	call_socket, call_bind, call_socket, call_connect, call_send, call_socket,
};

static void call_one(const struct kind *list, unsigned int count)
{
	unsigned int all = 0, i, at;

	for (i = 0; i < count; i++)
		all += list[i].weight;
	at = pick(all);
	for (i = 0; at >= list[i].weight; i++)
		at -= list[i].weight;
	list[i].call();
}

static void step_run(void)
{
	random_start(shared->seed, shared->sequence, place.step);
	world_look();
	place.tame = place.step < DIALOGUE && shared->dialogue && !place.simple;
	if (place.tame && shared->dialogue_type == SOCK_STREAM)
		stream_dialogue[place.step]();
	else if (place.tame)
		datagram_dialogue[place.step]();
	else if (place.simple)
		call_one(simple_kinds, sizeof simple_kinds / sizeof simple_kinds[0]);
	else if (world_sockets() < 1 + pick(4) && chance(50))
		call_socket();
	else
		call_one(kinds, sizeof kinds / sizeof kinds[0]);
}

void steps_run(void)
{
	for (; place.step < place.end; place.step++)
		step_run();
}

/* The end of the process that has the last step. */
_Noreturn void sequence_end(void)
{
	say_state("at the end");
	_exit(0);
}
