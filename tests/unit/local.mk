# SPDX-License-Identifier: MIT
# The unit tests, on the objects that the shared object is made of. They need CUnit.
unit_scripts = tests/unit/symbols.test tests/unit/layout.test
TESTS += $(unit_scripts)
EXTRA_DIST += tests/unit/symbols.test tests/unit/undefined-symbols.txt tests/unit/layout.test \
	tests/unit/layout.h

if HAVE_CUNIT
check_LTLIBRARIES += tests/unit/libunit.la
tests_unit_libunit_la_SOURCES = tests/lib/cunit-tap.c tests/lib/cunit-tap.h tests/lib/tap.h \
	tests/unit/unit.c tests/unit/child.c tests/unit/unit.h tests/preload/sockets.h

unit_ldadd = tests/unit/libunit.la src/libcore.la $(CUNIT_LIBS) -lpthread
unit_tests = \
	tests/unit/pool \
	tests/unit/pool-access \
	tests/unit/pool-create \
	tests/unit/pool-default \
	tests/unit/slot \
	tests/unit/slot-anchor \
	tests/unit/word \
	tests/unit/guard \
	tests/unit/guard-block \
	tests/unit/guard-traffic \
	tests/unit/claim \
	tests/unit/claim-shared \
	tests/unit/anchor \
	tests/unit/anchor-place \
	tests/unit/held \
	tests/unit/reservation \
	tests/unit/prune \
	tests/unit/draw \
	tests/unit/bind \
	tests/unit/stale \
	tests/unit/binding \
	tests/unit/failing \
	tests/unit/every-failure \
	tests/unit/crossing \
	tests/unit/lacking \
	tests/unit/text \
	tests/unit/run \
	tests/unit/process \
	tests/unit/fdtable \
	tests/unit/memory \
	tests/unit/persistent \
	tests/unit/store

check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

tests_unit_pool_SOURCES = tests/unit/pool.c tests/unit/pool-file.h
tests_unit_pool_LDADD = $(unit_ldadd)

tests_unit_pool_access_SOURCES = tests/unit/pool-access.c tests/unit/pool-file.h
tests_unit_pool_access_LDADD = $(unit_ldadd)

tests_unit_pool_create_SOURCES = tests/unit/pool-create.c tests/unit/pool-file.h
tests_unit_pool_create_LDADD = $(unit_ldadd)

tests_unit_pool_default_SOURCES = tests/unit/pool-default.c tests/unit/pool-file.h
tests_unit_pool_default_LDADD = $(unit_ldadd)

tests_unit_slot_SOURCES = tests/unit/slot.c tests/unit/layout.h
tests_unit_slot_LDADD = $(unit_ldadd)

tests_unit_persistent_SOURCES = tests/unit/persistent.c tests/unit/reserve.h
tests_unit_persistent_LDADD = $(unit_ldadd)

tests_unit_store_SOURCES = tests/unit/store.c
tests_unit_store_LDADD = tests/unit/libunit.la src/libpersist.la $(CUNIT_LIBS) -lpthread

tests_unit_slot_anchor_SOURCES = tests/unit/slot-anchor.c
tests_unit_slot_anchor_LDADD = $(unit_ldadd)

tests_unit_word_SOURCES = tests/unit/word.c
tests_unit_word_LDADD = $(unit_ldadd)

tests_unit_guard_SOURCES = tests/unit/guard.c
tests_unit_guard_LDADD = $(unit_ldadd)

tests_unit_guard_block_SOURCES = tests/unit/guard-block.c
tests_unit_guard_block_LDADD = $(unit_ldadd)

tests_unit_guard_traffic_SOURCES = tests/unit/guard-traffic.c
tests_unit_guard_traffic_LDADD = $(unit_ldadd)

tests_unit_claim_SOURCES = tests/unit/claim.c
tests_unit_claim_LDADD = $(unit_ldadd)

tests_unit_claim_shared_SOURCES = tests/unit/claim-shared.c
tests_unit_claim_shared_LDADD = $(unit_ldadd)

tests_unit_anchor_SOURCES = tests/unit/anchor.c tests/unit/anchor-kinds.h
tests_unit_anchor_LDADD = $(unit_ldadd)

tests_unit_anchor_place_SOURCES = tests/unit/anchor-place.c tests/unit/anchor-kinds.h
tests_unit_anchor_place_LDADD = $(unit_ldadd)

tests_unit_held_SOURCES = tests/unit/held.c tests/unit/anchor-kinds.h
tests_unit_held_LDADD = $(unit_ldadd)

tests_unit_reservation_SOURCES = tests/unit/reservation.c tests/unit/reserve.h
tests_unit_reservation_LDADD = $(unit_ldadd)

tests_unit_prune_SOURCES = tests/unit/prune.c tests/unit/reserve.h
tests_unit_prune_LDADD = $(unit_ldadd)

