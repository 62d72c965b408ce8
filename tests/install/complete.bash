# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bash complete.bash COMPLETIONS: for each command line of standard input what bash would offer
# at its end, a line for each candidate: the command line, a tab, the candidate.
# The lines have no quotes.

bind 2>/dev/null # loads readline's variables, as an interactive shell has them
. /usr/share/bash-completion/bash_completion || exit
# shellcheck source=completions/portres
. "$1" || exit
# Of a completion function, outside readline.
compopt() { :; }

while IFS= read -r line; do
	COMP_LINE=$line
	# As readline does it: at spaces, and around these two.
	spaced=${COMP_LINE//=/ = }
	read -r -a COMP_WORDS <<<"${spaced//:/ : }"
	[[ $COMP_LINE != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
	function=$(complete -p "${COMP_WORDS[0]}" | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
	COMPREPLY=()
	"${function:?}" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	for candidate in "${COMPREPLY[@]}"; do
		printf '%s\t%s\n' "$line" "$candidate"
	done
done
