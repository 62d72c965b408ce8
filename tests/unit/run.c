/* SPDX-License-Identifier: MIT */
/* Run reservations as they stand in the environment, and what users ask for. */
#include "core/run.h"
#include "unit.h"

static bool equal(const struct run *one, const struct run *other)
{
	return one->token == other->token && one->anchor == other->anchor &&
	       one->outside == other->outside && one->full_pass == other->full_pass &&
	       one->connect == other->connect && one->protocols == other->protocols &&
	       one->error == other->error && one->netns == other->netns;
}

static void round_trip(const struct run *runs, unsigned int count)
{
	char buffer[512];
	struct text text = TEXT(buffer);
	struct run again[RUNS_MAX];

	run_format(&text, runs, count);
	OK(!text.full);
	if (!IS(run_parse(buffer, again), count))
		cunit_tap_note("of %s", buffer);
	for (unsigned int i = 0; i < count; i++)
		OK(equal(&runs[i], &again[i]));
}

static void test_round_trip(void)
{
	struct run run = {.token = 1};

	for (run.protocols = 1; run.protocols <= 3; run.protocols++)
		for (run.outside = OUTSIDE_PASS; run.outside <= OUTSIDE_MAP; run.outside++)
			for (int flags = 0; flags < 4; flags++) {
				run.full_pass = flags & 1;
				run.connect = flags & 2;
				run.anchor = flags * 333;
				run.token = run.token * 31 + (uint64_t)flags;
				run.netns = flags == 3 ? run.token : 0;
				round_trip(&run, 1);
			}
}

static void test_limits(void)
{
	struct run runs[RUNS_MAX];

	for (unsigned int i = 0; i < RUNS_MAX; i++)
		runs[i] = (struct run){.token = UINT64_MAX - i,
				       .anchor = INT32_MAX,
				       .outside = OUTSIDE_MAP,
				       .full_pass = true,
				       .connect = true,
				       .protocols = 3};
	for (unsigned int count = 1; count <= RUNS_MAX; count++)
		round_trip(runs, count);
}

/* One that could not be had stands for its error. */
static void test_error(void)
{
	struct run runs[2] = {
		{.anchor = -1, .protocols = 1, .error = EADDRINUSE},
		{.anchor = -1, .protocols = 2, .outside = OUTSIDE_DENY, .error = 4095}};

	round_trip(runs, 2);
}

static void test_damaged(void)
{
	static const char *const texts[] = {
		"",
		"0",
		",",
		"/",
		"@",
		"!",
		"1",
		"1@",
		"1@3",
		"1@3/",
		"1@3/0p",
		"1@3/4p",
		"1@/1p",
		"@3/1p",
		"0@3/1p",
		"1@3/1x",
		"1@3/1p ",
		" 1@3/1p",
		"1@3/1p,",
		",1@3/1p",
		"1@3/1p,,1@3/1p",
		"1@3/1p;1@3/1p",
		"1@-3/1p",
		"1@3 /1p",
		"x@3/1p",
		"1F@3/1p",
		"1@2147483648/1p",
		"10000000000000000@3/1p",
		"!0/1p",
		"!4096/1p",
		"!x/1p",
		"!5",
		"!5/",
		"!5/0p",
		"!-5/1p",
		"1@3/1p\n",
		"1@3//1p",
		"1@3/p",
		"1@99999999999/1p",
		"1@3/11p",
		"1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p",
	};
	struct run runs[RUNS_MAX];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!IS(run_parse(texts[i], runs), 0))
			cunit_tap_note("of \"%s\"", texts[i]);
	IS(run_parse("1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p,1@3/1p", runs), 8);
}

/* Cut off or changed anywhere, it is read or refused, but nothing past it is looked at. */
static void test_changed(void)
{
	static const char good[] = "deadbeef01234567@999/3dfc,!98/1p,1@3/2m";
	struct run runs[RUNS_MAX];
	char *text = malloc(sizeof good);
	unsigned int longest = 0;

	for (size_t length = 0; length < sizeof good; length++) {
		char *cut = malloc(length + 1);
		unsigned int count;

		memcpy(cut, good, length);
		cut[length] = '\0';
		count = run_parse(cut, runs);
		OK(count <= 3);
		if (count > longest)
			longest = count;
		free(cut);
	}
	IS(longest, 3);
	for (size_t at = 0; at < sizeof good - 1; at++) {
		for (int character = 1; character < 256; character++) {
			memcpy(text, good, sizeof good);
			text[at] = (char)character;
			OK(run_parse(text, runs) <= 4);
		}
	}
	free(text);
}

