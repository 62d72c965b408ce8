#!/bin/sh
# SPDX-License-Identifier: MIT
# systemctl, and the moment that a person takes before the next command: until the services
# web and shop listen, after what starts them.

main_pid() { /usr/bin/systemctl show -p MainPID --value "$1"; }

asked="$*"
words=
for word in "$@"; do
	case $word in
	web | shop) words="$words $word" ;;
	esac
done
for unit in $words; do
	eval "before_$unit=$(main_pid "$unit")"
done
/usr/bin/systemctl "$@"
status=$?
case $asked in
start* | restart* | kill*) ;;
*) exit $status ;;
esac
for unit in $words; do
	eval "before=\$before_$unit"
	tries=500
	until pid=$(main_pid "$unit") && [ "$pid" -gt 1 ] && [ "$pid" != "$before" ] && ss -tlnpH | grep -q "pid=$pid,"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || exit 1
		sleep 0.02
	done
done
exit $status
