# SPDX-License-Identifier: MIT
# Traps of preload libraries that have to do with descriptors, a number and a file each.
descriptor_headers = tests/pitfalls/modes.h $(preload_headers)
EXTRA_DIST += tests/pitfalls/23-programs.test tests/pitfalls/25-goes-on.test \
	tests/pitfalls/26-not-hooked.test

descriptor_tests = \
	tests/pitfalls/12-close-in-handler \
	tests/pitfalls/13-children \
	tests/pitfalls/13-vfork-close \
	tests/pitfalls/14-untrack-first \
	tests/pitfalls/15-every-dup \
	tests/pitfalls/16-close-range \
	tests/pitfalls/16-refused \
	tests/pitfalls/17-streams \
	tests/pitfalls/18-many-descriptors \
	tests/pitfalls/19-cancel \
	tests/pitfalls/19-cancel-pending \
	tests/pitfalls/20-exec \
	tests/pitfalls/21-accepted \
	tests/pitfalls/22-passed \
	tests/pitfalls/23-close-everything \
	tests/pitfalls/23-lowered-limit \
	tests/pitfalls/24-bind-errors \
	tests/pitfalls/24-errno \
	tests/pitfalls/25-debug-line \
	tests/pitfalls/25-full-pool \
	tests/pitfalls/25-sandboxed \
	tests/pitfalls/27-same-socket \
	tests/pitfalls/40-unshared-tables \
	tests/pitfalls/41-lifetime-everywhere \
	tests/pitfalls/41-other-user

check_PROGRAMS += $(descriptor_tests)
TESTS += $(descriptor_tests) tests/pitfalls/23-programs.test tests/pitfalls/25-goes-on.test \
	tests/pitfalls/26-not-hooked.test
LONG_TESTS += tests/pitfalls/12-close-in-handler

# What lies between the library and libc in 14-untrack-first; -rpath makes it a shared object.
check_LTLIBRARIES += tests/pitfalls/close-eintr.la
tests_pitfalls_close_eintr_la_SOURCES = tests/pitfalls/close-eintr.c
tests_pitfalls_close_eintr_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

tests_pitfalls_12_close_in_handler_SOURCES = tests/pitfalls/12-close-in-handler.c $(descriptor_headers)
tests_pitfalls_12_close_in_handler_LDADD = -lpthread
tests_pitfalls_13_vfork_close_SOURCES = tests/pitfalls/13-vfork-close.c $(descriptor_headers)
tests_pitfalls_13_children_SOURCES = tests/pitfalls/13-children.c tests/preload/sandbox.h $(descriptor_headers)
tests_pitfalls_14_untrack_first_SOURCES = tests/pitfalls/14-untrack-first.c $(descriptor_headers)
tests_pitfalls_14_untrack_first_LDADD = -lpthread
tests_pitfalls_15_every_dup_SOURCES = tests/pitfalls/15-every-dup.c $(descriptor_headers)
tests_pitfalls_16_close_range_SOURCES = tests/pitfalls/16-close-range.c $(descriptor_headers)
tests_pitfalls_16_close_range_LDADD = -lpthread
tests_pitfalls_16_refused_SOURCES = tests/pitfalls/16-refused.c tests/preload/sandbox.h $(descriptor_headers)
tests_pitfalls_17_streams_SOURCES = tests/pitfalls/17-streams.c $(descriptor_headers)
tests_pitfalls_18_many_descriptors_SOURCES = tests/pitfalls/18-many-descriptors.c $(descriptor_headers)
tests_pitfalls_19_cancel_SOURCES = tests/pitfalls/19-cancel.c $(descriptor_headers)
tests_pitfalls_19_cancel_LDADD = -lpthread
tests_pitfalls_19_cancel_pending_SOURCES = tests/pitfalls/19-cancel-pending.c $(descriptor_headers)
tests_pitfalls_19_cancel_pending_LDADD = -lpthread
tests_pitfalls_20_exec_SOURCES = tests/pitfalls/20-exec.c $(descriptor_headers)
tests_pitfalls_21_accepted_SOURCES = tests/pitfalls/21-accepted.c $(descriptor_headers)
tests_pitfalls_22_passed_SOURCES = tests/pitfalls/22-passed.c $(descriptor_headers)
tests_pitfalls_23_close_everything_SOURCES = tests/pitfalls/23-close-everything.c $(descriptor_headers)
tests_pitfalls_23_lowered_limit_SOURCES = tests/pitfalls/23-lowered-limit.c $(descriptor_headers)
tests_pitfalls_24_errno_SOURCES = tests/pitfalls/24-errno.c $(descriptor_headers)
tests_pitfalls_24_bind_errors_SOURCES = tests/pitfalls/24-bind-errors.c $(descriptor_headers)
tests_pitfalls_25_debug_line_SOURCES = tests/pitfalls/25-debug-line.c $(preload_headers)
tests_pitfalls_25_full_pool_SOURCES = tests/pitfalls/25-full-pool.c $(descriptor_headers)
tests_pitfalls_25_sandboxed_SOURCES = tests/pitfalls/25-sandboxed.c tests/preload/sandbox.h $(descriptor_headers)
tests_pitfalls_27_same_socket_SOURCES = tests/pitfalls/27-same-socket.c $(descriptor_headers)
tests_pitfalls_40_unshared_tables_SOURCES = tests/pitfalls/40-unshared-tables.c $(descriptor_headers)
tests_pitfalls_40_unshared_tables_LDADD = -lpthread
tests_pitfalls_41_lifetime_everywhere_SOURCES = tests/pitfalls/41-lifetime-everywhere.c $(descriptor_headers)
tests_pitfalls_41_other_user_SOURCES = tests/pitfalls/41-other-user.c $(descriptor_headers)
