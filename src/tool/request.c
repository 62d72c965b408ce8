/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/run.h"
#include "persist/store.h"
#include "tool/message.h"
#include "tool/name.h"
#include "tool/request.h"

#define DEFAULT_COUNT 16
#define LONGEST_WAIT  1e9

static uint16_t count_read(const char *option, const char *text)
{
	uint64_t number;
	const char *at = text;

	if (!text_number(&at, 10, POOL_PORTS - 1, &number) || *at || !number)
		usage_error("%s %s: not a number of ports; give one from 1 to 65535", option, text);
	return (uint16_t)number;
}

static void range_read(struct request *request, const char *text)
{
	struct port_range range;

	if (run_range_parse(text, &range))
		usage_error("-p %s: not a block of ports; give FIRST-LAST, from 1 to 65535", text);
	request->range_given = true;
	request->acquire.first = range.first;
	request->acquire.count = (uint16_t)(range.last - range.first + 1);
}

static const char *name_read(const char *text)
{
	if (!store_name_valid(text))
		usage_error("--name %s: not a name; give 1 to 255 bytes of UTF-8, without control "
			    "characters and without spaces at the ends",
			    text);
	return text;
}

static double seconds_read(const char *text)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	/* strtod also takes white space, signs, hexadecimal numbers and words */
	if (errno || end == text || text[strspn(text, "0123456789.")] || !isfinite(seconds) ||
	    seconds < 0 || seconds > LONGEST_WAIT)
		usage_error("--wait %s: not a number of seconds; give 0 or more", text);
	return seconds;
}

void request_begin(struct request *request)
{
	*request = (struct request){.acquire = {.count = DEFAULT_COUNT, .kind = KIND_RUN}};
}

bool request_option(struct request *request, int option, const char *argument)
{
	switch (option) {
	case 'n':
		request->count_given = true;
		request->acquire.count = count_read("-n", argument);
		return true;
	case 'p':
		range_read(request, argument);
		return true;
	case REQUEST_NAME:
		request->name = name_read(argument);
		return true;
	case REQUEST_ALIGN:
		request->acquire.align = count_read("--align", argument);
		return true;
	case REQUEST_TCP:
		request->tcp = true;
		return true;
	case REQUEST_UDP:
		request->udp = true;
		return true;
	case REQUEST_WAIT:
		request->wait = seconds_read(argument);
		return true;
	default:
		return false;
	}
}

void request_check(struct request *request)
{
	struct acquire_request *acquire = &request->acquire;

	if (request->count_given && request->range_given)
		usage_error("-n and -p exclude each other; give a count or a block");
	if (request->name && request->range_given)
		usage_error("--name and -p exclude each other; a name has the block that it had "
			    "last");
	if (request->tcp && request->udp)
		usage_error("--tcp and --udp exclude each other; give neither for both protocols");
	if (request->range_given && acquire->align && acquire->first % acquire->align)
		usage_error("-p begins at %u, which is not a multiple of --align %u; change one of "
			    "them",
			    acquire->first, acquire->align);
	acquire->protocols = (uint8_t)((request->udp ? 0 : PROTOCOL_BIT(PROTOCOL_TCP)) |
				       (request->tcp ? 0 : PROTOCOL_BIT(PROTOCOL_UDP)));
}

void request_recall(struct request *request)
{
	const char *value = secure_getenv("PORTRES_RANGE");

	if (value && *value && run_range_parse(value, &request->acquire.range))
		fail("PORTRES_RANGE is %s, which is not FIRST-LAST; correct or unset it", value);
	name_recall(request);
}
