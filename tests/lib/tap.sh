# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# TAP for the shell tests, and a pool folder and a list of blocks of the test's own. Sourced as
#   . "$top_srcdir/tests/lib/tap.sh"
# The harness sets top_srcdir, top_builddir (absolute), PORTRES_LIB, PORTRES_RUN.

: "${top_srcdir:?run me through make check}" "${PORTRES_LIB:?}" "${PORTRES_RUN:?}"

tap_count=0
tap_failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/portres-test.XXXXXX") || exit 99
PORTRES_DIR=$scratch/pool PORTRES_STATE=$scratch/state
mkdir -m 700 "$PORTRES_DIR" || exit 99
export PORTRES_DIR PORTRES_STATE

# Called at exit: tests append to it what must be undone. Set it before use.
cleanup() { :; }
trap 'status=$?; trap - EXIT; cleanup; rm -rf "$scratch"; exit $status' EXIT
trap 'exit 99' HUP INT TERM

# ok STATUS DESCRIPTION: `ok $? "the server answers"`
ok() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tap_count" "$2"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %d - %s\n' "$tap_count" "$2"
	fi
}

# is GOT EXPECTED DESCRIPTION
is() {
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || diag "got '$1', expected '$2'"
}

# like STRING PATTERN DESCRIPTION: the pattern is a shell one
like() {
	# shellcheck disable=SC2254 # the pattern is meant to be one
	case $1 in
	$2) ok 0 "$3" ;;
	*)
		ok 1 "$3"
		diag "got '$1', expected '$2'"
		;;
	esac
}

# proved WHAT CASES FAILURES: a row of the table that make check-long ends with
proved() { diag "proof: $1: $2 cases, $3 failures"; }

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

skip() {
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

done_testing() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit $?
}

# wait_for SECONDS COMMAND…: until it succeeds, asked every 20 ms
wait_for() {
	wait_for_tries=$(($1 * 50))
	shift
	while [ "$wait_for_tries" -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.02
		wait_for_tries=$((wait_for_tries - 1))
	done
	return 1
}
