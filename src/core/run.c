/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "core/run.h"

void run_format(struct text *text, const struct run *runs, unsigned int count)
{
	static const char outside[][2] = {"p", "d", "m"};
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct run *run = &runs[i];

		if (i)
			text_add(text, ",");
		if (run->token) {
			text_add_number(text, run->token, 16);
			text_add(text, "@");
			text_add_number(text, (uint64_t)run->anchor, 10);
			if (run->netns) {
				text_add(text, "~");
				text_add_number(text, run->netns, 16);
			}
		} else {
			text_add(text, "!");
			text_add_number(text, (uint64_t)run->error, 10);
		}
		text_add(text, "/");
		text_add_number(text, run->protocols, 10);
		text_add(text, outside[run->outside]);
		text_add(text, run->full_pass ? "f" : "");
		text_add(text, run->connect ? "c" : "");
	}
}

static bool options_parse(const char **at, struct run *run)
{
	uint64_t protocols;

	if (*(*at)++ != '/' || !text_number(at, 10, 3, &protocols) || !protocols)
		return false;
	run->protocols = (uint8_t)protocols;
	for (;; (*at)++) {
		switch (**at) {
		case 'p':
			run->outside = OUTSIDE_PASS;
			break;
		case 'd':
			run->outside = OUTSIDE_DENY;
			break;
		case 'm':
			run->outside = OUTSIDE_MAP;
			break;
		case 'f':
			run->full_pass = true;
			break;
		case 'c':
			run->connect = true;
			break;
		default:
			return **at == ',' || **at == '\0';
		}
	}
}

static bool run_parse_one(const char **at, struct run *run)
{
	uint64_t number;

	memset(run, 0, sizeof *run);
	if (**at == '!') {
		(*at)++;
		if (!text_number(at, 10, 4095, &number) || !number)
			return false;
		run->error = (int)number;
		run->anchor = -1;
		return options_parse(at, run);
	}
	if (!text_number(at, 16, UINT64_MAX, &run->token) || !run->token || *(*at)++ != '@' ||
	    !text_number(at, 10, INT32_MAX, &number))
		return false;
	run->anchor = (int)number;
	if (**at == '~') {
		(*at)++;
		if (!text_number(at, 16, UINT64_MAX, &run->netns))
			return false;
	}
	return options_parse(at, run);
}

unsigned int run_parse(const char *text, struct run runs[RUNS_MAX])
{
	unsigned int count = 0;

	for (;;) {
		if (count == RUNS_MAX || !run_parse_one(&text, &runs[count]))
			return 0;
		count++;
		if (*text++ == '\0')
			return count;
	}
}

static bool range_parse(const char **at, struct port_range *range)
{
	uint64_t first, last;

	if (!text_number(at, 10, POOL_PORTS - 1, &first) || !first)
		return false;
	last = first;
	if (**at == '-') {
		(*at)++;
		if (!text_number(at, 10, POOL_PORTS - 1, &last) || last < first)
			return false;
	}
	range->first = (uint16_t)first;
	range->last = (uint16_t)last;
	return true;
}

int run_range_parse(const char *text, struct port_range *range)
{
	return range_parse(&text, range) && !*text ? 0 : -EINVAL;
}

static bool request_parse(const char **at, struct acquire_request *request)
{
	struct port_range range;
	const char *start;

	memset(request, 0, sizeof *request);
	request->kind = KIND_RUN;
	request->keep_on_exec = true;
	if (!strncmp(*at, "tcp:", 4))
		request->protocols = PROTOCOL_BIT(PROTOCOL_TCP);
	else if (!strncmp(*at, "udp:", 4))
		request->protocols = PROTOCOL_BIT(PROTOCOL_UDP);
	else
		return false;
	*at += 4;
	start = *at;
	if (!range_parse(at, &range))
		return false;
	if (memchr(start, '-', (size_t)(*at - start))) {
		request->first = range.first;
		request->count = (uint16_t)(range.last - range.first + 1);
	} else {
		request->count = range.first;
	}
	return true;
}

int run_requests_parse(const char *text, struct acquire_request requests[RUNS_MAX])
{
	int count = 0;

	for (;;) {
		if (count == RUNS_MAX || !request_parse(&text, &requests[count]))
			return -EINVAL;
		count++;
		if (*text == '\0')
			return count;
		if (*text++ != ',')
			return -EINVAL;
	}
}
