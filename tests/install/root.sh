# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A root of its own to install packages into, and processes, mounts and a network that end with
# the test. Sourced behind programs.sh.

root=${scratch:?}/root/all

# What happens in the new namespaces, as their process 1: its arguments are the folder for the
# root, the root that it is laid over, and a folder that appears in it as /mnt. It ends, and all
# in there with it, when its standard input does.
# shellcheck disable=SC2016 # for the shell in there
root_script='
	set -e
	mount -t tmpfs -o mode=755 tmpfs "$1"
	mkdir "$1/upper" "$1/work" "$1/all"
	mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/all"
	mount --rbind /dev "$1/all/dev"
	for folder in tmp run dev/shm; do
		mount -t tmpfs -o mode=1777 tmpfs "$1/all/$folder"
	done
	# Without what somebody has installed by hand.
	mount -t tmpfs -o mode=755 tmpfs "$1/all/usr/local"
	mount -t proc proc "$1/all/proc"
	mount --bind "$3" "$1/all/mnt"
	ip link set lo up
	echo ready
	exec cat >/dev/null'

# root_begin LOWER FOLDER: false if it is not allowed here; then $scratch/root.err says what
root_begin() {
	mkdir "$scratch/root" && mkfifo "$scratch/root.alive" || return
	unshare -m -n -p --fork --kill-child sh -c "$root_script" sh "$scratch/root" "$1" "$2" \
		<"$scratch/root.alive" >"$scratch/root.ready" 2>"$scratch/root.err" &
	root_pid=$!
	# The one writer: if this test is killed, that is the end of the root.
	exec 9>"$scratch/root.alive"
	wait_for 20 root_decided
	[ -s "$scratch/root.ready" ] || return
	root_init=$(ps -o pid= --ppid "$root_pid" | tr -d ' ')
}

root_decided() { [ -s "$scratch/root.ready" ] || gone "$root_pid"; }

root_end() {
	exec 9>&-
	[ -z "${root_pid:-}" ] || wait "$root_pid" 2>/dev/null
	root_pid=
}

# in_root COMMAND...: as root; as_user COMMAND...: as somebody
in_root() {
	nsenter -t "$root_init" -m -n -p env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" "$@" 9>&-
}
as_user() {
	in_root env HOME=/tmp/home setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
