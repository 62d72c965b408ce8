/* SPDX-License-Identifier: MIT */
/* Create, Delete and Lookup of persistent reservations: each code they return. */
#include "persistent.h"
#include <sys/mman.h>
#include <sys/resource.h>

#define UNTOUCHED UINT64_C(0x5555)

static void *nowhere;

static void returns(ULONG code, ULONG expected, const char *what, int type)
{
	if (!ok(code == expected, "%s: %s: %u", type_name(type), what, expected))
		diag("%u", code);
}

/* answers: persistent-create persistent-lookup persistent-delete persistent-functions-return */
static void success(const struct functions *of)
{
	uint16_t start = htons((uint16_t)free_block(4));
	ULONG64 token = 0, again = 0;

	errno = ENOENT;
	WSASetLastError(777);
	returns(of->create(start, 4, &token), NO_ERROR, "Create", of->type);
	ok(token != 0, "it has a token");
	returns(of->lookup(start, 4, &again), NO_ERROR, "Lookup", of->type);
	ok(again == token, "the same token");
	returns(of->delete (start, 4), NO_ERROR, "Delete", of->type);
	returns(of->lookup(start, 4, &again), ERROR_NOT_FOUND, "Lookup afterwards", of->type);
	ok(errno == ENOENT && WSAGetLastError() == 777, "errno and WSAGetLastError are left alone");
}

/* answers: persistent-invalid persistent-bad-token */
static void invalid(const struct functions *of)
{
	static const struct {
		uint16_t start, count;
		const char *what;
	} wrong[] = {{0, 4, "no first port"},
		     {20000, 0, "no ports"},
		     {0, 0, "neither"},
		     {65535, 2, "past 65535"},
		     {2, 65535, "just past 65535"}};
	ULONG64 token;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint16_t start = htons(wrong[i].start);

		token = UNTOUCHED;
		returns(of->create(start, wrong[i].count, &token), ERROR_INVALID_PARAMETER,
			wrong[i].what, of->type);
		returns(of->lookup(start, wrong[i].count, &token), ERROR_INVALID_PARAMETER,
			wrong[i].what, of->type);
		returns(of->delete (start, wrong[i].count), ERROR_INVALID_PARAMETER, wrong[i].what,
			of->type);
		ok(token == UNTOUCHED, "the token is left alone");
	}
	returns(of->create(htons(20000), 4, NULL), ERROR_INVALID_PARAMETER, "token NULL", of->type);
	returns(of->create(htons(20000), 4, nowhere), ERROR_INVALID_PARAMETER, "a bad token",
		of->type);
	returns(of->lookup(htons(20000), 4, &token), ERROR_NOT_FOUND, "and nothing was reserved",
		of->type);
	returns(of->lookup(htons(20000), 4, NULL), ERROR_INVALID_PARAMETER, "Lookup: token NULL",
		of->type);
	returns(of->lookup(htons(20000), 4, nowhere), ERROR_INVALID_PARAMETER, "a bad token",
		of->type);
}

/* answers: persistent-in-use persistent-overlap persistent-protocols-apart */
static void sharing(const struct functions *of)
{
	const struct functions *other = &functions[of == functions];
	int start = free_block(6), fd;
	uint16_t first = htons((uint16_t)start);
	ULONG64 token = UNTOUCHED, second;
	struct block runtime;

	fd = bound(of->type, "127.0.0.1", start + 3, RAW);
	returns(of->create(first, 6, &token), ERROR_SHARING_VIOLATION, "a port is in use",
		of->type);
	ok(token == UNTOUCHED, "the token is left alone");
	returns(of->lookup(first, 6, &token), ERROR_NOT_FOUND, "nothing is listed", of->type);
	socket_close(fd, RAW);
	runtime = try_reserve(of->type, start + 5, 1);
	ok(runtime.fd >= 0, "one of them is reserved by somebody");
	returns(of->create(first, 6, &token), ERROR_SHARING_VIOLATION, "a port is reserved",
		of->type);
	close(runtime.fd);
	returns(of->create(first, 6, &token), NO_ERROR, "it is free", of->type);
	returns(of->create(first, 6, &second), ERROR_SHARING_VIOLATION, "the same once more",
		of->type);
	returns(of->create(htons((uint16_t)(start + 5)), 1, &second), ERROR_SHARING_VIOLATION,
		"a part of it", of->type);
	returns(other->create(first, 6, &second), NO_ERROR, "the same of the other protocol",
		of->type);
	ok(token != second, "with a token of its own");
	returns(of->delete (first, 6), NO_ERROR, "Delete", of->type);
	returns(other->lookup(first, 6, &second), NO_ERROR, "the other protocol's stays", of->type);
	returns(other->delete (first, 6), NO_ERROR, "until it is deleted", of->type);
}

