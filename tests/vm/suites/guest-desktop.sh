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

mkdir -p /tmp/desktop /out/desktop
cp /src/build/guest/desktop.tar /tmp/desktop/

# A desktop spreads over all heads, and QEMU shows the first one's part.
{
	printf 'Section "Monitor"\n\tIdentifier "Virtual-1"\n\tOption "PreferredMode" "1024x768"\nEndSection\n'
	for head in 2 3 4; do
		printf 'Section "Monitor"\n\tIdentifier "Virtual-%u"\n\tOption "Ignore" "true"\nEndSection\n' $head
	done
} >/tmp/desktop/xorg.conf

# The X server's own fonts are enough.
cat >/tmp/desktop/twmrc <<'TWMRC'
TitleFont "fixed"
ResizeFont "fixed"
MenuFont "fixed"
IconFont "fixed"
IconManagerFont "fixed"
NoGrabServer
Color
{
	BorderColor "slategrey"
	TitleBackground "rgb:2/4/7"
	TitleForeground "gray90"
}
TWMRC

cat >/tmp/desktop/run <<'RUN'
#!/bin/sh
export PATH=/bin:/usr/bin DISPLAY=:0 HOME=/tmp
exec 3<>/dev/ttyS1
root=/tmp/root
mkdir $root /dev/pts
tar -C $root -xf desktop.tar
cp xorg.conf twmrc $root/
mount -t devpts devpts /dev/pts
for folder in dev dev/pts proc sys; do
	mount --bind /$folder $root/$folder
done

# shown NAME: a screenshot by the X server, when two that follow each other are equal;
# goes on when the host has looked
shown()
{
	before=''
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		chroot $root xwd -root -silent >/tmp/now.xwd || break
		now=$(md5sum </tmp/now.xwd)
		[ "$now" != "$before" ] || break
		before=$now
		sleep 1
	done
	# In large pieces: each takes its time.
	dd if=/tmp/now.xwd "of=/out/$1.xwd" bs=1M 2>/dev/null
	echo "desktop: $1"
	read -r _ <&3
}

chroot $root /usr/lib/xorg/Xorg :0 -noreset -retro -nolisten tcp -config /xorg.conf \
	>/tmp/Xorg.log 2>&1 &
server=$!
until [ -S $root/tmp/.X11-unix/X0 ]; do
	if ! kill -0 $server; then
		cat /tmp/Xorg.log
		exit 1
	fi
	sleep 0.3
done
chroot $root twm -f /twmrc &
chroot $root xlogo -geometry 160x160+240+40 &
chroot $root xclock -geometry 160x160+40+40 -update 3600 &
chroot $root xterm -geometry 90x24+40+260 -e sh -c '
	uname -srm
	dmesg | sed -n "s/.*\] refgpu/refgpu/p"
	ls -l /dev/dri
	>/tmp/written
	sleep 1000' &
for _ in $(seq 60); do
	[ ! -e $root/tmp/written ] || break
	sleep 0.5
done
shown windows

killall xclock
sleep 1
shown closed

kill $server
wait $server
status=$?
dd if=$root/var/log/Xorg.0.log of=/out/Xorg.log bs=1M 2>/dev/null
dmesg | tail -n 5
printf '\033[2J\033[HThe console is back.\n' >/dev/tty0
echo 'desktop: console'
read -r _ <&3
exit $status
RUN
chmod +x /tmp/desktop/run

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
