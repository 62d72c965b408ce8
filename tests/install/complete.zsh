# SPDX-License-Identifier: MIT
# zsh complete.zsh COMPLETIONS: for each command line of standard input what zsh would offer
# at its end, a line for each candidate: the command line, a tab, the candidate. The candidates
# are those of an interactive shell on a terminal, where a key asks for them.

zmodload zsh/zpty zsh/datetime || exit
folder=$1 asked=$(mktemp -d) || exit
trap 'zpty -d inner 2>/dev/null; rm -rf "$asked"' EXIT

cat >"$asked/setup" <<'END'
PROMPT= RPROMPT=
# However many there are, it does not ask whether they shall be shown.
LISTMAX=1000000
fpath=($folder $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
	local -a found
	# With these it adds nothing: the completion only looks.
	if (( ! ${@[(I)-[OAD]]} )); then
		builtin compadd -O found "$@"
		(( $#found )) && print -lr -- "${found[@]}" >>"$asked/found"
	fi
	builtin compadd "$@"
}
ask() {
	zle list-choices
	print >"$asked/done"
	zle kill-whole-line
}
zle -N ask
bindkey '^X' ask
print >"$asked/done"
END

# answered: within a minute
answered() {
	local end=$((EPOCHSECONDS + 60))
	until [[ -e $asked/done ]]; do
		((EPOCHSECONDS < end)) || { print -u 2 'zsh does not answer'; return 1; }
		# What it draws must be taken away, or it waits for that.
		zpty -r -t inner >/dev/null
		sleep 0.02
	done
	rm -f "$asked/done"
}

export asked folder
zpty inner zsh -f -i
zpty -w inner ". ${(q)asked}/setup"
answered || exit
while IFS= read -r line; do
	rm -f "$asked/found"
	zpty -w -n inner "$line"$'\x18'
	answered || exit
	[[ ! -e $asked/found ]] || while IFS= read -r candidate; do
		print -r -- "$line"$'\t'"$candidate"
	done <"$asked/found"
done
