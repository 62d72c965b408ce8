# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For servers that are started with and without the library, and for those that do not
# want to be root. Sourced behind programs.sh.

# What a command without a run is started with; see become_somebody.
as='env'

# settled: the server that was started last is ready, or will never be
settled() { "$ready" || gone "$run"; }

# alone READY COMMAND...: a server without a run, on a port that was free; if it is
# taken by now, once more. The server finds it in $PORT, the test in $port. READY is a
# command that succeeds when the server answers there.
alone() {
	ready=$1
	shift
	for attempt in 1 2 3; do
		port=$("$SOCK" gap 1)
		PORT=$port "$as" "$@" >"${scratch:?}/output" 2>&1 &
		run=$!
		started="$started $run"
		wait_for 60 settled
		"$ready" && return
		diag "attempt $attempt, port $port: $(cat "$scratch/output")"
		kill "$run" 2>/dev/null
		ended "$run"
	done
}

# server HOW READY COMMAND...: the same server three times. HOW is plain, preload, or
# run: on the second port of the block of start().
server() {
	how=$1
	ready=$2
	shift 2
	case $how in
	plain) alone "$ready" env "$@" ;;
	preload) alone "$ready" env LD_PRELOAD="${PORTRES_LIB:?}" "$@" ;;
	run)
		start -n 4 -e PORT=1 -- sh -c "$noted" sh "$@"
		port=$((first + 1))
		wait_for 60 settled
		"$ready" || diag "port $port: $(cat "$scratch/output")"
		;;
	esac
	"$ready"
	ok $? "$how: the server answers"
}

# become_somebody: what start() and server() run from here on is a user without rights,
# with the folder $home of his own; ourselves, if we are not root. Fails where he
# cannot reach the library.
somebody=65534
become_somebody() {
	home=$scratch/home
	mkdir -m 700 "$home" "$home/pool"
	somebody_is=
	if [ "$(id -u)" -eq 0 ]; then
		command -v setpriv >/dev/null || return 1
		somebody_is="setpriv --reuid=$somebody --regid=$somebody --clear-groups"
		chmod 711 "$scratch"
		chown -R "$somebody:$somebody" "$home"
		$somebody_is test -r "$PORTRES_LIB" -a -x "${PORTRES_RUN:?}" -a -x "$SOCK" 2>/dev/null ||
			return 1
	fi
	# shellcheck disable=SC2034 # for programs.sh and the library
	PORTRES_DIR=$home/pool BLOCK=$home/block
	# Scripts, so that in the background the pid is the program's.
	printf '#!/bin/sh\ncd "%s" && HOME=%s exec %s "$@"\n' "$home" "$home" "$somebody_is" >"$scratch/as"
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$scratch/as" "$PORTRES_RUN" >"$scratch/run"
	chmod 755 "$scratch/as" "$scratch/run"
	as=$scratch/as
	PORTRES_RUN=$scratch/run
}
