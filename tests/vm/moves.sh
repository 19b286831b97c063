# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Guests that compute, and QEMUs to which they can go. Sourced after suite.sh, in the
# host machine; what the guests and QEMUs of a name say is in the file NAME.log.

# shellcheck source=computes.sh
. /src/tests/vm/computes.sh

# shellcheck disable=SC2034 # most are for suites
{
	declare -A pids
	# What QEMU hears of a refusal with, before it stops its guest.
	hears=return-path,switchover-ack
	# However long the emulated machine takes.
	at_once=speed=100000,1099511627776
}

# create GPU TYPE: a new vGPU, in $uuid
create()
{
	uuid=$(</proc/sys/kernel/random/uuid)
	echo "$uuid" >"/sys/bus/pci/drivers/openvgpu/0000:$1:00.0/mdev_supported_types/openvgpu-$2/create" ||
		fail "create $2" "$(cat "/sys/bus/pci/drivers/openvgpu/0000:$1:00.0/openvgpu/last_error")"
}

# of VGPU FILE: what the vGPU's attribute says
of() { cat "/sys/bus/mdev/devices/$1/$2"; }

# is VGPU STATE: its state is that
is() { [ "$(of "$1" openvgpu/state)" = "$2" ]; }

# last_error GPU
last_error() { cat "/sys/bus/pci/drivers/openvgpu/0000:$1:00.0/openvgpu/last_error"; }

# A command of a guest that draws: it flips to a picture once the one before was seen by
# the hardware as it was drawn.
# shellcheck disable=SC2034 # for suites
draws='./kms --mode 640x480 --frames 1000000 --crc /sys/kernel/debug/dri/0 | while read -r _ what rest; do
	case $what in
	/* | connector | head) ;;
	frame) echo "picture: ok $rest" ;;
	*) echo "picture: not ok: $what $rest" ;;
	esac
done'

# payload FOLDER COMMAND...: a payload that runs these, all at once, until a line is typed
# at the second console; then it looks whether the driver is as it was
payload()
{
	local folder=$1 command

	shift
	mkdir "$folder"
	cp /src/build/tests/guest/{compute,drm,kms,stores} "$folder/"
	{
		printf '#!/bin/sh\nmount -t debugfs debugfs /sys/kernel/debug\n'
		for command; do
			printf '%s &\npids="$pids $!"\n' "$command"
		done
		cat <<-'END'
			read -r _ </dev/ttyS1
			kill $pids
			wait
			./drm params buffers fill-and-copy
			status=$?
			dmesg | tail -n 5
			exit $status
		END
	} >"$folder/run"
	chmod +x "$folder/run"
}

# start NAME PAYLOAD VGPUS [ARG...]: a guest, or a QEMU that one can come to. $through is
# a command that runs it.
start()
{
	local name=$1 payload=$2 vgpus=$3 vgpu options=()

	shift 3
	for vgpu in $vgpus; do
		options+=(--vgpu "$vgpu$(migratable)")
	done
	# shellcheck disable=SC2086 # words
	${through:-} guest --name "$name" "${options[@]}" --payload "$payload" --module refgpu \
		--control --timeout 3000 "$@" >>"$name.log" 2>&1 &
	pids[$name]=$!
}

# by_default: this kernel tells QEMU which memory a vGPU writes, so it migrates by default
by_default() { grep -qx 1 /sys/bus/pci/drivers/openvgpu/0000:01:00.0/openvgpu/dma_logging; }

# What QEMU is told where it would not let a vGPU migrate.
migratable() { by_default || echo ,enable-migration=on; }

move() { timeout 330 guest-move "$@"; }

listens() { [ -S "/run/guest/$1.qmp" ]; }

# ended NAME: its QEMU has; with what is in $status
# shellcheck disable=SC2034 # for suites
ended()
{
	status=0
	wait "${pids[$1]}" || status=$?
}

# waits NAME CAPABILITIES: QEMU listens at the socket NAME for a guest
waits()
{
	if ! within 120 listens "$1" || ! move "$1" "capabilities=$2" \
			"migrate-incoming={\"uri\": \"unix:$PWD/$1\"}" >/dev/null; then
		fail "QEMU $1 waits for a guest" "$(tail -n 3 "$1.log")"
	fi
}

# to NAME: the command that moves a guest to the socket that QEMU listens at
to() { printf 'migrate={"uri": "unix:%s/%s"}' "$PWD" "$1"; }
