/* SPDX-License-Identifier: MIT */
/*
 * The arguments of the calls that are hooked: addresses of any family, length and place,
 * codes and pointers of ioctl().
 *
 * In one half of the inputs no socket has to do with a reservation: the same script runs by
 * bare system calls first, and all results must be the same. In the other half blocks are
 * acquired, sockets associated and blocks released, with arguments that are often wrong:
 * what a call answers is what docs/answers.md says, an associated socket never has a port
 * outside its block, and no other one has a port inside.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls-memory.h"
#include "calls-script.h"
#include "fuzz.h"
#include "portres.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd;

	(void)argc;
	world_enter(*argv);
	memory_begin();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	resident.instance.NumberOfPorts = 4;
	resident.type = SOCK_STREAM;
	if (ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, &resident.instance)) {
		fprintf(stderr, "no block: %s\n", strerror(errno));
		exit(1);
	}
	return 0;
}

static unsigned int pass(struct bytes bytes, struct answer answers[STEPS])
{
	unsigned int i;

	for (i = 0; i < STEPS && bytes.left; i++) {
		answers[i] = (struct answer){0, 0, 0};
		if (take_below(&bytes, 4))
			answers[i] = step_call(&bytes);
		else
			step_socket(&bytes);
	}
	sockets_close();
	return i;
}

/* When the answer of a peer arrives, and so what a call makes of it, is not for us to say. */
static bool depends_on_time(const struct answer *answer)
{
	static const int errors[] = {ECONNREFUSED, ECONNRESET, EPIPE,	     EINPROGRESS, EALREADY,
				     EISCONN,	   ENOTCONN,   ECONNABORTED, EAGAIN};
	size_t i;

	for (i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (answer->error == errors[i])
			return true;
	return false;
}

static bool answers_same(const struct answer *one, const struct answer *other)
{
	return one->result == other->result && one->error == other->error &&
	       !one->port == !other->port;
}

static void try_plain(struct bytes bytes)
{
	struct answer expected[STEPS], answers[STEPS], again[STEPS];
	unsigned int i, count;

	bare = true;
	count = pass(bytes, expected);
	bare = false;
	pass(bytes, answers);
	for (i = 0; i < count && !depends_on_time(&expected[i]) && !depends_on_time(&answers[i]);
	     i++) {
		if (answers_same(&expected[i], &answers[i]))
			continue;
		/* Whether the kernel says the same twice. */
		bare = true;
		pass(bytes, again);
		bare = false;
		PROMISE(!answers_same(&expected[i], &again[i]),
			"step %u: %ld, errno %d, port %u; not %ld, errno %d, port %u", i,
			answers[i].result, answers[i].error, answers[i].port, expected[i].result,
			expected[i].error, expected[i].port);
		return;
	}
}

static void step_acquire(struct bytes *bytes)
{
	unsigned int nth = take_below(bytes, SOCKETS), slot = take_below(bytes, BLOCKS);
	INET_PORT_RESERVATION_INSTANCE wanted, before, after;
	int fd = sockets[nth].fd, result, expected = 0;
	struct place place;

	memset(&wanted, 0x5a, sizeof wanted);
	wanted.StartPort = take_below(bytes, 2) ? 0 : htons((uint16_t)take(bytes, 2));
	wanted.NumberOfPorts = (uint16_t)take_below(bytes, MOST_PORTS);
	if (blocks[slot].instance.Token)
		return;
	place = place_choose(bytes, &wanted, sizeof wanted);
	if (place.readable)
		memcpy(&before, place.pointer, place.readable);
	errno = 0;
	result = ioctl(fd, SIO_ACQUIRE_PORT_RESERVATION, place.pointer);
	if (fd < 0)
		expected = EBADF;
	else if (sockets[nth].domain == AF_UNIX)
		expected = EOPNOTSUPP;
	else if (place.readable < sizeof wanted.Reservation)
		expected = EFAULT;
	else if (!wanted.NumberOfPorts || ntohs(wanted.StartPort) + wanted.NumberOfPorts > 65536)
		expected = EINVAL;
	if (place.writable < sizeof wanted && !expected && (!result || errno != EADDRINUSE))
		expected = EFAULT;
	PROMISE(result ? errno == expected || (!expected && errno == EADDRINUSE) : !expected,
		"acquire: %d, errno %d, not %d", result, errno, expected);
	if (place.readable)
		memcpy(&after, place.pointer, place.readable);
	if (result) {
		PROMISE(!place.readable || !memcmp(&before, &after, place.readable),
			"acquire failed and wrote");
		return;
	}
	PROMISE(after.Token && after.NumberOfPorts == wanted.NumberOfPorts && after.StartPort &&
			(!wanted.StartPort || after.StartPort == wanted.StartPort),
		"acquire gave %u ports from %u", after.NumberOfPorts, ntohs(after.StartPort));
	blocks[slot] = (struct reserved){after, sockets[nth].type, (int)nth};
}

/* Of one that is there, or with a bit that is wrong. */
static void step_token(struct bytes *bytes, unsigned long code)
{
	unsigned int nth = take_below(bytes, SOCKETS), which = take_below(bytes, BLOCKS), i;
	struct reserved *block = &blocks[which];
	uint64_t token = block->instance.Token ^
			 (take_below(bytes, 6) ? 0 : UINT64_C(1) << take_below(bytes, 64));
	bool right = token && token == block->instance.Token;
	struct place place = place_choose(bytes, &token, sizeof token);
	int fd = sockets[nth].fd, result, expected = 0;
	uint16_t port = port_of(fd);

	if (fd < 0)
		expected = EBADF;
	else if (sockets[nth].domain == AF_UNIX)
		expected = EOPNOTSUPP;
	else if (place.readable < sizeof token)
		expected = EFAULT;
	else if (!right || (code == SIO_ASSOCIATE_PORT_RESERVATION &&
			    (block->type != sockets[nth].type || port)))
		expected = EINVAL;
	errno = 0;
	/* Sign-extended, as from an int. */
	result =
		ioctl(fd, take_below(bytes, 2) ? code : code | 0xffffffff00000000UL, place.pointer);
	PROMISE(result ? errno == expected : !expected, "code %lx: %d, errno %d, not %d", code,
		result, errno, expected);
	if (result)
		return;
	if (code == SIO_ASSOCIATE_PORT_RESERVATION) {
		sockets[nth].block = (int)which;
		return;
	}
	block->instance.Token = 0;
	for (i = 0; i < SOCKETS; i++)
		if (sockets[i].block == (int)which)
			sockets[i].block = -2;
}

static void ports_check(void)
{
	unsigned int i, j;

	for (i = 0; i < SOCKETS; i++) {
		uint16_t port = sockets[i].fd < 0 ? 0 : port_of(sockets[i].fd);

		if (!port)
			continue;
		PROMISE(sockets[i].block < 0 || contains(&blocks[sockets[i].block], port),
			"socket %u has port %u, outside its block", i, port);
		for (j = 0; j < BLOCKS; j++)
			PROMISE(sockets[i].block != -1 || blocks[j].type != sockets[i].type ||
					!contains(&blocks[j], port),
				"socket %u has port %u of block %u", i, port, j);
		PROMISE(sockets[i].type != SOCK_STREAM || !contains(&resident, port),
			"socket %u has port %u of another block", i, port);
	}
}

static void try_reserved(struct bytes *bytes)
{
	unsigned int i, kind;

	for (i = 0; i < STEPS && bytes->left; i++) {
		kind = take_below(bytes, 8);
		if (kind == 0)
			step_socket(bytes);
		else if (kind == 1)
			step_acquire(bytes);
		else if (kind == 2)
			step_token(bytes, SIO_ASSOCIATE_PORT_RESERVATION);
		else if (kind == 3)
			step_token(bytes, SIO_RELEASE_PORT_RESERVATION);
		else
			step_call(bytes);
		ports_check();
	}
	sockets_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int i, before = world_descriptors();
	struct bytes bytes = {data, size};

	for (i = 0; i < SOCKETS; i++)
		sockets[i].fd = sockets[i].block = -1;
	if (take(&bytes, 1) & 1)
		try_reserved(&bytes);
	else
		try_plain(bytes);
	PROMISE(world_descriptors() == before, "%u descriptors, not %u", world_descriptors(),
		before);
	return 0;
}
