/* SPDX-License-Identifier: MIT */
/*
 * Started by budget.test under portres-run: binds a TCP and a UDP socket from the
 * run reservation, writes into its first argument what came of it, and waits until
 * the fifo that is its second argument ends.
 */
#include "sockets.h"

int main(int argc, char **argv)
{
	const char *first = getenv("PORTRES_FIRST"), *last = getenv("PORTRES_LAST");
	int tcp, udp, good, wait;
	FILE *out;
	char temporary[4096];

	if (argc != 3 || !first || !last)
		return 2;
	tcp = bound(TCP, "127.0.0.1", 0, 0);
	udp = bound(UDP, "127.0.0.1", 0, 0);
	good = tcp >= 0 && udp >= 0 && port_of(tcp) >= atoi(first) && port_of(tcp) <= atoi(last) &&
	       port_of(udp) >= atoi(first) && port_of(udp) <= atoi(last) &&
	       atoi(last) - atoi(first) == 15 && !listen(tcp, 1);
	wait = open(argv[2], O_RDONLY);
	/* whoever sees the file sees all of it */
	snprintf(temporary, sizeof temporary, "%s.new", argv[1]);
	out = fopen(temporary, "we");
	if (!out || wait < 0)
		return 2;
	fprintf(out, "%s %s %s tcp %d udp %d\n", good ? "good" : "bad", first, last,
		tcp < 0 ? -1 : port_of(tcp), udp < 0 ? -1 : port_of(udp));
	fclose(out);
	if (rename(temporary, argv[1]))
		return 2;
	while (read(wait, temporary, sizeof temporary) > 0)
		;
	return !good;
}
