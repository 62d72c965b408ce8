/* SPDX-License-Identifier: MIT */
/* bind() to port 0 of a block: which port comes next. */
#include "reserve.h"

enum { FOUR = 4 };

static struct reservation reservation;
static int anchor, fds[FOUR];

static void begin(int type)
{
	pool = unit_pool();
	anchor = acquired(unit_block(FOUR), FOUR, type == TCP ? 1 : 2, &reservation);
	for (int i = 0; i < FOUR; i++)
		fds[i] = -1;
}

static void end(void)
{
	for (int i = 0; i < FOUR; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(anchor);
}

/* Draws a port; which one of the block, or -errno. Its socket is in fds. */
static int draws(int type)
{
	int fd = bound_in(&reservation, anchor, type, "127.0.0.1", 0, 0), offset;

	if (fd < 0)
		return fd;
	offset = port_of(fd) - reservation.block.first;
	OK_FATAL(offset >= 0 && offset < FOUR && fds[offset] < 0);
	fds[offset] = fd;
	return offset;
}

/* Binds to a port by its number. 0 or -errno. */
static int takes(int type, int offset)
{
	int fd = bound_in(&reservation, anchor, type, "127.0.0.1",
			  (uint16_t)(reservation.block.first + offset), 0);

	if (fd < 0)
		return fd;
	fds[offset] = fd;
	return 0;
}

/* A close that the hooks see, and one that they do not. */
static void closes(int type, int offset)
{
	close_in(&reservation, type, fds[offset]);
	fds[offset] = -1;
}

static void vanishes(int offset)
{
	close(fds[offset]);
	fds[offset] = -1;
}

static void all_then_none(int type)
{
	begin(type);
	for (int i = 0; i < FOUR; i++)
		IS(draws(type), i);
	IS(draws(type), -EADDRINUSE);
	closes(type, 2);
	IS(draws(type), 2);
	IS(draws(type), -EADDRINUSE);
	vanishes(1);
	IS(draws(type), 1);
	IS(draws(type), -EADDRINUSE);
	end();
}

static void test_all_tcp(void)
{
	all_then_none(TCP);
}

static void test_all_udp(void)
{
	all_then_none(UDP);
}

/* A number that was looked up and closed stays free for as long as the block allows. */
static void test_closed_last(void)
{
	for (int type = TCP; type <= UDP; type++) {
		begin(type);
		IS(draws(type), 0);
		closes(type, 0);
		IS(draws(type), 1);
		IS(draws(type), 2);
		IS(draws(type), 3);
		IS(draws(type), 0);
		end();
	}
}

static void test_round(void)
{
	begin(TCP);
	for (int i = 0; i < 5 * FOUR; i++) {
		IS(draws(TCP), i % FOUR);
		closes(TCP, i % FOUR);
	}
	end();
}

/* What a bind by number gave back was promised to nobody: before what was drawn. */
static void test_given_back(void)
{
	begin(TCP);
	IS(draws(TCP), 0);
	closes(TCP, 0);
	IS(takes(TCP, 2), 0);
	closes(TCP, 2);
	IS(draws(TCP), 1);
	IS(draws(TCP), 2);
	IS(draws(TCP), 3);
	IS(draws(TCP), 0);
	IS(draws(TCP), -EADDRINUSE);
	end();
}

/* Also when a walk has found none of that kind before. */
static void test_given_back_late(void)
{
	begin(TCP);
	for (int i = 0; i < FOUR; i++)
		IS(draws(TCP), i);
	for (int i = 0; i < FOUR; i++)
		closes(TCP, i);
	IS(draws(TCP), 0);
	closes(TCP, 0);
	IS(takes(TCP, 3), 0);
	closes(TCP, 3);
	IS(draws(TCP), 3);
	IS(draws(TCP), 0);
	end();
}

/* A server that was killed: nobody saw its socket close. */
static void test_abandoned(void)
{
	begin(TCP);
	IS(draws(TCP), 0);
	closes(TCP, 0);
	IS(takes(TCP, 1), 0);
	vanishes(1);
	IS(draws(TCP), 2);
	IS(draws(TCP), 3);
	IS(draws(TCP), 1);
	IS(draws(TCP), 0);
	end();
}

/* A child process still has what was seen to be closed. */
static void test_still_open(void)
{
	int copy;

	begin(TCP);
	IS(draws(TCP), 0);
	copy = dup(fds[0]);
	closes(TCP, 0);
	for (int i = 1; i < FOUR; i++)
		IS(draws(TCP), i);
	IS(draws(TCP), -EADDRINUSE);
	close(copy);
	IS(draws(TCP), 0);
	end();
}

static void test_time_wait_last(void)
{
	int fd;

	begin(TCP);
	unit_time_wait(reservation.block.first, REUSEADDR | REUSEPORT);
	atomic_store(word_of(pool, PROTOCOL_TCP, reservation.block.first),
		     word_make(reservation.token, WORD_MAYBE, 0));
	for (int i = 1; i < FOUR; i++)
		IS(draws(TCP), i);
	/* The last one there is; the program's SO_REUSEADDR is as it was (bound_in). */
	IS(draws(TCP), 0);
	IS(draws(TCP), -EADDRINUSE);
	fd = fds[0];
	IS(option_get(fd, SOL_SOCKET, SO_REUSEADDR), 0);
	end();
}

/* Drawn and bound by the system itself: listen() and sendto() without bind(). */
static void test_any(void)
{
	for (int type = TCP; type <= UDP; type++) {
		struct socket_call call = {.protocol = type == TCP ? PROTOCOL_TCP : PROTOCOL_UDP};
		uint16_t port = 0;

		begin(type);
		call.anchor = anchor;
		call.fd = fds[0] = socket_open(type, everywhere(), 0);
		IS(reservation_bind_any(&reservation, &call, &port), 0);
		IS(port, reservation.block.first);
		IS(port_of(fds[0]), port);
		OK(has_address(fds[0], everywhere()));
		end();
	}
}

/* A draw is for an address, the port's word for all of them. */
static void test_addresses(void)
{
	struct reservation both;
	int other, one, two;

	begin(TCP);
	other = acquired(unit_block(2), 2, BOTH, &both);
	one = bound_in(&both, other, TCP, "127.0.0.1", 0, 0);
	two = bound_in(&both, other, TCP, "127.0.0.2", 0, 0);
	OK(one >= 0 && two >= 0 && port_of(one) != port_of(two));
	IS(bound_in(&both, other, TCP, "127.0.0.3", 0, 0), -EADDRINUSE);
	close(one);
	close(two);
	/* The other protocol's ports are others. */
	one = bound_in(&both, other, UDP, "127.0.0.1", 0, 0);
	IS(port_of(one), both.block.first);
	close(one);
	close(other);
	end();
}

/* Who does not hold the anchor, or a former one, gets no used port. */
static void test_wrong_anchor(void)
{
	struct reservation other;
	int wrong, fd = socket_open(TCP, "127.0.0.1", 0);
	uint16_t port;

	begin(TCP);
	wrong = acquired(unit_block(1), 1, 1, &other);
	for (int i = 0; i < FOUR; i++)
		IS(draws(TCP), i);
	closes(TCP, 0);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, wrong, &port), -EADDRNOTAVAIL);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, -1, &port), -EADDRNOTAVAIL);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", reservation.block.first, wrong,
		   &port),
	   -EADDRNOTAVAIL);
	IS(bind_in(&reservation, fd, PROTOCOL_TCP, "127.0.0.1", 0, anchor, &port), 0);
	close(fd);
	close(wrong);
	end();
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"TCP: all ports in order, then EADDRINUSE until one is closed", test_all_tcp},
		{"UDP: all ports in order, then EADDRINUSE until one is closed", test_all_udp},
		{"a drawn and closed port comes after those never used", test_closed_last},
		{"drawn and closed again and again: round the block", test_round},
		{"a port that a bind by number gave back comes before it", test_given_back},
		{"also after the block was used up once", test_given_back_late},
		{"a bind by number whose close nobody saw comes before it", test_abandoned},
		{"a port that somebody still has open is not drawn", test_still_open},
		{"a port in TIME_WAIT comes last, and SO_REUSEADDR stays off", test_time_wait_last},
		{"for a socket that binds itself: all addresses", test_any},
		{"two addresses do not share a drawn port, two protocols do", test_addresses},
		{"without the anchor no used port is had", test_wrong_anchor});

	return unit_main("draw", tests);
}
