# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of the portres command share. Sourced behind programs.sh.

: "${PORTRES:?}" "${scratch:?}"

# json FILE EXPRESSION: of the report in a file, which is `r` in the Python expression
json() {
	python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# screen_start COLUMNS ROWS COMMAND: a shell command in a terminal of its own. The server of
# tmux is ours alone, as is its socket.
screen_start() {
	screen_socket=$scratch/tmux
	env -u TMUX HOME="$scratch" TERM=xterm-256color tmux -S "$screen_socket" -f /dev/null new-session -d \
		-x "$1" -y "$2" "trap : INT; $3; echo; echo 'the command has ended'; exec sleep 60"
}

screen_keys() { tmux -S "$screen_socket" send-keys "$@"; }
screen_size() { tmux -S "$screen_socket" resize-window -x "$1" -y "$2"; }

# What it shows; and with its colours
screen_text() { tmux -S "$screen_socket" capture-pane -p; }
screen_coloured() { tmux -S "$screen_socket" capture-pane -p -e; }

# screen_shows PATTERN: for wait_for
screen_shows() { screen_text | grep -q -e "$1"; }

# The next server shall not meet this one at its end.
screen_end() {
	[ -S "${screen_socket:-}" ] || return 0
	screen_server=$(tmux -S "$screen_socket" display-message -p '#{pid}' 2>/dev/null) || return 0
	tmux -S "$screen_socket" kill-server 2>/dev/null
	wait_for 5 gone "$screen_server"
}

# However the test ends.
cleanup() {
	screen_end
	processes_end
}
