# SPDX-License-Identifier: MIT
# Real programs, and portres-run itself, as their users start them.
program_tests = \
	tests/programs/run-blocks.test \
	tests/programs/run-binds.test \
	tests/programs/run-command.test \
	tests/programs/run-errors.test \
	tests/programs/prefix.test \
	tests/programs/environment.test \
	tests/programs/tree.test \
	tests/programs/idiom.test \
	tests/programs/restart.test \
	tests/programs/http.test \
	tests/programs/nginx.test \
	tests/programs/redis.test \
	tests/programs/socat.test \
	tests/programs/iperf3.test \
	tests/programs/node.test \
	tests/programs/curl.test \
	tests/programs/java.test \
	tests/programs/postgresql.test \
	tests/programs/shell.test \
	tests/programs/sshd.test \
	tests/programs/examples.test

TESTS += $(program_tests)
EXTRA_DIST += $(program_tests) tests/programs/programs.sh tests/programs/fetch.py \
	tests/programs/servers.sh tests/programs/visitors.py

check_PROGRAMS += tests/programs/sock tests/programs/idiom tests/programs/stranger
tests_programs_sock_SOURCES = tests/programs/sock.c
tests_programs_idiom_SOURCES = tests/programs/idiom.c
tests_programs_stranger_SOURCES = tests/programs/stranger.c