static void test_requests(void)
{
	struct acquire_request requests[RUNS_MAX];

	IS_FATAL(run_requests_parse("tcp:20,udp:5000-5019,tcp:1,udp:65535-65535", requests), 4);
	for (int i = 0; i < 4; i++) {
		IS(requests[i].kind, KIND_RUN);
		OK(requests[i].keep_on_exec);
		IS(requests[i].protocols,
		   i % 2 ? PROTOCOL_BIT(PROTOCOL_UDP) : PROTOCOL_BIT(PROTOCOL_TCP));
		IS(requests[i].range.first + requests[i].range.last, 0);
	}
	IS(requests[0].first, 0);
	IS(requests[0].count, 20);
	IS(requests[1].first, 5000);
	IS(requests[1].count, 20);
	IS(requests[2].first, 0);
	IS(requests[2].count, 1);
	IS(requests[3].first, 65535);
	IS(requests[3].count, 1);
	IS_FATAL(run_requests_parse("tcp:1-65535", requests), 1);
	IS(requests[0].first, 1);
	IS(requests[0].count, 65535);
	IS(run_requests_parse("tcp:1,tcp:2,tcp:3,tcp:4,tcp:5,tcp:6,tcp:7,tcp:8", requests), 8);
}

static void test_requests_wrong(void)
{
	static const char *const texts[] = {
		"",
		"tcp",
		"tcp:",
		"20",
		":20",
		"tcp:0",
		"tcp:-1",
		"tcp:x",
		"tcp:20x",
		"tcp:20,",
		",tcp:20",
		"tcp:20,,udp:20",
		"tcp:20;udp:20",
		"TCP:20",
		"sctp:20",
		"tcp:65536",
		"tcp:5-4",
		"tcp:0-4",
		"tcp:5-",
		"tcp:5-65536",
		"tcp:5--6",
		" tcp:5",
		"tcp: 5",
		"tcp:5 ",
		"tcp:5-6-7",
		"tcp:18446744073709551617",
		"tcpudp:5",
		"tcp:1,tcp:2,tcp:3,tcp:4,tcp:5,tcp:6,tcp:7,tcp:8,tcp:9",
	};
	struct acquire_request requests[RUNS_MAX];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!IS(run_requests_parse(texts[i], requests), -EINVAL))
			cunit_tap_note("of \"%s\"", texts[i]);
}

static void test_range(void)
{
	static const char *const wrong[] = {"",	     "-",   "5000-", "-5000",	"0",
					    "0-5",   "5-4", "65536", "1-65536", "5-6-7",
					    "5000 ", "5,6", "x",     "5-x"};
	struct port_range range;

	IS(run_range_parse("5000-5019", &range), 0);
	IS(range.first, 5000);
	IS(range.last, 5019);
	IS(run_range_parse("5000", &range), 0);
	IS(range.first, 5000);
	IS(range.last, 5000);
	IS(run_range_parse("1-65535", &range), 0);
	IS(range.first, 1);
	IS(range.last, 65535);
	IS(run_range_parse("7-7", &range), 0);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (!IS(run_range_parse(wrong[i], &range), -EINVAL))
			cunit_tap_note("of \"%s\"", wrong[i]);
}

int main(void)
{
	CU_TestInfo tests[] = TESTS(
		{"what is written is read, with every option", test_round_trip},
		{"as many as there may be, with the largest numbers", test_limits},
		{"one that could not be had", test_error},
		{"what is not of this form is refused", test_damaged},
		{"one changed character, one cut anywhere", test_changed},
		{"counts and blocks of TCP and UDP", test_requests},
		{"what is none of them: EINVAL", test_requests_wrong}, {"ranges", test_range});

	return unit_main("run", tests);
}
