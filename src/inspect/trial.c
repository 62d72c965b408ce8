/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include "guard/claim.h"
#include "guard/index.h"
#include "inspect/trial.h"
#include "real/real.h"

static int address_bind(int fd, enum trial_family family, uint16_t port, bool loopback)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (loopback) {
		in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in6.sin6_addr = in6addr_loopback;
	}
	if (family == TRIAL_IPV4)
		return real_bind(fd, (struct sockaddr *)&in4, sizeof in4) ? -errno : 0;
	return real_bind(fd, (struct sockaddr *)&in6, sizeof in6) ? -errno : 0;
}

struct question {
	enum protocol protocol;
	enum trial_family family;
	uint16_t port;
	bool reuse, loopback;
};

static int ask(struct question question)
{
	int fd = protocol_socket(question.family == TRIAL_IPV4 ? AF_INET : AF_INET6,
				 question.protocol);
	int error = 0;

	if (fd < 0)
		return fd;
	if (question.family == TRIAL_IPV6)
		error = real_option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (!error && question.reuse)
		error = real_option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error)
		error = address_bind(fd, question.family, question.port, question.loopback);
	real_close(fd);
	return error;
}

void trial_make(enum protocol protocol, uint16_t port, struct trial trials[TRIAL_FAMILIES])
{
	int family;

	for (family = 0; family < TRIAL_FAMILIES; family++) {
		struct question question = {protocol, (enum trial_family)family, port, false,
					    false};
		struct trial *trial = &trials[family];

		trial->any = trial->reuse = trial->loopback = ask(question);
		if (trial->any != -EADDRINUSE)
			continue;
		if (protocol == PROTOCOL_TCP) {
			question.reuse = true;
			trial->reuse = ask(question);
			question.reuse = false;
		}
		question.loopback = true;
		trial->loopback = ask(question);
	}
}

static int ask_inside(struct claim_request *request, bool reuse)
{
	int fd;

	request->reuse_address = reuse;
	fd = claim_take(request);
	if (fd < 0)
		return fd;
	real_close(fd);
	return 0;
}

void trial_make_inside(const struct pool *pool, enum protocol protocol, uint16_t port,
		       struct trial trials[TRIAL_FAMILIES])
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	int family;

	for (family = 0; family < TRIAL_FAMILIES; family++) {
		struct sockaddr_storage any = {.ss_family = families[family]};
		struct claim_request request = {.protocol = protocol,
						.index = pool->claim_index,
						.netns = pool->netns,
						.address = &any,
						.port = port,
						.v6only = true};
		struct trial *trial = &trials[family];

		trial->any = trial->reuse = trial->loopback = ask_inside(&request, false);
		if (trial->any == -EADDRINUSE && protocol == PROTOCOL_TCP)
			trial->reuse = ask_inside(&request, true);
	}
}
