#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: its guests need both processors
# kernels: 6.12
#
# guest-drm.sh [PART]...: the guest's driver on a vGPU: buffers, jobs, processes that
# attack each other, hangs, unbinding and unloading with and without users, a reset by
# the host's administrator, the death of the GPU. The guest counts its own tests. Parts
# are the functions at the end, by default all of them, in this order.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
types=/sys/bus/pci/drivers/openvgpu/0000:01:00.0/mdev_supported_types

# payload FOLDER, its run on standard input
payload()
{
	mkdir -p "$1"
	cp /src/build/tests/guest/{compute,drm,kms} "$1/"
	cat >"$1/run"
	chmod +x "$1/run"
}

# in_guest NAME TYPE [ARG...]: a guest of /tmp/NAME on a new vGPU; its tests count
in_guest()
{
	local name=$1 type=$2 uuid status=0

	shift 2
	uuid=$(</proc/sys/kernel/random/uuid)
	if ! echo "$uuid" >"$types/openvgpu-$type/create"; then
		fail "$name" "no vGPU: $(cat "$types/../openvgpu/last_error")"
		return
	fi
	guest --name "$name" --vgpu "$uuid" --payload "/tmp/$name" --module refgpu --mem 512 \
		--timeout 600 "$@" >"/tmp/$name.log" 2>&1 || status=$?
	sed 's/^\[[^]]*\] //' "/tmp/$name.log" >"/tmp/$name.said"
	cat "/tmp/$name.log"
	grep -qE '^(ok|not ok) ' "/tmp/$name.said" || status="$status, no test"
	passed=$((passed + $(grep -c '^ok ' "/tmp/$name.said")))
	failed=$((failed + $(grep -c '^not ok ' "/tmp/$name.said")))
	same "$name-status" 0 "$status"
	[ ! -e "/sys/bus/mdev/devices/$uuid" ] || echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
}

# when NAME TEXT CMD...: runs CMD when the guest has said TEXT
when()
{
	local name=$1 text=$2

	shift 2
	within 300 grep -qsF "$text" "/tmp/$name.log" || {
		fail "$name-says" "it never said '$text'"
		return
	}
	"$@" && pass "$name-$1"
}

computing()
{
	payload /tmp/computing <<-'RUN'
		#!/bin/sh
		dmesg | grep -i -E 'refgpu|drm' | tail -n 5
		ls /dev/dri
		./drm && ./compute --drm
		status=$?
		dmesg | tail -n 20
		exit $status
	RUN
	in_guest computing 256mc
}

# The console, the KMS program as it is, and the ways out.
display()
{
	payload /tmp/display <<-'RUN'
		#!/bin/sh
		said() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2: $3"; fi; }
		device=$(cd /sys/class/drm/card0/device && pwd -P)
		cat /sys/class/drm/card0-*/status | tr '\n' ' '
		head -n 3 /sys/class/drm/card0-Virtual-1/modes
		[ "$(cat /sys/class/graphics/fb0/name)" = refgpudrmfb ]
		said $? console "fb0 is $(cat /sys/class/graphics/fb0/name)"
		mount -t debugfs debugfs /sys/kernel/debug
		./kms --frames 3
		said $? kms "the program ended with $?"
		./kms --mode 640x480 --frames 6 --crc /sys/kernel/debug/dri/0/crtc-0/crc
		said $? kms-crc "the program ended with $?"
		./drm params buffers fill-and-copy
		said $? drm "it ended with $?"
		./kms --frames 100000 >/dev/null &
		sleep 2
		echo "${device##*/}" >"$device/driver/unbind"
		said $? unbind-with-users "it failed"
		kill %1
		wait
		echo "${device##*/}" >/sys/bus/pci/drivers/refgpu/bind
		said $? bind-again "it failed"
		./drm params buffers fill-and-copy
		said $? drm-again "it ended with $?"
		rmmod refgpu
		said $? rmmod "refgpu is used by $(cat /sys/module/refgpu/refcnt)"
		dmesg | tail -n 20
	RUN
	in_guest display 256mq
}

reset_gpu() { echo 1 >/sys/bus/pci/devices/0000:01:00.0/reset; }
remove_gpu() { echo remove 1<>/dev/virtio-ports/refgpu-control-0; }

# The host's side is counted in a file: it runs beside the guest.
resets()
{
	payload /tmp/resets <<-'RUN'
		#!/bin/sh
		./drm reset-by-host && ./kms --frames 3 && ./drm params fill-and-copy && ./drm death
		status=$?
		dmesg | tail -n 20
		exit $status
	RUN
	: >/tmp/resets.log
	(
		passed=0 failed=0
		when resets '# waits for a reset' reset_gpu
		when resets '# waits for the end' remove_gpu
		finish
	) >/tmp/host-side.log 2>&1 &
	in_guest resets 256mq
	wait $!
	cat /tmp/host-side.log
	add host-side /tmp/host-side.log
	# That the GPU went away is what the kernel is to say here.
	within 30 sh -c '! [ -e /sys/bus/pci/devices/0000:01:00.0 ]' || fail gone "the GPU is still there"
}

[ $# -gt 0 ] || set -- computing display resets
for part; do
	"$part"
done
if modprobe -r openvgpu; then
	pass unload
else
	fail unload "openvgpu is used by $(cat /sys/module/openvgpu/refcnt)"
fi
finish
