# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Build trees of other kinds, out of the same sources, and what their tests say. Sourced
# behind tap.sh as
#   . "$top_srcdir/tests/proof/tree.sh"

unset PORTRES_LONG MAKEFLAGS MFLAGS MAKELEVEL
exceptions=$top_srcdir/tests/proof/exceptions.txt

# excepted KIND: the tests that are not run under it, as exceptions.txt says
excepted() { awk -v kind="$1" '$1 == kind { print $2 }' "$exceptions" | tr '\n' ' '; }

# tree NAME CFLAGS [ARGUMENT OF configure]...: configures $scratch/NAME; $tree is its path.
# With the shell that reads libtool fastest, which is half of the time.
tree() {
	[ ! -f "$top_srcdir/config.status" ] || skip_all 'the source tree is configured itself'
	tree=${scratch:?}/$1
	tree_flags=$2
	shift 2
	mkdir "$tree" || exit 99
	(cd "$tree" && CONFIG_SHELL=/bin/sh /bin/sh "$top_srcdir/configure" -q --disable-dependency-tracking \
		CONFIG_SHELL=/bin/sh CFLAGS="$tree_flags" "$@") >"$tree.log" 2>&1 &&
		make -C "$tree" -j2 >>"$tree.log" 2>&1
	ok $? "builds with $tree_flags" || diag "$(tail -n 20 "$tree.log")"
	[ "$tap_failed" -eq 0 ] || done_testing
}

# results RESULT...: how many of these the tests of $tree reported
results() {
	results_sum=0
	for result in "$@"; do
		results_sum=$((results_sum + $(find "$tree" -name '*.trs' -exec cat {} + |
			grep -c "^:test-result: $result\\b")))
	done
	echo "$results_sum"
}

# run_tests TESTS [ASSIGNMENT]...: of $tree; both are read by its make. Sets $passed and
# $failed, and shows what did not pass.
run_tests() {
	run_list=$1
	shift
	find "$tree" -name '*.trs' -exec rm -f {} +
	# No test is built that is not run.
	make -C "$tree" -j2 -k check TESTS="$run_list" \
		check_PROGRAMS="\$(filter-out %.test,$run_list)" check_SCRIPTS= "$@" \
		>"$tree.log" 2>&1 </dev/null
	run_status=$?
	passed=$(results PASS XFAIL SKIP)
	failed=$(results FAIL XPASS ERROR)
	for run_bad in $(find "$tree" -name '*.trs' -exec grep -lE '^:test-result: (FAIL|XPASS|ERROR)' {} + | sort); do
		run_bad=${run_bad%.trs}
		diag "${run_bad#"$tree"/}:"
		diag "$(grep -vE '^(ok |PASS: |SKIP: )' "$run_bad.log" | tail -n 40)"
	done
	if [ "$run_status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		failed=1
		diag "$(tail -n 20 "$tree.log")"
	fi
	[ "$passed" -gt 0 ] || failed=$((failed + 1))
}

# can_sanitize NAMES: skips all where there is no such sanitizer, or none that starts here
can_sanitize() {
	echo 'int main(void) { return 0; }' >"$scratch/can.c"
	if ! "${CC:-cc}" -fsanitize="$1" -o "$scratch/can" "$scratch/can.c" >/dev/null 2>&1 ||
		! "$scratch/can" >/dev/null 2>&1; then
		skip_all "this compiler has no -fsanitize=$1 that works here"
	fi
}

# sanitized KIND NAME TESTS: runs all of them that may be, of $tree; what the sanitizer says is in
# files in $scratch/said. Its warnings that it may be wrong are no findings: it does not know the
# stacks of the processes on the way to a holder.
sanitized() {
	run_tests "\$(filter-out $(excepted "$1"),$3)"
	is "$failed" 0 "$passed assertions hold"
	find "$scratch/said" -type f -exec grep -lE 'ERROR: |WARNING: ThreadSanitizer|runtime error: ' {} + >"$scratch/findings"
	findings=$(wc -l <"$scratch/findings")
	is "$findings" 0 'the sanitizer has nothing to say'
	head -n 5 "$scratch/findings" | while read -r file; do
		diag "$(head -n 40 "$file")"
	done
	proved "$2: assertions" $((passed + failed)) $((failed + findings))
}
