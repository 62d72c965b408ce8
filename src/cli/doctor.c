/* SPDX-License-Identifier: MIT */
/* portres doctor: whether all is there that reservations rest on, and what a command is */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/paint.h"
#include "cli/rows.h"
#include "cli/show.h"
#include "inspect/check-program.h"
#include "inspect/check.h"
#include "tool/message.h"

static const char usage[] =
	"Usage: portres doctor [--only CHECK]... [--json] [--] [COMMAND [ARG]...]\n"
	"Tries all that reservations rest on, and says what helps where something fails. With a\n"
	"COMMAND: whether portres-run would serve it. It is not started.\n"
	"\n"
	"      --only CHECK  this check, by the name that stands in front of it; may be given\n"
	"                    several times\n"
	"      --json        for programs\n"
	"  -h, --help        this text\n"
	"\n"
	"Exit status: 0 nothing fails; 1 something does; 2 wrong usage.\n";

enum {
	OPTION_JSON = 256,
	OPTION_ONLY,
};

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"only", required_argument, NULL, OPTION_ONLY},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

#define CHECKS_MOST 64

struct wish {
	bool json;
	bool all;		  /* checks: none was chosen by its name */
	bool chosen[CHECKS_MOST]; /* of the table of checks */
	char *const *command;	  /* NULL: none */
};

static void check_choose(struct wish *wish, const char *name)
{
	const struct check *check = check_find(name);

	if (!check)
		usage_error("%s is not a check; portres doctor lists them all", name);
	wish->chosen[check - checks] = true;
}

static void wish_read(struct wish *wish, int argc, char **argv)
{
	int option;
	size_t i;

	*wish = (struct wish){.all = true};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_JSON:
			wish->json = true;
			break;
		case OPTION_ONLY:
			check_choose(wish, optarg);
			wish->all = false;
			break;
		case 'h':
			say_and_exit(usage);
		default:
			usage_option("doctor", argv, option);
		}
	}
	for (i = 0; i < check_count; i++)
		wish->chosen[i] |= wish->all;
	if (optind < argc)
		wish->command = argv + optind;
}

/* What was found, under the name of its check. */
struct result {
	const char *name;
	struct finding finding;
};

struct report {
	struct result results[CHECKS_MOST], about[CHECKS_MOST];
	size_t result_count, about_count;
	struct program_subject subject; /* program NULL: no command */
	struct finding sum;		/* of the command */
};

static void report_make(struct report *report, const struct wish *wish,
			const struct installation *installation)
{
	struct finding finding;
	size_t i;

	for (i = 0; i < check_count; i++)
		if (wish->chosen[i])
			report->results[report->result_count++] =
				(struct result){checks[i].name, checks[i].run()};
	if (!wish->command)
		return;
	report->subject.program = program_find(wish->command);
	if (!report->subject.program)
		fail("out of memory; free some and try again");
	report->subject.installation = installation;
	report->subject.reach = program_reach(report->subject.program, installation);
	for (i = 0; i < program_check_count; i++) {
		finding = program_checks[i].run(&report->subject);
		if (*finding.found)
			report->about[report->about_count++] =
				(struct result){program_checks[i].name, finding};
	}
	report->sum = program_sum(&report->subject);
}

static enum verdict worst_of(const struct result *results, size_t count)
{
	enum verdict worst = VERDICT_OK;
	size_t i;

	for (i = 0; i < count; i++)
		if (results[i].finding.verdict > worst)
			worst = results[i].finding.verdict;
	return worst;
}

