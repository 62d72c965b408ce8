# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of portres map share: a network of our own, so that each cell is known, things in
# it, and the comparison of what is shown with that. Sourced before all else.
# shellcheck disable=SC2016,SC2034 # scripts for other shells; variables for the tests

if [ -z "$MAP_ALONE" ]; then
	export MAP_ALONE=1
	for way in -nm -Urnm; do
		unshare $way sh -c 'ip link set lo up && mount -t tmpfs none /mnt' 2>/dev/null &&
			exec unshare $way sh "$0"
	done
	echo '1..0 # SKIP no network of our own can be made here'
	exit 0
fi

# shellcheck source=tests/lib/tap.sh
. "${top_srcdir:?}/tests/lib/tap.sh"
# shellcheck source=tests/programs/programs.sh
. "$top_srcdir/tests/programs/programs.sh"
# shellcheck source=tests/persist/persist.sh
. "$top_srcdir/tests/persist/persist.sh"
# shellcheck source=tests/cli/cli.sh
. "$top_srcdir/tests/cli/cli.sh"
require python3
ip link set lo up
truth=$scratch/truth
SERVERS=$top_srcdir/tests/cli/servers.py
export SERVERS
serve() { background python3 "$SERVERS" "$@"; }

# agrees DESCRIPTION screen|text|svg|json WIDTH FILE: looked at later, all in one go
agrees_number=0
agrees() {
	agrees_number=$((agrees_number + 1))
	cp "$truth" "$scratch/truth-$agrees_number"
	cp "$4" "$scratch/shown-$agrees_number"
	echo "$agrees_number $2 $3 $1" >>"$scratch/queue"
}

agreed() {
	python3 -B "$top_srcdir/tests/cli/map.py" "$scratch" >"$scratch/agreed" 2>&1
	is "$? $(grep -c '^[01] ' "$scratch/agreed")" "0 $agrees_number" 'all pictures were looked at'
	while read -r agreed_status agreed_what; do
		case $agreed_status in
		[01]) ok "$agreed_status" "$agreed_what" ;;
		*) diag "$agreed_what" ;;
		esac
	done <"$scratch/agreed"
}

# scene: a run with servers, programs outside of it, somebody else's block, the kernel's settings
settled() {
	tcp_state 5003 0A && grep -q ':138D ' /proc/net/udp &&
		"$PORTRES" map --json 7000-7009 | grep -q '"held-other": 10'
}
scene() {
	start -p 5000-5019 -- sh -c "$noted" sh sh -c 'trap "kill \$!; exit" TERM
		python3 "$SERVERS" tcp:5003 udp:5005 & wait'
	others=$scratch/others
	PORTRES_DIR=$others "$PORTRES_RUN" --tcp -p 7000-7009 -- sleep 900 &
	started="$started $!"
	serve tcp:80 udp:53 tcp:7100 tcp:65535
	serve tcp:8080
	web=$holder
	settings=no
	if echo 7100-7109,9999,40000-40999 >/proc/sys/net/ipv4/ip_local_reserved_ports; then settings=yes; fi
	"$PORTRES" persist add --udp 6000-6003
	wait_for 20 settled
	ok $? 'servers, strangers and reservations are there'
	cat >"$truth" <<'END'
held tcp 5000 5019
held udp 5000 5019
used tcp 5003 5003
used udp 5005 5005
held-other tcp 7000 7009
used-other tcp 80 80
used-other tcp 8080 8080
used-other udp 53 53
used-other tcp 65535 65535
END
	if [ $settings = yes ]; then
		for protocol in tcp udp; do
			printf "reserved $protocol %s\n" '7100 7109' '9999 9999' '40000 40999'
		done >>"$truth"
	fi
	echo 'used-other tcp 7100 7100' >>"$truth"
	cp "$truth" "$scratch/all"
}

# zoom FIRST LAST: from here on only these
zoom() {
	{
		cat "$scratch/all"
		echo "range $1 $2"
	} >"$truth"
}

# listed ARGUMENT...: what is in a range, line by line
listed() { "$PORTRES" map "$@" | sed '1,/in use, outside your reservations/d' | tail -n +2; }
