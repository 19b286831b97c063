#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1200
# own machine: its guests need all of the GPU and both processors
#
# Real guests under KVM: each computes on its vGPU and compares with its own
# processor.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

# payload FOLDER COMMAND: a folder whose run is COMMAND.
payload()
{
	mkdir -p "$1"
	cp /src/build/tests/guest/compute "$1/"
	printf '#!/bin/sh\n%s\n' "$2" >"$1/run"
	chmod +x "$1/run"
}

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
parent=$(echo /sys/bus/pci/drivers/openvgpu/0000:*)
types=$parent/mdev_supported_types
[ -d "$types" ] || {
	fail types "no $types"
	finish
}

first=$(</proc/sys/kernel/random/uuid)
second=$(</proc/sys/kernel/random/uuid)
if echo "$first" >"$types/openvgpu-256mq/create" &&
   echo "$second" >"$types/openvgpu-512mc/create"; then
	pass create-by-echo
else
	fail create-by-echo "$(cat "$parent/openvgpu/last_error" 2>&1)"
	finish
fi

payload /tmp/one './compute --seed 1'
status=0
guest --vgpu "$first" --payload /tmp/one --timeout 180 || status=$?
if [ "$status" = 0 ]; then
	pass guest-computes
else
	fail guest-computes "exit status $status"
fi

# The same vGPU again: the second guest finds it as if new.
status=0
guest --vgpu "$first" --payload /tmp/one --timeout 180 --name again >/tmp/again.log || status=$?
if [ "$status" = 0 ]; then
	pass next-guest-computes
else
	cat /tmp/again.log
	fail next-guest-computes "exit status $status"
fi

payload /tmp/two './compute --seed 2'
guest --vgpu "$first" --payload /tmp/one --timeout 240 --name left &
left=$!
guest --vgpu "$second" --payload /tmp/two --timeout 240 --name right &
right=$!
status_left=0 status_right=0
wait "$left" || status_left=$?
wait "$right" || status_right=$?
if [ "$status_left" = 0 ] && [ "$status_right" = 0 ]; then
	pass two-guests-compute-at-once
else
	fail two-guests-compute-at-once "exit statuses $status_left and $status_right"
fi

# A QEMU killed in the middle of work leaves a vGPU that can be removed at once.
payload /tmp/long './compute --rounds 1000'
guest --vgpu "$first" --payload /tmp/long --timeout 240 --name killed >/tmp/killed.log 2>&1 &
killed=$!
for _ in $(seq 300); do
	grep -q '\] ok ' /tmp/killed.log && break
	sleep 0.2
done
if grep -q '\] ok ' /tmp/killed.log; then
	kill -9 "$(cat /run/guest/killed.pid)"
	wait "$killed"
	if timeout 20 sh -c "echo 1 >/sys/bus/mdev/devices/$first/remove" &&
	   [ ! -e "/sys/bus/mdev/devices/$first" ]; then
		pass remove-after-kill-9
	else
		fail remove-after-kill-9 "the vGPU is still there after 20 s"
	fi
else
	tail -n 5 /tmp/killed.log
	fail remove-after-kill-9 "the guest never computed, so nothing was killed at work"
	kill -9 "$(cat /run/guest/killed.pid)"
	wait "$killed"
fi

echo 1 >"/sys/bus/mdev/devices/$second/remove"
if modprobe -r openvgpu; then
	pass unload-after-guests
else
	fail unload-after-guests "modprobe -r openvgpu failed; used by $(cat /sys/module/openvgpu/refcnt)"
fi
finish
