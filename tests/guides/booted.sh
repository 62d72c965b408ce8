#!/bin/sh
# SPDX-License-Identifier: MIT
# booted.sh COMMAND...: runs the command, as root, on a machine that systemd has booted: in
# namespaces of its own, where all is read-only but for $scratch, libportres is installed
# in /usr/local, and the working folder is /srv. The units in the folder are installed, too.
# Prints what the command prints; exit status 77 where such a machine cannot be had.

: "${scratch:?}" "${top_builddir:?}" "${top_srcdir:?}"
root=$scratch/installed
units=/etc/systemd/system

# What `make install` brings, as if this build were for /usr/local.
installed() {
	mkdir -p "$root/bin" "$root/libexec/portres" "$root/lib/systemd"
	cp "$top_builddir/src/portres" "$root/bin"
	cp "$top_builddir/src/portres-exec" "$top_builddir/src/portres-hold" "$root/libexec/portres"
	cp -P "$top_builddir"/src/.libs/libportres*.so* "$root/lib"
	sed -e 's|@libdir@|/usr/local/lib|' -e 's|@pkglibexecdir@|/usr/local/libexec/portres|' \
		"$top_srcdir/scripts/portres-run" >"$root/bin/portres-run"
	chmod 755 "$root/bin/portres-run"
	for kind in system user; do
		mkdir "$root/lib/systemd/$kind"
		sed 's|^ExecStart=.*/portres |ExecStart=/usr/local/bin/portres |' \
			"$top_builddir/src/cli/$kind/portres-persist.service" \
			>"$root/lib/systemd/$kind/portres-persist.service"
	done
	cp "$top_srcdir/tests/guides/systemctl.sh" "$root/bin/systemctl"
	chmod 755 "$root/bin/systemctl"
}

# No change of a mount is seen outside.
groups_mounted() {
	mount --make-rprivate / && { umount /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup; }
}

# What a service finds; `/` stays as it is, since units want to see programs there.
mounted() {
	groups_mounted
	mount --bind "$scratch" "$scratch"
	mount --bind "$root" /usr/local
	for folder in /run /dev/shm /var/lib /etc/systemd /usr/lib/systemd/system /usr/lib/systemd/user; do
		mount -t tmpfs -o mode=755 none "$folder"
	done
	chmod 1777 /dev/shm
	mkdir /var/lib/nginx
	chmod 755 "$PWD"
	mount --bind "$PWD" /srv
	mount -o remount,bind,ro /
	ip link set lo up
}

# The least that a boot is: targets with nothing in them, and our command.
units_written() {
	mkdir "$units"
	for target in default sysinit basic shutdown exit sockets network multi-user; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$units/$target.target"
	done
	printf '[Unit]\nWants=example.service\nDefaultDependencies=no\n' >"$units/default.target"
	cp ./*.service ./*.socket "$units" 2>/dev/null
	printf '[Manager]\nDefaultEnvironment=PORTRES_RANGE=20000-29999\n' >/etc/systemd/system.conf
	cat >"$units/example.service" <<-END
		[Unit]
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		WorkingDirectory=/srv
		Environment=LD_LIBRARY_PATH=/usr/local/lib HOME=/root
		ExecStart=$*
		StandardOutput=file:$scratch/printed
		StandardError=inherit
		TimeoutStartSec=60
	END
}

export stage
case ${stage:-start} in
start)
	[ -x /lib/systemd/systemd ] || exit 77
	[ -d "$root" ] || installed
	group=portres-test.$$
	export group
	chmod 711 "$scratch"
	rm -f "$scratch/printed"
	stage=group unshare -m sh "$0" "$@" >"$scratch/boot" 2>&1 </dev/null
	stage=end unshare -m sh "$0" >/dev/null 2>&1
	[ -e "$scratch/printed" ] || exit 77
	cat "$scratch/printed"
	;;
group)
	groups_mounted && mkdir "/sys/fs/cgroup/$group" && echo 0 >"/sys/fs/cgroup/$group/cgroup.procs" || exit
	stage=boot exec timeout -k 5 60 unshare -p -f --kill-child -n -i -u -C --mount-proc sh "$0" "$@"
	;;
boot)
	set -e
	mounted
	set +e
	units_written "$@"
	exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin container=portres \
		/lib/systemd/systemd --system --log-target=console --show-status=no
	;;
end)
	groups_mounted && find "/sys/fs/cgroup/$group" -depth -type d -exec rmdir {} +
	;;
esac
