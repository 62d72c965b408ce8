# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Runs the examples of a guide as they stand there. Sourced behind tap.sh and programs.sh as
#   . "$top_srcdir/tests/guides/guides.sh"
#   guide parallel-tests        # docs/guides/parallel-tests.md
#   section 'make -j' make      # a section, and the programs that it needs
#   sections_end                # no section was forgotten
# Each block of commands is a TAP test: it prints what the guide shows, but for port
# numbers, which have to be of a block where the guide's are (see guide.py).

guides=${top_srcdir:?}/tests/guides

# What the guide calls by its name is that of this build.
mkdir "${scratch:?}/bin"
program() { printf '#!/bin/sh\n%s\n' "$2" >"$scratch/bin/$1" && chmod +x "$scratch/bin/$1"; }
ln -s "$PORTRES_RUN" "$scratch/bin/portres-run"
ln -s "${PORTRES:?}" "$scratch/bin/portres"
# The system's Python, for which there are the packages that the guides want.
[ ! -x /usr/bin/python3 ] || ln -s /usr/bin/python3 "$scratch/bin/python3"
PATH=$scratch/bin:$PATH
export scratch LC_ALL=C PYTHONDONTWRITEBYTECODE=1
# Python would write a line in pieces, which a launcher of several mixes.
unset PORT ADMIN_PORT MASTER_PORT PYTHONUNBUFFERED

# guide NAME: the examples of docs/guides/NAME.md
guide() {
	guide=$1
	blocks=$scratch/blocks
	: >"$scratch/sections"
	python3 "$guides/guide.py" split "$top_srcdir/docs/guides/$guide.md" "$blocks" 2>"$scratch/said"
	ok $? "$guide.md: its examples are found"
	diag "$(cat "$scratch/said")"
}

slug() { printf '%s' "$1" | tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' '-' | sed 's/^-//; s/-$//'; }

# replaced TEXT ANOTHER: in the examples of the next sections, for ports that are fixed there
replace=
replaced() { replace="$replace -e s/$1/$2/g"; }

# lacking PROGRAM...: the first that is not there
lacking() {
	for program in "$@"; do
		case $program in
		/*) [ -e "$program" ] && continue ;;
		*) command -v "$program" >/dev/null && continue ;;
		esac
		echo "$program"
		return
	done
}

# run_block N SCRIPT: what it prints goes to $scratch/got
run_block() {
	# shellcheck disable=SC2086 # a command, or none
	PORTRES_DIR=$scratch/pool-$slug PORTRES_STATE=$scratch/state-$slug timeout "${seconds:-120}" \
		${within:-} /bin/sh "$1" >"$scratch/got" 2>&1 </dev/null
}

# Where the ports of blocks are.
range=$PORTRES_RANGE

# section [--any-order] HEADING [PROGRAM...]
section() {
	any_order=
	[ "$1" != --any-order ] || { any_order=$1 && shift; }
	heading=$1 slug=$(slug "$1")
	shift
	echo "$slug" >>"$scratch/sections"
	missing=$(lacking "$@")
	if [ -n "$missing" ]; then
		skip "$heading" "needs $missing"
		return 1
	fi
	if [ ! -d "$blocks/$slug" ]; then
		ok 1 "$heading: is a section of the guide"
		return 1
	fi
	mkdir "$scratch/work-$slug" && cd "$scratch/work-$slug" || exit 99
	cp -R "$blocks/the-example/." "$blocks/$slug/." . 2>/dev/null || cp -R "$blocks/$slug/." .
	# shellcheck disable=SC2086 # options
	[ -z "$replace" ] || find . -type f -exec sed -i $replace {} +
	for script in [0-9].sh; do
		[ -e "$script" ] || continue
		run_block "$script"
		# shellcheck disable=SC2086 # an option, or none
		wrong=$(python3 "$guides/guide.py" compare "${script%.sh}.expected" "$scratch/got" \
			"${range%-*}" "${range#*-}" $any_order)
		ok $? "$heading: $(tr '\n' ';' <"${script%.sh}.commands")"
		[ -z "$wrong" ] || diag "$wrong
$(cat "$scratch/got")"
	done
	cd "$scratch" || exit 99
}

# sections_end: each section with commands was run, or skipped for a reason
sections_end() {
	for folder in "$blocks"/*; do
		[ -e "$folder/1.commands" ] || continue
		grep -qx "${folder##*/}" "$scratch/sections"
		ok $? "$guide.md: this test knows the section ${folder##*/}"
	done
	done_testing
}
