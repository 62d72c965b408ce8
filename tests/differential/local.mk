# SPDX-License-Identifier: MIT
# Random sequences of calls, which must answer the same with the library and without.
check_PROGRAMS += tests/differential/sequence
TESTS += tests/differential/differential.test
LONG_TESTS += tests/differential/differential.test
EXTRA_DIST += tests/differential/differential.test

tests_differential_sequence_SOURCES = \
	tests/differential/address.c \
	tests/differential/calls-data.c \
	tests/differential/calls-descriptor.c \
	tests/differential/calls-option.c \
	tests/differential/calls-process.c \
	tests/differential/calls-socket.c \
	tests/differential/memory.c \
	tests/differential/random.c \
	tests/differential/report.c \
	tests/differential/sequence.c \
	tests/differential/sequence.h \
	tests/differential/steps.c \
	tests/differential/world.c
