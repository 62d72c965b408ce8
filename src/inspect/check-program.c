/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/check-program.h"
#include "inspect/obstacle.h"

static const struct finding nothing;

/* "what is so: why that is bad", with its verdict and its remedy. */
static struct finding behind(const char *what, struct finding finding)
{
	return remedied(found_bad(finding.verdict, "%s: %s", what, finding.found), "%s",
			finding.remedy);
}

static struct finding program_check(const struct program_subject *subject)
{
	const struct program *program = subject->program;

	if (program->fault)
		return fault_finding(program);
	if (program->unreadable)
		return behind(program->path, obstacle_finding(program, OBSTACLE_UNKNOWN));
	if (*program->file && strcmp(program->file, program->path) != 0)
		return found_ok("%s, which is %s", program->path, program->file);
	return found_ok("%s", program->path);
}

/* The way from the command to the program. */
static struct finding way_check(const struct program_subject *subject)
{
	static const char *const kinds[] = {[STEP_SCRIPT] = " (a script)",
					    [STEP_SHELL] = " (no program: for the shell)",
					    [STEP_ENV] = ""};
	const struct program *program = subject->program;
	struct finding finding;
	char *way = NULL;
	size_t length;
	FILE *stream;
	unsigned int i;

	stream = program->step_count ? open_memstream(&way, &length) : NULL;
	if (!stream)
		return nothing;
	for (i = 0; i < program->step_count; i++)
		fprintf(stream, "%s%s, then ", program->steps[i].path,
			kinds[program->steps[i].kind]);
	finding = fclose(stream) ? nothing : found_ok("%s%s", way, program->path);
	free(way);
	return finding;
}

static bool is_known(const struct program_subject *subject)
{
	return !subject->program->fault && !subject->program->unreadable;
}

static struct finding machine_check(const struct program_subject *subject)
{
	const struct image *image = &subject->program->image;
	enum program_obstacle obstacle = subject->reach.obstacle;
	char number[16], what[64], *other;
	struct finding finding;
	struct image own;

	if (!is_known(subject))
		return nothing;
	snprintf(what, sizeof what, "%s, %u bits", machine_name(image, number), image->bits);
	if (obstacle == OBSTACLE_MACHINE || obstacle == OBSTACLE_WORD_SIZE)
		return behind(what, obstacle_finding(subject->program, obstacle));
	if (image->kind != IMAGE_DYNAMIC || !program_own(&own) || own.bits == image->bits)
		return found_ok("%s", what);
	other = library_other(subject->installation->library);
	finding = found_ok("%s, for which there is %s", what, other ? other : "a library");
	free(other);
	return finding;
}

static struct finding linking_check(const struct program_subject *subject)
{
	const struct image *image = &subject->program->image;
	const char *kind = kind_of_image_name(image->kind);

	if (!is_known(subject))
		return nothing;
	switch (image->kind) {
	case IMAGE_DYNAMIC:
		return found_ok("%s", kind);
	case IMAGE_LOADER:
		return behind(kind, obstacle_finding(subject->program, OBSTACLE_LOADER));
	default:
		return behind(kind, obstacle_finding(subject->program, OBSTACLE_STATIC));
	}
}

#define WATCH "start it with PORTRES_DEBUG=1 and see whether the library speaks"

static struct finding loader_check(const struct program_subject *subject)
{
	const struct program *program = subject->program;
	const char *loader = program->image.loader, *libc = libc_name(program->libc);

	if (!is_known(subject) || !*loader)
		return nothing;
	if (program->libc == LIBC_BIONIC || program->libc == LIBC_UCLIBC)
		return behind(loader, obstacle_finding(program, OBSTACLE_LIBC));
	if (program->libc == LIBC_UNKNOWN)
		return remedied(
			found_bad(VERDICT_WARNING,
				  "%s, of a libc that is not known: perhaps it does not load the "
				  "library",
				  loader),
			WATCH);
	if (program->libc == LIBC_GLIBC && program->other_loader)
		return remedied(
			found_bad(VERDICT_WARNING,
				  "%s, of another glibc than the system's, which must not be older "
				  "than the library",
				  loader),
			WATCH);
	return found_ok("%s, of %s", loader, libc);
}

static struct finding privileges_check(const struct program_subject *subject)
{
	const struct program *program = subject->program;

	if (!is_known(subject))
		return nothing;
	if (program->gain)
		return behind(gain_name(program->gain), obstacle_finding(program, OBSTACLE_GAIN));
	if (program->marked)
		return found_ok("gains none by you; where it does, the loader ignores LD_PRELOAD");
	return found_ok("gains none");
}

static struct finding runtime_check(const struct program_subject *subject)
{
	if (!is_known(subject) || !subject->program->image.go)
		return nothing;
	return obstacle_finding(subject->program, OBSTACLE_GO);
}

static struct finding uring_check(const struct program_subject *subject)
{
	if (!is_known(subject) || !subject->program->image.uring)
		return nothing;
	return remedied(found_bad(VERDICT_WARNING,
				  "uses io_uring: what it binds through that is not reached"),
			"if it gets ports from elsewhere, see how to switch io_uring off in it");
}

static struct finding environment_check(const struct program_subject *subject)
{
	if (!subject->program->preload_lost || subject->program->fault)
		return nothing;
	return obstacle_finding(subject->program, OBSTACLE_ENVIRONMENT);
}

static struct finding answer_finding(const struct program_subject *subject, enum answer answer,
				     const char *yes, const char *no)
{
	if (subject->program->fault)
		return nothing;
	if (answer == ANSWER_YES)
		return found_ok("%s", yes);
	return remedied(found_bad(answer == ANSWER_NO ? VERDICT_FAILS : VERDICT_WARNING, "%s",
				  answer == ANSWER_NO ? no : "not known"),
			"see above");
}

static struct finding binds_check(const struct program_subject *subject)
{
	return answer_finding(subject, subject->reach.binds, "its binds get ports of the block",
			      "its binds to port 0 get ports from elsewhere");
}

static struct finding kept_out_check(const struct program_subject *subject)
{
	return answer_finding(subject, subject->reach.kept_out,
			      subject->reach.binds == ANSWER_NO
				      ? "it cannot take ports of any block, this one neither"
				      : "it cannot take ports of other blocks",
			      "");
}

static struct finding passes_check(const struct program_subject *subject)
{
	return answer_finding(subject, subject->reach.passes,
			      "what it starts is in the reservation, too",
			      "what it starts is not reached, either");
}

const struct program_check program_checks[] = {
	{"program", program_check},	    {"way", way_check},
	{"machine", machine_check},	    {"linking", linking_check},
	{"loader", loader_check},	    {"privileges", privileges_check},
	{"runtime", runtime_check},	    {"io-uring", uring_check},
	{"environment", environment_check}, {"binds", binds_check},
	{"kept-out", kept_out_check},	    {"passes-on", passes_check},
};
const size_t program_check_count = sizeof program_checks / sizeof program_checks[0];

struct finding program_sum(const struct program_subject *subject)
{
	enum program_obstacle obstacle = subject->reach.obstacle;
	struct finding finding;

	if (obstacle == OBSTACLE_NONE)
		return found_ok("portres-run will serve this command");
	if (obstacle == OBSTACLE_FAULT)
		return behind("portres-run cannot start this command",
			      fault_finding(subject->program));
	finding = obstacle_finding(subject->program, obstacle);
	return behind(finding.verdict == VERDICT_WARNING
			      ? "portres-run may serve this command"
			      : "portres-run will not reach this command",
		      finding);
}
