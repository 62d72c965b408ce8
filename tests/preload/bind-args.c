/* SPDX-License-Identifier: MIT */
/*
 * bind() on an associated socket takes every address that the kernel takes and
 * refuses the others with the kernel's code: all lengths, the families, pointers
 * to nowhere, and not one byte is read past the length that was given.
 */
#include "preload.h"
#include <sys/mman.h>

struct attempt {
	const char *what;
	int domain;	  /* of the socket */
	const char *text; /* the address */
	int family;	  /* overrides its family where not 0 */
	long length;	  /* what bind is told */
	int port_inside;
};

/* length -1 and -2 stand for the right one and for a negative one. */
static const struct attempt attempts[] = {
	{"AF_INET length 0", AF_INET, "0.0.0.0", 0, 0, 0},
	{"AF_INET length 1", AF_INET, "0.0.0.0", 0, 1, 0},
	{"AF_INET length 2", AF_INET, "0.0.0.0", 0, 2, 0},
	{"AF_INET length 4", AF_INET, "0.0.0.0", 0, 4, 0},
	{"AF_INET length 8", AF_INET, "0.0.0.0", 0, 8, 1},
	{"AF_INET length 15", AF_INET, "0.0.0.0", 0, 15, 0},
	{"AF_INET length 16", AF_INET, "127.0.0.1", 0, 16, 0},
	{"AF_INET length 17", AF_INET, "127.0.0.1", 0, 17, 0},
	{"AF_INET length 28", AF_INET, "127.0.0.1", 0, 28, 1},
	{"AF_INET length 128", AF_INET, "127.0.0.1", 0, 128, 0},
	{"AF_INET length 129", AF_INET, "127.0.0.1", 0, 129, 0},
	{"AF_INET length 65536", AF_INET, "127.0.0.1", 0, 65536, 1},
	{"AF_INET negative length", AF_INET, "127.0.0.1", 0, -2, 0},
	{"AF_UNSPEC with INADDR_ANY", AF_INET, "0.0.0.0", AF_UNSPEC, 16, 0},
	{"AF_UNSPEC with INADDR_ANY, port inside", AF_INET, "0.0.0.0", AF_UNSPEC, 16, 1},
	{"AF_UNSPEC with 127.0.0.1", AF_INET, "127.0.0.1", AF_UNSPEC, 16, 0},
	{"AF_UNSPEC length 2", AF_INET, "0.0.0.0", AF_UNSPEC, 2, 0},
	{"AF_UNIX on an IPv4 socket", AF_INET, "0.0.0.0", AF_UNIX, 16, 0},
	{"AF_INET6 on an IPv4 socket", AF_INET, "::1", 0, 28, 0},
	{"AF_INET6 on an IPv4 socket, port inside", AF_INET, "::1", 0, 28, 1},
	{"AF_INET6 length 0", AF_INET6, "::", 0, 0, 0},
	{"AF_INET6 length 2", AF_INET6, "::", 0, 2, 0},
	{"AF_INET6 length 16", AF_INET6, "::1", 0, 16, 0},
	{"AF_INET6 length 23", AF_INET6, "::1", 0, 23, 1},
	{"AF_INET6 length 24", AF_INET6, "::1", 0, 24, 0},
	{"AF_INET6 length 24, port inside", AF_INET6, "::1", 0, 24, 1},
	{"AF_INET6 length 28", AF_INET6, "::1", 0, 28, 1},
	{"AF_INET6 length 128", AF_INET6, "::1", 0, 128, 0},
	{"AF_INET6 length 129", AF_INET6, "::1", 0, 129, 0},
	{"AF_INET on an IPv6 socket", AF_INET6, "127.0.0.1", 0, 16, 0},
	{"AF_INET on an IPv6 socket, 28 bytes", AF_INET6, "127.0.0.1", 0, 28, 1},
	{"AF_UNSPEC on an IPv6 socket", AF_INET6, "::", AF_UNSPEC, 28, 0},
};

/* Behind it lies memory that cannot be read: one byte too far is a crash. */
static char *page_end(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	static char *pages;

	if (pages)
		return pages + size;
	pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + size, size, PROT_NONE))
		bail_out("mmap");
	return pages + size;
}

/* Where an address of length bytes goes so that it ends with the page. */
static void *place(const union address *address, long length)
{
	long size = length < 0 ? (long)sizeof *address : length > 256 ? 256 : length;
	char *where = page_end() - size;

	memset(page_end() - 256, 0, 256);
	memcpy(where, address, (size_t)size < sizeof *address ? (size_t)size : sizeof *address);
	return where;
}

