#!/bin/sh
# SPDX-License-Identifier: MIT
# slurm.sh COMMAND...: runs the command, as root, on a cluster of one node: Slurm's daemons in
# namespaces of their own, with the loopback for a network. They end with the command.
# Exit status 77 where that cannot be had.

: "${scratch:?}"
slurm=$scratch/slurm
node=$(uname -n)

written() {
	mkdir -p "$slurm" && chmod 755 "$scratch" "$slurm" || exit
	head -c 128 /dev/urandom >"$slurm/key" && chmod 400 "$slurm/key"
	cat >"$slurm/slurm.conf" <<-END
		ClusterName=one
		SlurmctldHost=$node(127.0.0.1)
		SlurmUser=root
		AuthInfo=socket=$slurm/munge
		StateSaveLocation=$slurm/state
		SlurmdSpoolDir=$slurm/spool
		SlurmctldPidFile=$slurm/slurmctld.pid
		SlurmdPidFile=$slurm/slurmd.pid
		SlurmctldLogFile=$slurm/slurmctld.log
		SlurmdLogFile=$slurm/slurmd.log
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		MpiDefault=none
		ReturnToService=2
		NodeName=$node NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
		PartitionName=all Nodes=ALL Default=YES OverSubscribe=FORCE State=UP
	END
	mkdir -p "$slurm/state" "$slurm/spool"
}

# up COMMAND...: until it succeeds, 10 seconds at most
up() {
	tries=500
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || exit 77
		sleep 0.02
	done
}

case ${stage:-start} in
start)
	rm -rf "$slurm"
	written
	stage=cluster exec timeout -k 5 60 unshare -m -p -f --kill-child -n --mount-proc sh "$0" "$@"
	exit 77
	;;
cluster)
	unset stage
	export SLURM_CONF="$slurm/slurm.conf"
	# The last of a job is told of by the first process.
	{
		# A network with nothing but 127.0.0.1 counts as none.
		ip link set lo up && ip address add 192.0.2.1/32 dev lo || exit 77
		munged --force --key-file="$slurm/key" --socket="$slurm/munge" --pid-file="$slurm/munge.pid" \
			--log-file="$slurm/munge.log" --seed-file="$slurm/munge.seed"
		up test -S "$slurm/munge"
		slurmctld
		slurmd
		up sh -c 'sinfo -h -o %t | grep -qx idle'
	} >"$slurm/started" 2>&1
	"$@"
	;;
esac
