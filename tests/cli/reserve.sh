# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of portres reserve share. Sourced behind persist.sh.

PIPE=${scratch:?}/in
mkfifo "$PIPE" || exit 99

# holding OPTION...: portres reserve in the background, with a pipe as its standard input,
# whose other end is our descriptor 9; its pid in $holder, what it printed in $line
holding() {
	rm -f "$scratch/line"
	"${PORTRES:?}" reserve "$@" <"$PIPE" >"$scratch/line" 2>"$scratch/err" &
	holder=$!
	started="$started $holder"
	exec 9>"$PIPE"
	line_wait
}

# line_wait: until it has printed; the block of the default format in $first and $last
line_wait() {
	wait_for 20 test -s "$scratch/line" || diag "no line: $(cat "$scratch/err")"
	line=$(cat "$scratch/line")
	# shellcheck disable=SC2034 # for the tests
	first=${line% *} last=${line#* }
}

# lets_go: its standard input ends; gives its exit status
lets_go() {
	exec 9>&-
	ended "$holder"
}
