# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests with programs share. Sourced behind tap.sh as
#   . "$top_srcdir/tests/programs/programs.sh"
# SOCK is the helper that makes single socket calls (see sock.c).

SOCK=${top_builddir:?}/tests/programs/sock
BLOCK=${scratch:?}/block
export SOCK BLOCK

# Tests run beside each other, each with a pool of its own, and a block that one of
# them gives back shall not be the next one's before it was looked at: each looks for
# its blocks somewhere else, and below where others begin to look.
PORTRES_RANGE=$((2000 + $(od -A n -N 2 -t u2 /dev/urandom) % 16000))
PORTRES_RANGE=$PORTRES_RANGE-$((PORTRES_RANGE + 1500))
export PORTRES_RANGE

# A make of ours is none of the make that runs the tests.
unset MAKEFLAGS MFLAGS MAKELEVEL

# Daemons live in sbin, which a user's PATH may lack.
PATH=$PATH:/usr/sbin:/sbin

# Given to `sh -c` in front of a command: notes the block where start() reads it.
# shellcheck disable=SC2016,SC2034 # for the shell inside the run; used by the tests
noted='echo "$PORTRES_FIRST $PORTRES_LAST" >"$BLOCK.new" && mv "$BLOCK.new" "$BLOCK"; exec "$@"'

# What was started and not waited for; ended when the test ends.
started=
processes_end() {
	for pid in $started; do
		kill "$pid" 2>/dev/null
	done
	for pid in $started; do
		wait_for 5 gone "$pid" || kill -KILL "$pid" 2>/dev/null
	done
}
cleanup() { processes_end; }

# gone PID: it ended; a zombie has given back all it had
gone() {
	[ -r "/proc/$1/stat" ] || return 0
	case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	'' | Z* | X*) return 0 ;;
	esac
	return 1
}

# require PROGRAM...: the whole test is skipped without them
require() {
	for program in "$@"; do
		command -v "$program" >/dev/null || skip_all "$program is not installed"
	done
}

# start OPTION... -- sh -c "$noted" sh COMMAND...: a run in the background; its
# output goes to $scratch/output, its pid to $run, its block to $first and $last
start() {
	rm -f "$BLOCK"
	"$PORTRES_RUN" "$@" >"$scratch/output" 2>&1 &
	run=$!
	started="$started $run"
	if ! wait_for 20 test -s "$BLOCK"; then
		diag "no block: $(cat "$scratch/output")"
		echo 'Bail out! portres-run gave no block'
		exit 99
	fi
	read -r first last <"$BLOCK"
}

# ended PID: waits for a child of ours, gives its exit status
ended() {
	rest=
	for pid in $started; do
		[ "$pid" = "$1" ] || rest="$rest $pid"
	done
	started=$rest
	wait "$1" 2>/dev/null
}

# stop: ends the run of start()
stop() {
	kill "$run"
	ended "$run"
}

# background COMMAND...: its first line goes to $port, its pid to $holder
background() {
	rm -f "$scratch/held"
	"$@" >"$scratch/held" &
	holder=$!
	started="$started $holder"
	wait_for 20 test -s "$scratch/held"
	# shellcheck disable=SC2034 # for the tests
	port=$(head -n 1 "$scratch/held")
}

# hold OPTION... PORT: a stranger with a socket
hold() { background "$SOCK" hold "$@"; }

# let_go: what background() started ends
let_go() {
	kill "$holder"
	ended "$holder"
	return 0
}

# refused PROTO FIRST LAST DESCRIPTION: no stranger gets a port of these
refused() {
	refused_by=$("$SOCK" refused "$1" "$2" "$3")
	ok $? "$4"
	[ -z "$refused_by" ] && return
	diag "$(printf '%s\n' "$refused_by" | head -n 4)"
	return 1
}

# free PROTO FIRST LAST DESCRIPTION: a stranger gets each of them
free() {
	free_not=$("$SOCK" free "$1" "$2" "$3")
	ok $? "$4"
	[ -z "$free_not" ] || diag "$(printf '%s\n' "$free_not" | head -n 4)"
}

# inside PORT DESCRIPTION: a number, and in the block of start()
inside() {
	[ "$1" -ge "$first" ] 2>/dev/null && [ "$1" -le "$last" ]
	inside_status=$?
	ok $inside_status "$2"
	[ $inside_status -eq 0 ] || diag "got '$1', the block is $first-$last"
}

# tcp_state PORT STATE: a TCP socket of this port is in this state (0A listens,
# 06 TIME_WAIT); asking the kernel costs the server no connection
tcp_state() {
	tcp_hex=$(printf '%04X' "$1")
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -q "^ *[0-9]*: [0-9A-F]*:$tcp_hex [0-9A-F]*:[0-9A-F]* $2 "
}

listens() { tcp_state "$1" 0A; }

# answers EXPECTED COMMAND...: the command prints this
answers() {
	answers_expected=$1
	shift
	[ "$("$@" 2>/dev/null)" = "$answers_expected" ]
}

# fetch HOST PORT PATH: a page over HTTP
fetch() { python3 "${top_srcdir:?}/tests/programs/fetch.py" "$@"; }
