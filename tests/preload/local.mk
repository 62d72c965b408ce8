# SPDX-License-Identifier: MIT
# The black-box tests of the library: each program starts itself again under it.
preload_headers = tests/preload/preload.h tests/preload/process.h tests/preload/sockets.h \
	tests/lib/tap.h tests/lib/wait.h
EXTRA_DIST += tests/preload/budget.test

preload_tests = \
	tests/preload/acquire \
	tests/preload/acquire-busy \
	tests/preload/acquire-errors \
	tests/preload/acquire-limits \
	tests/preload/acquire-shapes \
	tests/preload/associate \
	tests/preload/bind \
	tests/preload/bind-args \
	tests/preload/bind-own \
	tests/preload/bind-shared \
	tests/preload/churn \
	tests/preload/clients \
	tests/preload/exhaust \
	tests/preload/fork \
	tests/preload/implicit \
	tests/preload/killed \
	tests/preload/lifetime \
	tests/preload/plain \
	tests/preload/release \
	tests/preload/run-clients \
	tests/preload/same-port \
	tests/preload/share \
	tests/preload/strangers \
	tests/preload/survive \
	tests/preload/time-wait

check_PROGRAMS += $(preload_tests) tests/preload/budget-holder
TESTS += $(preload_tests) tests/preload/budget.test

tests_preload_acquire_SOURCES = tests/preload/acquire.c $(preload_headers)
tests_preload_acquire_busy_SOURCES = tests/preload/acquire-busy.c $(preload_headers)
tests_preload_acquire_errors_SOURCES = tests/preload/acquire-errors.c $(preload_headers)
tests_preload_acquire_limits_SOURCES = tests/preload/acquire-limits.c tests/preload/sandbox.h \
	$(preload_headers)
tests_preload_acquire_shapes_SOURCES = tests/preload/acquire-shapes.c $(preload_headers)
tests_preload_associate_SOURCES = tests/preload/associate.c $(preload_headers)
tests_preload_bind_SOURCES = tests/preload/bind.c $(preload_headers)
tests_preload_bind_args_SOURCES = tests/preload/bind-args.c $(preload_headers)
tests_preload_bind_own_SOURCES = tests/preload/bind-own.c $(preload_headers)
tests_preload_bind_shared_SOURCES = tests/preload/bind-shared.c $(preload_headers)
tests_preload_exhaust_SOURCES = tests/preload/exhaust.c $(preload_headers)
tests_preload_fork_SOURCES = tests/preload/fork.c $(preload_headers)
tests_preload_implicit_SOURCES = tests/preload/implicit.c $(preload_headers)
tests_preload_killed_SOURCES = tests/preload/killed.c $(preload_headers)
tests_preload_lifetime_SOURCES = tests/preload/lifetime.c $(preload_headers)
tests_preload_plain_SOURCES = tests/preload/plain.c $(preload_headers)
tests_preload_release_SOURCES = tests/preload/release.c $(preload_headers)
tests_preload_same_port_SOURCES = tests/preload/same-port.c $(preload_headers)
tests_preload_strangers_SOURCES = tests/preload/strangers.c $(preload_headers)
tests_preload_time_wait_SOURCES = tests/preload/time-wait.c tests/preload/sandbox.h $(preload_headers)
tests_preload_budget_holder_SOURCES = tests/preload/budget-holder.c $(preload_headers)
tests_preload_churn_SOURCES = tests/preload/churn.c tests/preload/churn.h tests/pitfalls/network.h \
	$(preload_headers)
tests_preload_churn_LDADD = -lpthread
tests_preload_clients_SOURCES = tests/preload/clients.c tests/preload/clients.h $(preload_headers)
tests_preload_run_clients_SOURCES = tests/preload/run-clients.c tests/preload/clients.h $(preload_headers)
tests_preload_share_SOURCES = tests/preload/share.c $(preload_headers)
tests_preload_survive_SOURCES = tests/preload/survive.c $(preload_headers)
LONG_TESTS += tests/preload/churn
