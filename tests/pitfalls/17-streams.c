/* SPDX-License-Identifier: MIT */
/*
 * Streams close descriptors inside libc, where a hook of close() sees nothing; and a hook
 * of fclose() that does not always call the real one breaks whoever has a stream without
 * a descriptor (memory streams, popen, the name services' own). Ours looks at the
 * descriptor, if there is one, and calls through, always: results, errors and contents
 * are libc's, and a socket that goes with its stream is known to be gone.
 */
#include "modes.h"
#include <dirent.h>
#include <netdb.h>
#include <pwd.h>

/* Through a pointer: gcc knows that pclose would be the usual. */
static int (*volatile any_fclose)(FILE *) = fclose;

/* Results of streams that have nothing to do with sockets. */
static void plain_streams(void)
{
	char room[8] = "", *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int fd;
	DIR *folder_stream;

	ok(fputs("seven!!", stream) >= 0 && !fclose(stream) && size == 7 &&
		   !strcmp(text, "seven!!"),
	   "fclose of open_memstream");
	free(text);
	stream = fmemopen(room, sizeof room, "w");
	ok(fputs("inside", stream) >= 0 && !fclose(stream) && !strcmp(room, "inside"),
	   "fclose of fmemopen");
	ok(pclose(popen("exit 3", "r")) == 3 << 8, "pclose gives the status");
	ok(any_fclose(popen("exit 4", "r")) == 4 << 8, "so does fclose of what popen gave");
	stream = fopen("/dev/full", "w");
	fputs("no room", stream);
	fd = fileno(stream);
	fails_with(fclose(stream), ENOSPC, "fclose of a stream that cannot be written");
	ok(!truly_open(fd), "its descriptor is closed all the same");
	stream = fdopen(open("/dev/null", O_RDONLY), "r");
	fd = fileno(stream);
	close(fd);
	fails_with(fclose(stream), EBADF, "fclose where the program has closed the descriptor");
	ok(!fdopen(fd, "r") && errno == EBADF, "fdopen of what is not open: EBADF");
	ok(!fdopen(STDERR_FILENO, "?") && errno == EINVAL, "fdopen with a bad mode: EINVAL");
	folder_stream = fdopendir(open("/", O_RDONLY | O_DIRECTORY));
	fd = dirfd(folder_stream);
	ok(readdir(folder_stream) && !closedir(folder_stream) && !truly_open(fd), "closedir");
}

static int fclose_all(void *unused)
{
	int fd = open("/dev/null", O_RDONLY);
	FILE *stream = fdopen(fd, "r");

	(void)unused;
	(void)stream;
	return !fcloseall();
}

/* freopen keeps the stream, and its number if it can. */
static void reopened(void)
{
	char text[64] = "";
	FILE *stream = fopen("/proc/self/comm", "r"), *again;
	int fd = fileno(stream);

	again = freopen("/proc/self/stat", "r", stream);
	ok(again == stream && fileno(again) == fd && fscanf(again, "%63s", text) == 1 &&
		   atoi(text) == getpid(),
	   "freopen of another file");
	again = freopen64("/proc/version", "r", stream);
	ok(again == stream && fileno(again) == fd && fscanf(again, "%63s", text) == 1 &&
		   !strcmp(text, "Linux"),
	   "freopen64");
	ok(freopen(NULL, "r", stream) == stream && fscanf(stream, "%63s", text) == 1,
	   "freopen without a name begins again");
	ok(!freopen("/nowhere/at/all", "r", stream) && errno == ENOENT && !truly_open(fd),
	   "freopen of what does not exist closes and fails");
}

static void names(void)
{
	struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
	struct passwd *user = getpwuid(0);
	int before = open_descriptors();

	ok(user && !strcmp(user->pw_name, "root"), "getpwuid");
	ok(getpwnam("root") && !getpwnam("no such user"), "getpwnam");
	ok(!getaddrinfo("localhost", "80", &hints, &found) && found, "getaddrinfo");
	freeaddrinfo(found);
	ok(open_descriptors() == before, "no descriptor is left behind");
}

