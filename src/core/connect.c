/* SPDX-License-Identifier: MIT */
/* Ports for outgoing TCP connections: as many connections as peers allow, not as ports. */
#include <errno.h>

#include "core/address.h"
#include "core/draw.h"
#include "guard/claim.h"
#include "guard/diag.h"
#include "pool/word.h"
#include "real/real.h"

struct client {
	struct port_bind bind; /* first: the tries get a pointer to it */
	const struct sockaddr_storage *peer;
	struct sockaddr_storage source; /* the address that a connection would come from */
};

/* The source address: the program's, or what the kernel's routes give to a peer. */
static int source_find(struct client *client, const struct sockaddr_storage *local,
		       socklen_t length)
{
	socklen_t size = sizeof client->source;
	int fd, error = 0;

	if (!address_is_any(local)) {
		client->source = *local;
		return 0;
	}
	fd = real_socket(client->peer->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (real_connect(fd, (const struct sockaddr *)client->peer, length) ||
	    real_getsockname(fd, (struct sockaddr *)&client->source, &size))
		error = -errno;
	real_close(fd);
	return error;
}

/* A port that other connections are on already, none of them to this peer. */
static int try_joined(struct port_bind *bind, uint16_t port, uint64_t seen)
{
	struct client *client = (struct client *)bind;
	struct claim_request request = port_claim(bind->reservation, PROTOCOL_TCP, port);
	int claim;

	if (word_state(seen) == WORD_BINDING || !(seen & WORD_CLIENT))
		return -EADDRINUSE;
	address_set_port(&client->source, port);
	if (diag_connection_exists(&client->source, client->peer))
		return -EADDRINUSE;
	request.reuse_address = true;
	claim = claim_take(&request);
	return claim < 0 ? claim : port_bind_claimed(bind, port, seen, claim);
}

int reservation_bind_for_connect(const struct reservation *reservation,
				 const struct socket_call *call,
				 const struct sockaddr_storage *peer, socklen_t length,
				 uint16_t *port)
{
	struct client client = {.peer = peer};
	struct sockaddr_storage local;
	socklen_t local_length;
	int error = address_of_unbound(call->fd, &local, &local_length);

	if (!error)
		error = port_bind_begin(&client.bind, reservation, call, &local, local_length);
	if (error)
		return error;
	client.bind.client = true;
	client.bind.flags = WORD_CLIENT | WORD_DRAWN;
	error = port_round(&client.bind, port_try_held, port);
	if (error == -EADDRINUSE)
		error = port_round(&client.bind, port_try_closed, port);
	if (error == -EADDRINUSE && !source_find(&client, &local, length))
		error = port_round(&client.bind, try_joined, port);
	error = port_refused(&client.bind, error);
	return error == -EADDRINUSE ? -EADDRNOTAVAIL : error;
}
