# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of portres doctor share. Sourced behind programs.sh.

# shellcheck disable=SC2034 # for the tests
FORBID=${top_builddir:?}/tests/cli/forbid
unset TMPDIR

# The build tree, where every user can reach it.
tree=${scratch:?}/tree/src
chmod 711 "$scratch"
mkdir -p "$tree/.libs"
cp "${PORTRES_LIB:?}" "$tree/.libs/"
cp "${PORTRES:?}" "$top_builddir/src/portres-exec" "$top_builddir/src/portres-hold" "$tree/"
cp "${SOCK:?}" "$scratch/sock"
PORTRES=$tree/portres

# as_user COMMAND...: as somebody without privileges, with a pool, a list and a home of his own
theirs=$scratch/theirs
mkdir -m 700 "$theirs"
if [ "$(id -u)" -eq 0 ]; then
	chown 65534:65534 "$theirs"
	user='setpriv --reuid=65534 --regid=65534 --clear-groups'
else
	user=
fi
as_user() {
	# shellcheck disable=SC2086 # words
	$user env PORTRES_DIR="$theirs/pool" PORTRES_STATE="$theirs/state" HOME="$theirs" "$@"
}

# check NAME VERDICT PATTERN DESCRIPTION [COMMAND...]: one check, run by the command. Its line
# has this verdict, and what was found is like the pattern
check() {
	check_name=$1 check_verdict=$2 check_pattern=$3 check_what=$4
	shift 4
	check_row=$("$@" "$PORTRES" doctor --only "$check_name" 2>"$scratch/check.err")
	check_status=$?
	check_row=$(printf '%s\n' "$check_row" | head -n 1)
	# shellcheck disable=SC2254,SC2295 # patterns
	case $check_row in
	"$check_verdict "*" $check_name "*) [ -z "${check_row##*$check_pattern*}" ] ;;
	*) false ;;
	esac
	check_good=$?
	case $check_verdict:$check_status:$check_row in
	ok:0:* | warning:0:*\;\ * | fails:1:*\;\ *) ;;
	*) check_good=1 ;;
	esac
	ok "$check_good" "$check_name, $check_what: $check_verdict"
	[ "$check_good" -eq 0 ] || diag "status $check_status, '$check_row', expected $check_verdict, $check_pattern"
}