static void one(int type, const struct attempt *attempt)
{
	struct block block = reserve(type, 3);
	union address address;
	socklen_t length = attempt->length == -2 ? (socklen_t)-5 : (socklen_t)attempt->length;
	int fd = socket(attempt->domain, type, 0), raw, result, error, wanted, wanted_error, port;

	/* the kernel's own answer, on any free port */
	address_make(&address, attempt->text, 0);
	if (attempt->family || !strncmp(attempt->what, "AF_UNSPEC", 9))
		address.any.sa_family = (sa_family_t)attempt->family;
	raw = (int)syscall(SYS_socket, attempt->domain, type, 0);
	wanted = (int)syscall(SYS_bind, raw, place(&address, attempt->length), length);
	wanted_error = wanted ? errno : 0;
	socket_close(raw, RAW);

	if (attempt->port_inside)
		address.v4.sin_port = htons((uint16_t)(block.start + 1));
	if (fd < 0 || associate(fd, block.token))
		bail_out("an associated socket");
	result = bind(fd, place(&address, attempt->length), length);
	error = result ? errno : 0;
	ok(result == wanted && error == wanted_error, "%s, %s: as the kernel (%s)", type_name(type),
	   attempt->what, wanted_error ? strerrorname_np(wanted_error) : "0");
	if (error != wanted_error)
		diag("errno %s", error ? strerrorname_np(error) : "0");
	if (wanted) {
		/* refused, and nothing is lost */
		const char *text = attempt->domain == AF_INET6 ? "::" : "0.0.0.0";

		ok(!socket_bind(fd, text, 0, 0) && in_block(&block, port_of(fd)),
		   "%s, %s: the association stays", type_name(type), attempt->what);
	} else {
		port = port_of(fd);
		ok(attempt->port_inside ? port == block.start + 1 : in_block(&block, port),
		   "%s, %s: a port of the block", type_name(type), attempt->what);
	}
	close(fd);
	close(block.fd);
}

static void pointers(int type)
{
	struct block block = reserve(type, 3);
	int fd = tied(&block, "0.0.0.0", 0);
	struct sockaddr *nowhere = (struct sockaddr *)(void *)(page_end() + 64);
	struct sockaddr *short_of = (struct sockaddr *)(void *)(page_end() - 8);

	/* bind's first pointer is declared nonnull: hide it from the compiler */
	struct sockaddr *volatile null = NULL;

	memset(short_of, 0, 8);
	fails_with(bind(fd, null, 16), EFAULT, "bind with NULL");
	fails_with(bind(fd, nowhere, 16), EFAULT, "bind with unmapped memory");
	fails_with(bind(fd, short_of, 16), EFAULT, "bind with an address that ends too early");
	fails_with(bind(fd, nowhere, 8), EFAULT, "bind with a short address in unmapped memory");
	fails_with(bind(fd, null, 0), EINVAL, "bind with NULL and length 0");
	fails_with(connect(fd, nowhere, 16), EFAULT, "connect with unmapped memory");
	fails_with((int)sendto(fd, "x", 1, MSG_NOSIGNAL, nowhere, 16), EFAULT,
		   "sendto with unmapped memory");
	if (type == UDP)
		fails_with((int)sendmsg(fd, (struct msghdr *)(void *)nowhere, 0), EFAULT,
			   "sendmsg with unmapped memory");
	ok(port_of(fd) == 0 || in_block(&block, port_of(fd)),
	   "%s: then the socket is unbound or has a port of the block", type_name(type));
	close(fd);
	fd = tied(&block, "0.0.0.0", 0);
	fails_with(bind(fd, nowhere, 16), EFAULT, "bind with unmapped memory again");
	ok(!socket_bind(fd, "0.0.0.0", 0, 0) && in_block(&block, port_of(fd)),
	   "%s: the association stays", type_name(type));
	close(fd);
	fails_with(bind(fd, null, 16), EBADF, "bind on a closed descriptor with NULL");
	close(block.fd);
}

int main(int argc, char **argv)
{
	(void)argc;
	private_pool(argv);
	for (int type = TCP; type <= UDP; type++) {
		for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
			if (attempts[i].domain == AF_INET6 && !ipv6_works())
				skip(attempts[i].what, "no IPv6");
			else
				one(type, &attempts[i]);
		}
		pointers(type);
	}
	return done_testing();
}
