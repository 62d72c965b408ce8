/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inspect/check.h"
#include "inspect/checks.h"
#include "persist/utf8.h"

/* In the order in which they are shown: the kernel, this process, files, limits, the library. */
const struct check checks[] = {
	{"kernel", kernel_check},
	{"interface-index", interface_index_check},
	{"namespace-cookie", namespace_cookie_check},
	{"parking", parking_check},
	{"guard", guard_check},
	{"close-range", close_range_check},
	{"ipv6", ipv6_check},
	{"sock-diag-tcp", diag_tcp_check},
	{"sock-diag-udp", diag_udp_check},
	{"sock-diag-unix", diag_unix_check},
	{"sock-diag-bound", diag_bound_check},
	{"proc", proc_check},
	{"user", user_check},
	{"container", container_check},
	{"pool-folder", pool_folder_check},
	{"pool-file", pool_file_check},
	{"list-folder", list_folder_check},
	{"list", list_check},
	{"list-holder", list_holder_check},
	{"ports", ports_check},
	{"range", range_check},
	{"descriptors", descriptors_check},
	{"library", library_check},
	{"helper", helper_check},
	{"holder", holder_check},
	{"preload", preload_check},
	{"preload-by-name", preload_by_name_check},
	{"other-word-size", other_size_check},
	{"ld-preload", ld_preload_check},
	{"reserve", reserve_check},
	{"reservation", reservation_check},
};
const size_t check_count = sizeof checks / sizeof checks[0];

const struct check *check_find(const char *name)
{
	size_t i;

	for (i = 0; i < check_count; i++)
		if (!strcmp(checks[i].name, name))
			return &checks[i];
	return NULL;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_OK] = "ok", [VERDICT_WARNING] = "warning", [VERDICT_FAILS] = "fails"};

	return names[verdict];
}

/* One line, whatever the arguments hold. */
__attribute__((format(printf, 3, 0))) static void line_make(char *line, size_t size,
							    const char *format, va_list arguments)
{
	if (vsnprintf(line, size, format, arguments) < 0)
		*line = '\0';
	utf8_clean(line);
}

#define LINE_MAKE(line, format)                                                                    \
	do {                                                                                       \
		va_list arguments;                                                                 \
                                                                                                   \
		va_start(arguments, format);                                                       \
		line_make(line, sizeof(line), format, arguments);                                  \
		va_end(arguments);                                                                 \
	} while (0)

struct finding found_ok(const char *format, ...)
{
	struct finding finding = {.verdict = VERDICT_OK};

	LINE_MAKE(finding.found, format);
	return finding;
}

struct finding found_bad(enum verdict verdict, const char *format, ...)
{
	struct finding finding = {.verdict = verdict};

	LINE_MAKE(finding.found, format);
	return finding;
}

struct finding remedied(struct finding finding, const char *format, ...)
{
	LINE_MAKE(finding.remedy, format);
	return finding;
}

const char *remedy_of(int error, const char *otherwise)
{
	switch (error) {
	case EMFILE:
		return "raise ulimit -n";
	case ENFILE:
		return "raise fs.file-max";
	case ENOMEM:
	case ENOBUFS:
		return "free some memory";
	case EAGAIN:
		return "see how many processes you may have (ulimit -u)";
	default:
		return otherwise;
	}
}