tests_unit_draw_SOURCES = tests/unit/draw.c tests/unit/reserve.h
tests_unit_draw_LDADD = $(unit_ldadd)

tests_unit_bind_SOURCES = tests/unit/bind.c tests/unit/reserve.h
tests_unit_bind_LDADD = $(unit_ldadd)

tests_unit_stale_SOURCES = tests/unit/stale.c tests/unit/reserve.h
tests_unit_stale_LDADD = $(unit_ldadd)

tests_unit_binding_SOURCES = tests/unit/binding.c tests/unit/reserve.h
tests_unit_binding_LDADD = $(unit_ldadd)

tests_unit_failing_SOURCES = tests/unit/failing.c tests/unit/reserve.h
tests_unit_failing_LDADD = $(unit_ldadd)

tests_unit_every_failure_SOURCES = tests/unit/every-failure.c tests/unit/reserve.h
tests_unit_every_failure_LDADD = $(unit_ldadd)

tests_unit_crossing_SOURCES = tests/unit/crossing.c tests/unit/reserve.h
tests_unit_crossing_LDADD = $(unit_ldadd)

tests_unit_lacking_SOURCES = tests/unit/lacking.c tests/unit/reserve.h
tests_unit_lacking_LDADD = $(unit_ldadd)

tests_unit_text_SOURCES = tests/unit/text.c
tests_unit_text_LDADD = $(unit_ldadd)

tests_unit_run_SOURCES = tests/unit/run.c
tests_unit_run_LDADD = $(unit_ldadd)

tests_unit_process_SOURCES = tests/unit/process.c
tests_unit_process_LDADD = $(unit_ldadd)

tests_unit_fdtable_SOURCES = tests/unit/fdtable.c src/preload/fdtable.c src/preload/fdtable.h
tests_unit_fdtable_LDADD = $(unit_ldadd)

tests_unit_memory_SOURCES = tests/unit/memory.c src/preload/memory.c src/preload/memory.h
tests_unit_memory_LDADD = $(unit_ldadd)

if PORTRES_COMMAND
inspect_tests = tests/unit/inspect tests/unit/port tests/unit/ports tests/unit/runs tests/unit/map-grid \
	tests/unit/map-svg
check_PROGRAMS += $(inspect_tests)
TESTS += $(inspect_tests)
inspect_ldadd = tests/unit/libunit.la src/libinspect.la $(CUNIT_LIBS) -lpthread

inspect_tests += tests/unit/unused tests/unit/namespaces tests/unit/leftovers tests/unit/left-files
tests_unit_unused_SOURCES = tests/unit/unused.c
tests_unit_unused_LDADD = $(inspect_ldadd)
tests_unit_namespaces_SOURCES = tests/unit/namespaces.c
tests_unit_namespaces_LDADD = $(inspect_ldadd)
tests_unit_leftovers_SOURCES = tests/unit/leftovers.c tests/unit/reserve.h
tests_unit_leftovers_LDADD = $(inspect_ldadd)
tests_unit_left_files_SOURCES = tests/unit/left-files.c
tests_unit_left_files_LDADD = $(inspect_ldadd)

inspect_tests += tests/unit/program
tests_unit_program_SOURCES = tests/unit/program.c
tests_unit_program_LDADD = $(inspect_ldadd) $(ELF_LIBS)

tests_unit_inspect_SOURCES = tests/unit/inspect.c tests/unit/reserve.h
tests_unit_inspect_LDADD = $(inspect_ldadd)

tests_unit_port_SOURCES = tests/unit/port.c tests/unit/reserve.h
tests_unit_port_LDADD = $(inspect_ldadd)

tests_unit_ports_SOURCES = tests/unit/ports.c tests/unit/made.h tests/unit/made.c
tests_unit_ports_LDADD = $(inspect_ldadd)

tests_unit_runs_SOURCES = tests/unit/runs.c tests/unit/made.h tests/unit/made.c
tests_unit_runs_LDADD = $(inspect_ldadd)

tests_unit_map_grid_SOURCES = tests/unit/map-grid.c src/cli/map-grid.h src/cli/map-grid.c
tests_unit_map_grid_LDADD = $(inspect_ldadd)

tests_unit_map_svg_SOURCES = tests/unit/map-svg.c src/cli/map.h src/cli/map-grid.h src/cli/map-grid.c \
	src/cli/map-kinds.h src/cli/map-kinds.c src/cli/map-svg.h src/cli/map-svg.c src/cli/map-svg-page.c \
	src/cli/map-svg-file.c src/tool/message.h src/tool/message.c
tests_unit_map_svg_LDADD = $(inspect_ldadd)
endif
endif

# These alone, built alone: for those who package it.
.PHONY: check-unit
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check check_PROGRAMS='$(unit_tests)' check_SCRIPTS= \
		TESTS='$(unit_tests) $(unit_scripts)'
