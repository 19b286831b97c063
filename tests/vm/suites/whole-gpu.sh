#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "--hw 1.0 --vram 256M" --timeout 900
# own machine: refgpu.ko has the GPU that elsewhere openvgpu.ko has
# kernels: 6.1 6.12 7.2 debug
# check: 6.12
#
# Whole GPUs, driven by the guests' driver in the machine that has them: jobs, hostile
# and hanging ones too, displays, sleep, and all ways to leave them. The second one is
# of hardware version 1.0, which can't keep processes apart.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

address=0000:01:00.0
driver=/sys/bus/pci/drivers/refgpu

run load 0 modprobe refgpu whole=1
[ -e "/sys/bus/pci/devices/$address/driver" ] || {
	dmesg | tail -n 20
	fail bound "refgpu does not drive the GPU"
	finish
}
dmesg | grep -E 'refgpu' | tail -n 5

# drm [TEST]...: counts what the program counts
drm()
{
	timeout 300 /src/build/tests/guest/drm "$@" >/tmp/drm.log 2>&1
	cat /tmp/drm.log
	add drm /tmp/drm.log
}

drm
drm /dev/dri/renderD129

attack 20000

# What guests compute on their vGPUs, through the library.
for node in /dev/dri/renderD12{8,9}; do
	timeout 300 /src/build/tests/guest/compute --drm --node "$node" >/tmp/compute.log 2>&1
	cat /tmp/compute.log
	add compute /tmp/compute.log
done

# The debug kernel has no driver that has the console's part of DRM built.
[ "$OPENVGPU_KERNEL" = debug ] || same console refgpudrmfb "$(cat /sys/class/graphics/fb0/name)"
for head in 1 2 3 4; do
	echo detect >"/sys/class/drm/card0-Virtual-$head/status"
	same "monitor-$head" connected "$(cat "/sys/class/drm/card0-Virtual-$head/status")"
done
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
run kms 0 timeout 60 /src/build/tests/guest/kms --frames 3
run kms-crc 0 timeout 120 /src/build/tests/guest/kms --mode 640x480 --heads 4 --frames 6 \
	--crc /sys/kernel/debug/dri/0
# shellcheck disable=SC2154 # run sets it
cat "$out"

# modetest of libdrm, on each head and on all: grey pictures, whose CRC is known.
grey=$(python3 -c 'import zlib; print("%08x" % zlib.crc32(bytes([0x77, 0x77, 0x77, 0]) * 640 * 480))')
mkfifo /tmp/enough
exec 4<>/tmp/enough

# is_grey HEAD: a line of this file is one frame
is_grey()
{
	timeout 10 dd "if=/sys/kernel/debug/dri/0/crtc-$1/crc/data" bs=64 count=1 2>/dev/null |
		grep -q "$grey"
}

# modetest_shows NAME HEADS ARG...: until it is told that it is enough
modetest_shows()
{
	local name=$1 heads=$2 head status=0

	shift 2
	timeout 60 modetest -M refgpu -F plain,plain "$@" <&4 >/tmp/modetest.log 2>&1 &
	for head in $heads; do
		holds "$name-$head" "no frame has CRC $grey: $(tail -n 3 /tmp/modetest.log)" \
			within 20 is_grey "$head"
	done
	echo >&4
	wait $! || status=$?
	same "$name-status" 0 "$status"
}

run modetest 0 modetest -M refgpu -c
awk '$3 == "connected" { print $1 }' "$out" >/tmp/connectors
sets=() head=0
while read -r connector; do
	sets+=(-s "$connector:640x480")
	modetest_shows "modetest-head" "$head" "${sets[@]: -2}"
	head=$((head + 1))
done </tmp/connectors
same heads 4 "$head"
modetest_shows modetest-all "0 1 2 3" "${sets[@]}"
modetest_shows modetest-flips 0 -v "${sets[@]:0:2}"
cat /tmp/modetest.log

# Video memory of a whole GPU is saved.
echo devices >/sys/power/pm_test
run suspend 0 sh -c 'echo mem >/sys/power/state'
drm params buffers fill-and-copy dispatch
run kms-after-suspend 0 timeout 60 /src/build/tests/guest/kms --frames 3

# With users.
/src/build/tests/guest/kms --frames 1000000 >/dev/null 2>&1 &
user=$!
/src/build/tests/guest/drm many-contexts kill-9 many-contexts >/tmp/user.log 2>&1 &
sleep 2
run unload-with-users 1 rmmod refgpu
run unbind-with-users 0 sh -c "echo $address >$driver/unbind"
kill "$user" 2>/dev/null
wait
run bind-again 0 sh -c "echo $address >$driver/bind"
# A former node keeps its number until the last fence of its users is freed.
node=$(cd "/sys/bus/pci/devices/$address/drm" && echo renderD*)
drm "/dev/dri/$node" params buffers fill-and-copy

# Pulled out under a job.
/src/build/tests/guest/drm "/dev/dri/$node" death >/tmp/death.log 2>&1 &
user=$!
if within 60 grep -q '# waits for the end' /tmp/death.log; then
	echo remove 1<>/dev/virtio-ports/refgpu-control-0
else
	kill "$user"
fi
wait "$user"
cat /tmp/death.log
add death /tmp/death.log

# The last fences are freed a moment after the last file. 6.1's scheduler may lose one
# with users that wait.
if within 5 grep -qx 0 /sys/module/refgpu/refcnt || [ "$OPENVGPU_KERNEL" != 6.1 ]; then
	run unload 0 modprobe -r refgpu
else
	run unbind 0 sh -c 'for gpu in /sys/bus/pci/drivers/refgpu/0*; do echo "${gpu##*/}" >"$gpu/driver/unbind"; done'
fi
finish
