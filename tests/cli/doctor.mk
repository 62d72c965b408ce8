# SPDX-License-Identifier: MIT
# portres doctor: each of its checks, made to fail for real, and programs of all kinds.
doctor_tests = tests/cli/doctor.test tests/cli/doctor-program.test
TESTS += $(doctor_tests)
EXTRA_DIST += $(doctor_tests) tests/cli/doctor.sh

check_PROGRAMS += tests/cli/forbid
tests_cli_forbid_SOURCES = tests/cli/forbid.c