static json_t *results_json(const struct result *results, size_t count)
{
	json_t *list = json_array(), *object;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct finding *finding = &results[i].finding;

		object = json_pack("{s:s, s:s, s:o}", "name", results[i].name, "verdict",
				   verdict_name(finding->verdict), "found",
				   json_text(finding->found));
		if (*finding->remedy)
			json_object_set_new(object, "remedy", json_text(finding->remedy));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *program_json(const struct report *report)
{
	const struct program *program = report->subject.program;
	const struct program_reach *reach = &report->subject.reach;
	json_t *object = json_object(), *way = json_array();
	char number[16];
	unsigned int i;

	for (i = 0; i < program->step_count; i++)
		json_array_append_new(way, json_text(program->steps[i].path));
	json_object_set_new(object, "path", json_text(program->path));
	json_object_set_new(object, "file", json_text(program->file));
	json_object_set_new(object, "way", way);
	if (program->image.bits) {
		json_object_set_new(object, "machine",
				    json_string(machine_name(&program->image, number)));
		json_object_set_new(object, "bits", json_integer(program->image.bits));
		json_object_set_new(object, "linking",
				    json_string(kind_of_image_name(program->image.kind)));
		json_object_set_new(object, "libc", json_string(libc_name(program->libc)));
		json_object_set_new(object, "loader", json_text(program->image.loader));
		json_object_set_new(object, "privileges", json_string(gain_name(program->gain)));
		json_object_set_new(object, "go", json_boolean(program->image.go));
		json_object_set_new(object, "io_uring", json_boolean(program->image.uring));
	}
	json_object_set_new(object, "obstacle", json_string(obstacle_name(reach->obstacle)));
	json_object_set_new(object, "binds", json_string(answer_name(reach->binds)));
	json_object_set_new(object, "kept_out", json_string(answer_name(reach->kept_out)));
	json_object_set_new(object, "passes_on", json_string(answer_name(reach->passes)));
	json_object_set_new(object, "checks", results_json(report->about, report->about_count));
	json_object_set_new(object, "sum", json_text(report->sum.found));
	if (*report->sum.remedy)
		json_object_set_new(object, "remedy", json_text(report->sum.remedy));
	return object;
}

static void report_show(const struct report *report)
{
	json_t *object = json_object();

	json_object_set_new(object, "checks", results_json(report->results, report->result_count));
	if (report->subject.program)
		json_object_set_new(object, "program", program_json(report));
	json_show(object);
}

static const enum tone tones[] = {
	[VERDICT_OK] = TONE_GOOD, [VERDICT_WARNING] = TONE_WARNING, [VERDICT_FAILS] = TONE_BAD};

/* As wide as the longest. */
#define VERDICT_WIDTH 9
#define NAME_WIDTH    16

/* One line, for grep; on a terminal broken where it ends. */
static void text_print(const struct finding *finding)
{
	struct rows rows = {.width = show_width(), .indent = VERDICT_WIDTH + NAME_WIDTH + 1};
	char text[sizeof finding->found + sizeof finding->remedy + 2];

	snprintf(text, sizeof text, "%s%s%s", finding->found, *finding->remedy ? "; " : "",
		 finding->remedy);
	if (isatty(STDOUT_FILENO))
		row_go_on(&rows, TONE_PLAIN, text);
	else
		puts(text);
}

static void result_print(const struct result *result)
{
	enum verdict verdict = result->finding.verdict;

	printf("%s%-*s%s%-*s ", paint(tones[verdict]), VERDICT_WIDTH, verdict_name(verdict),
	       paint(TONE_PLAIN), NAME_WIDTH, result->name);
	text_print(&result->finding);
}

static unsigned int verdicts_count(const struct report *report, enum verdict verdict)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < report->result_count; i++)
		count += report->results[i].finding.verdict == verdict;
	return count;
}

static void sum_print(const struct report *report)
{
	unsigned int failing = verdicts_count(report, VERDICT_FAILS);
	unsigned int warnings = verdicts_count(report, VERDICT_WARNING);
	const struct finding *sum = &report->sum;
	enum verdict verdict = failing ? VERDICT_FAILS : warnings ? VERDICT_WARNING : VERDICT_OK;

	if (!report->subject.program && !failing && !warnings)
		printf("%sall is well%s\n", paint(TONE_GOOD), paint(TONE_PLAIN));
	else if (!report->subject.program)
		printf("%s%u of %zu fail%s, %u warning%s%s\n", paint(tones[verdict]), failing,
		       report->result_count, failing == 1 ? "s" : "", warnings,
		       warnings == 1 ? "" : "s", paint(TONE_PLAIN));
	else if (failing && sum->verdict == VERDICT_OK)
		printf("%s%s, once what fails above is mended%s\n", paint(TONE_BAD), sum->found,
		       paint(TONE_PLAIN));
	else
		printf("%s%s%s%s%s\n", paint(tones[sum->verdict]), sum->found, paint(TONE_PLAIN),
		       *sum->remedy ? "; " : "", sum->remedy);
}

static void table_show(const struct report *report, bool sum)
{
	size_t i;

	/* Beside a program, only what is in its way. */
	for (i = 0; i < report->result_count; i++)
		if (!report->subject.program || report->results[i].finding.verdict != VERDICT_OK)
			result_print(&report->results[i]);
	for (i = 0; i < report->about_count; i++)
		result_print(&report->about[i]);
	if (sum)
		sum_print(report);
}

int command_doctor(int argc, char **argv)
{
	struct report *report = calloc(1, sizeof *report);
	struct installation installation;
	struct wish wish;
	bool fails;

	if (!report)
		fail("out of memory; free some and try again");
	wish_read(&wish, argc, argv);
	installation_find(&installation);
	report_make(report, &wish, &installation);
	if (wish.json)
		report_show(report);
	else
		table_show(report, wish.all || wish.command);
	output_check();
	fails = worst_of(report->results, report->result_count) == VERDICT_FAILS ||
		report->sum.verdict == VERDICT_FAILS;
	free((void *)report->subject.program);
	free(report);
	return fails ? EXIT_NOT_SO : 0;
}
