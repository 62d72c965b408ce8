# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of the list of blocks share. Sourced behind programs.sh.

# shellcheck disable=SC2034 # for the tests
LIST=${PORTRES_STATE:?}/reservations
: "${PORTRES:?}"

# A run of ports that nobody has, outside the kernel's range: given by a reservation.
# free_block COUNT: its first port
free_block() {
	# shellcheck disable=SC2016 # for the shell inside the run
	"${PORTRES_RUN:?}" -n "$1" -- sh -c 'echo "$PORTRES_FIRST"'
}

# says STATUS PATTERN DESCRIPTION COMMAND...: the command fails with one line like this
says() {
	says_status=$1 says_pattern=$2 says_what=$3
	shift 3
	"$@" >"${scratch:?}/out" 2>"$scratch/err"
	is $? "$says_status" "$says_what: exit status $says_status"
	like "$(cat "$scratch/err")" "$says_pattern" "$says_what: says why"
	is "$(wc -l <"$scratch/err")" 1 'in one line'
}

# holding_starts: portres persist hold in the background, its pid in $holder
holding_starts() {
	rm -f "$scratch/holding"
	"$PORTRES" persist hold >"$scratch/holding" 2>"$scratch/holding.err" &
	holder=$!
	started="$started $holder"
	wait_for 20 test -s "$scratch/holding"
	ok $? 'the holder says what it holds'
}

holding_ends() {
	kill "$holder"
	ended "$holder"
}