/* answers: persistent-exact-match */
static void not_found(const struct functions *of)
{
	const struct functions *other = &functions[of == functions];
	struct block block = persistent(of, 4);
	uint16_t first = htons((uint16_t)block.start);
	ULONG64 token = UNTOUCHED;

	returns(of->lookup(first, 3, &token), ERROR_NOT_FOUND, "fewer ports", of->type);
	returns(of->lookup(htons((uint16_t)(block.start + 1)), 3, &token), ERROR_NOT_FOUND,
		"a part of it", of->type);
	returns(other->lookup(first, 4, &token), ERROR_NOT_FOUND, "the other protocol", of->type);
	returns(of->delete (first, 5), ERROR_NOT_FOUND, "more ports", of->type);
	returns(other->delete (first, 4), ERROR_NOT_FOUND, "the other protocol", of->type);
	ok(token == UNTOUCHED, "the token is left alone");
	returns(of->lookup(first, 4, &token), NO_ERROR, "exactly", of->type);
	forget(of, &block);
}

static int privileged(void)
{
	return geteuid() == 0;
}

/* As somebody with a folder of his own, which then is spoilt in a way. */
static ULONG as_user(const struct functions *of, mode_t mode, int start, int looks)
{
	struct peer child = peer_start();
	char state[256];
	ULONG64 token;

	if (!child.pid) {
		snprintf(state, sizeof state, "%s/user.%d.%o", folder, of->type, mode);
		become_user(SOMEBODY);
		setenv("PORTRES_STATE", state, 1);
		_exit((int)(looks ? of->lookup(htons((uint16_t)start), 2, &token)
				  : of->create(htons((uint16_t)start), 2, &token)));
	}
	return (ULONG)peer_end(&child);
}

static void user_folder(const struct functions *of, mode_t mode, uid_t owner)
{
	char state[256];

	snprintf(state, sizeof state, "%s/user.%d.%o", folder, of->type, mode);
	if (mkdir(state, 0700) || chown(state, owner, (gid_t)-1) || chmod(state, mode))
		bail_out("a folder");
}

/* answers: persistent-access-denied */
static void access_denied(const struct functions *of)
{
	int start;

	if (!privileged()) {
		skip("what is not ours to write", "needs root");
		return;
	}
	/* Its pool must be its own, too. */
	pool_new(SOMEBODY);
	start = free_block(2);
	user_folder(of, 0700, 0);
	returns(as_user(of, 0700, start, 0), ERROR_ACCESS_DENIED, "the list is another user's",
		of->type);
	returns(as_user(of, 0700, start, 1), ERROR_ACCESS_DENIED, "Lookup, too", of->type);
	user_folder(of, 0777, SOMEBODY);
	returns(as_user(of, 0777, start, 0), ERROR_ACCESS_DENIED, "others may write to it",
		of->type);
	user_folder(of, 0755, SOMEBODY);
	returns(as_user(of, 0755, start, 0), NO_ERROR, "others may read it", of->type);
	returns(as_user(of, 0755, start, 1), NO_ERROR, "Lookup finds it", of->type);
	user_folder(of, 0711, SOMEBODY);
	returns(as_user(of, 0711, 700, 0), ERROR_ACCESS_DENIED, "ports for the privileged",
		of->type);
	pool_new(0);
}

/* answers: persistent-limits */
static void limits(const struct functions *of)
{
	struct peer child = peer_start();
	int start = free_block(2), code;

	if (!child.pid) {
		struct rlimit limit = {3, 3};
		ULONG64 token;

		close(child.in);
		close(child.out);
		setrlimit(RLIMIT_NOFILE, &limit);
		_exit((int)of->create(htons((uint16_t)start), 2, &token));
	}
	code = peer_end(&child);
	returns((ULONG)code, ERROR_TOO_MANY_OPEN_FILES, "no descriptors", of->type);
}

int main(int argc, char **argv)
{
	(void)argc;
	linked(argv);
	if (quiet_network())
		diag("in the machine's own network, beside others");
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		const struct functions *of = &functions[i];

		success(of);
		invalid(of);
		sharing(of);
		not_found(of);
		access_denied(of);
		limits(of);
	}
	return done_testing();
}
