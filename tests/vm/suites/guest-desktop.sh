#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 600
# own machine: its guest needs both processors
# kernels: 6.12
#
# A desktop in a guest: an X server with its own modesetting driver, on the guest's driver
# and a vGPU of series Q. What QEMU shows must be, pixel for pixel, what the X server says
# that it shows. Pictures stay in /out/*.png.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
types=/sys/bus/pci/drivers/openvgpu/0000:01:00.0/mdev_supported_types
uuid=$(</proc/sys/kernel/random/uuid)
run create 0 sh -c "echo $uuid >$types/openvgpu-256mq/create"

mkdir -p /out/desktop
cp -r /src/tests/vm/desktop /tmp/
cp /src/build/guest/desktop.tar /tmp/desktop/

guest --name desktop --vgpu "$uuid,display=on" --payload /tmp/desktop --module refgpu \
	--mem 512 --out /out/desktop --control --timeout 300 \
	--append 'console=tty0 console=ttyS0' >/tmp/desktop.log 2>&1 &
guest=$!

# says TEXT: false when the guest ended before it said so
says()
{
	until grep -q "desktop: $1" /tmp/desktop.log; do
		kill -0 "$guest" 2>/dev/null || return
		sleep 0.3
	done
}

# looks NAME: QEMU looks 30 times a second, so the first look may be early
looks()
{
	for _ in 1 2 3 4; do
		guest-screen shot desktop "/tmp/$1.ppm" &&
			guest-screen same "/tmp/$1.ppm" "/out/desktop/$1.xwd" && return
	done
}

for picture in windows closed; do
	if ! says "$picture"; then
		fail "$picture" "the guest ended: $(tail -n 5 /tmp/desktop.log)"
		continue
	fi
	run "$picture-are-shown" 0 looks "$picture"
	guest-screen shot desktop "/out/$picture.png"
	guest-screen send desktop go
done
same size 1024x768 "$(guest-screen crc /tmp/windows.ppm | cut -d' ' -f1)"
# Black, white, and those of frames and the clock: the windows are there.
colours=$(guest-screen colours /tmp/windows.ppm)
holds windows "the picture has $colours colours" [ "$colours" -ge 5 ]
run window-was-closed 1 guest-screen same /tmp/windows.ppm /tmp/closed.ppm
if says console; then
	guest-screen shot desktop /tmp/console.ppm
	guest-screen text /tmp/console.ppm /src/build/guest/6.12/vmlinux >/tmp/console.txt
	contains console /tmp/console.txt 'The console is back.'
	guest-screen send desktop go
fi
status=0
wait "$guest" || status=$?
cat /tmp/desktop.log
same guest-status 0 "$status"
run remove 0 sh -c "echo 1 >/sys/bus/mdev/devices/$uuid/remove"
run unload 0 modprobe -r openvgpu
finish
