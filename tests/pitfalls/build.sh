# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Programs and libraries that the tests here build in ways of their own, and what each
# of them has to do. Sourced behind programs.sh as
#   . "$top_srcdir/tests/pitfalls/build.sh"

here=${top_srcdir:?}/tests/pitfalls
# shellcheck disable=SC2034 # used by the tests
every=$here/every-call.c
PORTRES_EXEC=${top_builddir:?}/src/portres-exec
LC_ALL=C
export LC_ALL

# can COMPILER [FLAG...]: there is such a compiler, and what it builds runs
can() {
	command -v "$1" >/dev/null || return 1
	echo 'int main(void) { return 0; }' >"${scratch:?}/can.c"
	"$@" -o "$scratch/can" "$scratch/can.c" >/dev/null 2>&1 && "$scratch/can"
}

# compile OUT COMPILER [FLAG...] FILE...: into $scratch, without a warning; a failure is
# one of the test
compile() {
	compile_out=$scratch/$1
	shift
	"$@" -Wall -Wextra -I"$top_srcdir/include" -I"$here" -o "$compile_out" >"$scratch/compile.log" 2>&1 &&
		[ ! -s "$scratch/compile.log" ] && return 0
	ok 1 "compiles without a warning: $*"
	diag "$(head -n 20 "$scratch/compile.log")"
	return 1
}

# build_library NAME [ARGUMENT OF configure]...: another libportres.so, from the same
# source; $built is its path, empty where it could not be built
build_library() {
	built=
	build_folder=$scratch/$1
	shift
	if [ -f "$top_srcdir/config.status" ]; then
		skip "the library builds: $*" 'the source tree is configured itself'
		return
	fi
	mkdir "$build_folder"
	# What configure found out about this compiler once it need not find out again.
	for build_argument in "$@"; do
		[ "$build_argument" = CC=gcc ] && grep -q "^CC='gcc'" "$top_builddir/config.log" &&
			sed -n '/^ac_cv_env_/d; /^[a-z]*_cv_[a-zA-Z0-9_]*=/p' "$top_builddir/config.log" >"$build_folder/config.cache"
	done
	if (cd "$build_folder" &&
		"$top_srcdir/configure" --quiet --without-cunit --disable-dependency-tracking --cache-file=config.cache "$@" &&
		make -j2 src/libportres.la) >"$scratch/build.log" 2>&1; then
		built=$build_folder/src/.libs/libportres.so
	fi
	[ -f "$built" ]
	ok $? "the library builds: $*"
	[ -f "$built" ] || diag "$(tail -n 20 "$scratch/build.log")"
}

# says COMMAND...: all that it says, and how it ended if not well
says() {
	"$@" 2>&1 || echo "exit status $?"
}

# behaves NAME LIBRARY COMMAND...: what a build of every-call has to say without the
# library, under it, and in a run reservation; and nothing else, from nobody
behaves() {
	behaves_name=$1
	behaves_library=$2
	shift 2
	is "$(says "$@")" 'calls:ok block:none run:none' "$behaves_name, without the library"
	is "$(says env LD_PRELOAD="$behaves_library" "$@")" 'calls:ok block:ok run:none' "$behaves_name, under it"
	is "$(says "$PORTRES_EXEC" "$behaves_library" -n 8 -- "$@")" 'calls:ok block:ok run:ok' "$behaves_name, in a run"
}
