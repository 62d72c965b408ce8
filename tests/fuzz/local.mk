# SPDX-License-Identifier: MIT
# Coverage-guided fuzzing. What it has found and reached is kept in corpus and found, and
# tried again with any compiler; to go on from there, build.mk builds for libFuzzer.
LONG_TESTS += tests/fuzz/fuzz.test
EXTRA_DIST += tests/fuzz/fuzz.test tests/fuzz/build.mk tests/fuzz/arguments.dict \
	tests/fuzz/settings.dict tests/fuzz/store.dict tests/fuzz/corpus tests/fuzz/found

fuzz_replays = tests/fuzz/replay-settings tests/fuzz/replay-store tests/fuzz/replay-calls \
	tests/fuzz/replay-pool
fuzz_shared = tests/fuzz/fuzz.h tests/fuzz/world.c tests/fuzz/replay.c tests/lib/tap.h

tests_fuzz_replay_settings_SOURCES = tests/fuzz/fuzz-settings.c $(fuzz_shared)
tests_fuzz_replay_settings_LDADD = src/libpersist.la

tests_fuzz_replay_store_SOURCES = tests/fuzz/fuzz-store.c tests/fuzz/store-model.h \
	tests/fuzz/store-model.c $(fuzz_shared)
tests_fuzz_replay_store_LDADD = src/libpersist.la

tests_fuzz_replay_calls_SOURCES = tests/fuzz/fuzz-calls.c tests/fuzz/calls-memory.h \
	tests/fuzz/calls-memory.c tests/fuzz/calls-script.h tests/fuzz/calls-script.c $(fuzz_shared)
tests_fuzz_replay_calls_LDADD = src/libportres.la

tests_fuzz_replay_pool_SOURCES = tests/fuzz/fuzz-pool.c tests/fuzz/pool-world.h \
	tests/fuzz/pool-world.c $(fuzz_shared)
tests_fuzz_replay_pool_LDADD = src/libpersist.la

if PORTRES_COMMAND
fuzz_replays += tests/fuzz/replay-arguments
# Both programs in one; what is left of each main() is a function of another name.
tests_fuzz_replay_arguments_SOURCES = tests/fuzz/fuzz-arguments.c tests/fuzz/arguments-portres.c \
	tests/fuzz/arguments-run.c $(fuzz_shared) $(command_sources) $(run_sources)
tests_fuzz_replay_arguments_CPPFLAGS = $(room_cppflags)
tests_fuzz_replay_arguments_LDADD = src/libinspect.la $(JANSSON_LIBS) $(ELF_LIBS)
endif

check_PROGRAMS += $(fuzz_replays)
TESTS += $(fuzz_replays)

# What fuzz.test has built, to be used again.
clean-local:
	rm -rf tests/fuzz/libfuzzer