/* A bound socket that goes with its stream gives back its port, and its number. */
static void bound_socket(int by_freopen)
{
	struct block block = mode_block(TCP, 1);
	int fd = member_bound(&block), port = port_of(fd), next;
	FILE *stream = fdopen(fd, "r+");
	const char *how = by_freopen ? "freopen" : "fclose";

	if (!stream)
		bail_out("fdopen");
	if (by_freopen)
		ok(freopen("/dev/null", "r", stream) == stream && fileno(stream) == fd,
		   "freopen over a bound socket");
	else
		ok(!fclose(stream) && !truly_open(fd), "fclose over a bound socket");
	next = member(&block);
	ok(mode == BARE || !socket_bind(next, "127.0.0.1", port, 0), "%s gave its port back", how);
	close(next);
	if (by_freopen)
		ok(!fclose(stream), "fclose of what freopen made");
	next = socket(AF_INET, SOCK_STREAM, 0);
	ok(next == fd && (mode != PRELOADED || (!socket_bind(next, "127.0.0.1", 0, 0) &&
						!in_block(&block, port_of(next)))),
	   "%s: the next socket on its number is not taken for it", how);
	close(next);
	close(block.fd);
}

enum ending { FCLOSE, FREOPEN, FREOPEN64, FCLOSE_UNWRITTEN, ENDINGS };

static const char *const ending_names[] = {"fclose", "freopen", "freopen64",
					   "an fclose that cannot write"};

/* At once, in the call: nobody waits for the next look. */
static int acquirer(void *how)
{
	struct block block = reserve(TCP, 5);
	FILE *stream = fdopen(block.fd, "r+");
	int good = block_taken(&block);

	switch (*(enum ending *)how) {
	case FREOPEN:
		good &= freopen("/dev/null", "r", stream) != NULL;
		break;
	case FREOPEN64:
		good &= freopen64("/dev/null", "r", stream) != NULL;
		break;
	case FCLOSE_UNWRITTEN:
		/* to nobody: the socket is not connected */
		fputs("lost", stream);
		good &= fclose(stream) == EOF;
		break;
	default:
		good &= !fclose(stream);
	}
	good &= block_free(&block);
	if (*(enum ending *)how == FREOPEN || *(enum ending *)how == FREOPEN64)
		fclose(stream);
	return good;
}

/* A copy, and a copy in a child, keep it as ever. */
static int acquirer_copied(void *unused)
{
	struct block block = reserve(UDP, 5);
	int copy = dup(block.fd), good;

	(void)unused;
	fclose(fdopen(block.fd, "r+"));
	good = block_taken(&block);
	fclose(fdopen(copy, "r+"));
	return good && block_free(&block);
}

static int close_stream_of(void *block)
{
	return !fclose(fdopen(((struct block *)block)->fd, "r+"));
}

/* Streams that have nothing to do with the acquiring socket end nothing. */
static void others(void)
{
	struct block block = reserve(TCP, 3);
	char *text = NULL;
	size_t size;

	fclose(open_memstream(&text, &size));
	free(text);
	pclose(popen(":", "r"));
	fclose(fopen("/dev/null", "r"));
	getpwuid(geteuid());
	ok(block_taken(&block), "other streams end nothing");
	ok(in_child(close_stream_of, &block) && block_taken(&block),
	   "nor does a forked child's fclose of the acquiring socket");
	close(block.fd);
	ok(settled(block_free, &block), "close does");
}

int main(int argc, char **argv)
{
	(void)argc;
	modes_begin(argv);
	plain_streams();
	ok(in_child(fclose_all, NULL), "fcloseall");
	reopened();
	names();
	bound_socket(0);
	bound_socket(1);
	for (enum ending how = FCLOSE; mode == PRELOADED && how < ENDINGS; how++)
		ok(settled(acquirer, &how), "%s of the acquiring socket ends the reservation",
		   ending_names[how]);
	if (mode == PRELOADED) {
		ok(settled(acquirer_copied, NULL), "the last of two streams ends it");
		others();
	}
	return modes_end(argv);
}
