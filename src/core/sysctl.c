/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "core/sysctl.h"
#include "real/text.h"

#define FOLDER	   "/proc/sys/net/ipv4/"
#define PORT_LAST  (POOL_PORTS - 1)
#define LIST_USUAL 4096
/* Every other port, with a comma: the kernel gives a list in one read, or cut. */
#define LIST_LONGEST 262144

struct port_range sysctl_ephemeral(void)
{
	char text[32];
	const char *at = text;
	uint64_t first, last;

	if (text_file(FOLDER "ip_local_port_range", text, sizeof text) > 0 &&
	    text_number(&at, 10, PORT_LAST, &first) && *at++ == '\t' &&
	    text_number(&at, 10, PORT_LAST, &last))
		return (struct port_range){(uint16_t)first, (uint16_t)last};
	return (struct port_range){32768, 60999};
}

uint16_t sysctl_unprivileged(void)
{
	char text[16];
	const char *at = text;
	uint64_t first;

	if (text_file(FOLDER "ip_unprivileged_port_start", text, sizeof text) > 0 &&
	    text_number(&at, 10, PORT_LAST, &first))
		return (uint16_t)first;
	return 1024;
}

/* "8080,9000-9010" */
static void list_show(const char *at, sysctl_visit *visit, void *context)
{
	uint64_t first, last;

	while (text_number(&at, 10, PORT_LAST, &first)) {
		last = first;
		if (*at == '-') {
			at++;
			if (!text_number(&at, 10, PORT_LAST, &last))
				return;
		}
		visit((uint16_t)first, (uint16_t)last, context);
		if (*at++ != ',')
			return;
	}
}

void sysctl_reserved(sysctl_visit *visit, void *context)
{
	static const char path[] = FOLDER "ip_local_reserved_ports";
	char usual[LIST_USUAL], *list;

	int length = text_file(path, usual, sizeof usual);

	if (length < LIST_USUAL - 1) {
		if (length > 0)
			list_show(usual, visit, context);
		return;
	}
	list = mmap(NULL, LIST_LONGEST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (list == MAP_FAILED)
		return;
	if (text_file(path, list, LIST_LONGEST) > 0)
		list_show(list, visit, context);
	munmap(list, LIST_LONGEST);
}
