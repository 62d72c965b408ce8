/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "core/persistent.h"
#include "explore-operations.h"
#include "real/real.h"

static void begin(struct operation operation)
{
	world.processes[current].operation = operation;
	world.processes[current].starting = true;
}

/* An operation that has come to no point at all happens here. */
static void end(int error, unsigned int port)
{
	struct process *process = &world.processes[current];

	if (process->starting)
		point();
	process->operation = (struct operation){0};
	if (current < PROCESSES)
		history_return(current, error, (uint8_t)port);
}

bool acquire(int number, uint16_t first, uint16_t count, uint8_t protocols)
{
	struct acquire_request request = {.first = first, .count = count, .protocols = protocols};
	struct reservation reservation = {0};
	int anchor, error;

	if (!first)
		request.range = (struct port_range){1, 2};
	begin((struct operation){.kind = OPERATION_ACQUIRE,
				 .reservation = (uint8_t)number,
				 .first = (uint8_t)first,
				 .count = (uint8_t)count,
				 .protocols = protocols});
	error = reservation_acquire(&shared, &request, &reservation, &anchor);
	if (!error) {
		world.reservations[number] = reservation;
		world.anchors[number][current] = (int8_t)anchor;
	}
	end(error, error ? 0 : reservation.block.first);
	return !error;
}

void release(int reservation)
{
	int error;

	begin((struct operation){.kind = OPERATION_RELEASE, .reservation = (uint8_t)reservation});
	error = reservation_release(&world.reservations[reservation],
				    world.anchors[reservation][current]);
	end(error, 0);
}

void leave(int reservation)
{
	begin((struct operation){.kind = OPERATION_LEAVE, .reservation = (uint8_t)reservation});
	real_close(world.anchors[reservation][current]);
	world.anchors[reservation][current] = 0;
	end(0, 0);
}

static int program_socket(const struct program *program)
{
	int family = program->family ? program->family : AF_INET6;
	int fd = real_socket(family, program->protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM,
			     0);
	struct socket *socket = socket_of(fd);

	socket->program =
		(uint8_t)(current < PROCESSES ? 1 + 2 * current + program->number : PROGRAMS + 1);
	socket->owner = (uint8_t)(program->reservation + 1);
	socket->reuse_address = socket->wished_reuse_address = program->reuse_address;
	socket->reuse_port = socket->wished_reuse_port = program->reuse_port;
	return fd;
}

static void bind_begin(const struct program *program, enum operation_kind kind, uint16_t port)
{
	if (!program->unknown)
		begin((struct operation){
			.kind = (uint8_t)kind,
			.reservation = (uint8_t)program->reservation,
			.program = (uint8_t)(2 * current + program->number),
			.first = (uint8_t)port,
			.count = 1,
			.protocols = (uint8_t)PROTOCOL_BIT(program->protocol),
		});
}

static int bind_end(const struct program *program, int fd, int error, uint16_t port)
{
	if (!program->unknown)
		end(error, error ? 0 : port);
	if (!error)
		return fd;
	real_close(fd);
	return error;
}

static int bind_once(const struct program *program, int fd, uint16_t *port, bool guarded)
{
	struct sockaddr_storage address = {.ss_family = socket_of(fd)->family};
	struct socket_call call = {.fd = fd,
				   .protocol = program->protocol,
				   .anchor = world.anchors[program->reservation][current],
				   .guarded = guarded};

	((struct sockaddr_in *)&address)->sin_port = htons(*port);
	return reservation_bind(&world.reservations[program->reservation], &call, &address,
				sizeof address, port);
}

int draw(const struct program *program, uint16_t *port)
{
	int fd = program_socket(program), error;

	*port = 0;
	bind_begin(program, OPERATION_DRAW, 0);
	error = bind_once(program, fd, port, false);
	return bind_end(program, fd, error, *port);
}

int bind_port(const struct program *program, uint16_t port)
{
	int fd = program_socket(program), error;

	bind_begin(program, OPERATION_BIND, port);
	error = bind_once(program, fd, &port, false);
	return bind_end(program, fd, error, port);
}

int bind_stranger(uint16_t port)
{
	struct program program = {.reservation = -1};
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = program_socket(&program), error;

	bind_begin(&program, OPERATION_STRANGER, port);
	error = real_bind(fd, (struct sockaddr *)&address, sizeof address) ? -errno : 0;
	return bind_end(&program, fd, error, port);
}

/* As association_bind() of src/preload does it. The guards are kept to the process's end. */
int bind_persistent(const struct program *program, uint16_t port)
{
	int fd = program_socket(program), error, anchor;

	bind_begin(program, port ? OPERATION_BIND : OPERATION_DRAW, port);
	error = bind_once(program, fd, &port, false);
	if (error == -EOWNERDEAD) {
		error = persistent_guard(&world.reservations[program->reservation], &anchor);
		if (!error || error == -EADDRINUSE)
			error = bind_once(program, fd, &port, true);
	}
	return bind_end(program, fd, error, port);
}

void listen_on(const struct program *program, int fd)
{
	struct socket_call call = {.fd = fd,
				   .protocol = program->protocol,
				   .anchor = world.anchors[program->reservation][current]};

	reservation_listen(&world.reservations[program->reservation], &call, 1);
}

void close_program(const struct program *program, int fd, uint16_t port)
{
	if (!program->unknown)
		begin((struct operation){.kind = OPERATION_CLOSE,
					 .program = (uint8_t)(2 * current + program->number)});
	real_close(fd);
	reservation_unbind(&world.reservations[program->reservation], program->protocol, port);
	if (!program->unknown)
		end(0, 0);
}

void expect(bool good, const char *what)
{
	if (!good)
		violation("what is left behind: %s", what);
}

void inherit(int reservation)
{
	int anchor = world.anchors[reservation][INSPECTOR], i;
	uint8_t who = 0;

	for (i = 0; i < PROCESSES; i++) {
		if (!scenario->scripts[i] || scenario->outsiders >> i & 1)
			continue;
		world.processes[i].descriptors[anchor] =
			world.processes[INSPECTOR].descriptors[anchor];
		world.anchors[reservation][i] = (int8_t)anchor;
		who |= (uint8_t)(1U << i);
		socket_of(anchor)->references++;
	}
	socket_of(anchor)->references--;
	world.anchors[reservation][INSPECTOR] = 0;
	history_reservation(reservation, who, &world.reservations[reservation].block, false);
}
