/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>

#include "guard/diag.h"
#include "inspect/unix.h"
#include "pool/slot.h"

struct reading {
	struct unix_sockets *sockets;
	size_t room;
};

static uint32_t peer_of(const struct nlmsghdr *message)
{
	const struct nlattr *attribute = (const struct nlattr *)((const char *)NLMSG_DATA(message) +
								 sizeof(struct unix_diag_msg));

	/* It is the one thing that we ask for. */
	if (NLMSG_PAYLOAD(message, sizeof(struct unix_diag_msg)) <
		    sizeof *attribute + sizeof(uint32_t) ||
	    attribute->nla_type != UNIX_DIAG_PEER)
		return 0;
	return *(const uint32_t *)(attribute + 1);
}

static int visit(const struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *seen = NLMSG_DATA(message);
	struct reading *reading = context;
	struct unix_sockets *sockets = reading->sockets;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof *seen))
		return -EPROTO;
	if (sockets->count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 256;
		struct unix_socket *list = reallocarray(sockets->list, room, sizeof *list);

		if (!list)
			return -ENOMEM;
		sockets->list = list;
		reading->room = room;
	}
	sockets->list[sockets->count++] = (struct unix_socket){
		.cookie = (uint64_t)seen->udiag_cookie[1] << 32 | seen->udiag_cookie[0],
		.inode = seen->udiag_ino,
		.peer = peer_of(message),
	};
	return 0;
}

static int compare(const void *one, const void *other)
{
	uint64_t a = ((const struct unix_socket *)one)->cookie & COOKIE_MASK;
	uint64_t b = ((const struct unix_socket *)other)->cookie & COOKIE_MASK;

	return (a > b) - (a < b);
}

int unix_sockets_read(struct unix_sockets *sockets)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req body;
	} request = {
		.header = {.nlmsg_len = sizeof request,
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = AF_UNIX,
			 .udiag_states = ~0U,
			 .udiag_show = UDIAG_SHOW_PEER},
	};
	struct reading reading = {.sockets = sockets};
	struct diag diag;
	int error;

	*sockets = (struct unix_sockets){.list = NULL};
	error = diag_open(&diag);
	if (error)
		return error;
	error = diag_dump(&diag, &request, sizeof request, visit, &reading);
	diag_close(&diag);
	if (error)
		unix_sockets_free(sockets);
	else if (sockets->count)
		qsort(sockets->list, sockets->count, sizeof *sockets->list, compare);
	return error;
}

void unix_sockets_free(struct unix_sockets *sockets)
{
	free(sockets->list);
	*sockets = (struct unix_sockets){.list = NULL};
}

const struct unix_socket *unix_sockets_find(const struct unix_sockets *sockets, uint64_t cookie)
{
	struct unix_socket wanted = {.cookie = cookie};

	if (!cookie || !sockets->count)
		return NULL;
	return bsearch(&wanted, sockets->list, sockets->count, sizeof wanted, compare);
}
