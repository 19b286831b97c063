#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900 --qemu-arg -device --qemu-arg bochs-display,vgamem=64M
# own machine: it has a bochs-display, and its guests need both processors
# kernels: 6.12 7.2
# check: 6.12
#
# guest-display.sh [PART]...: what unmodified guests show: firmware, kernel
# console, mode set and page flip, as QEMU's screendump and VNC see it. Every
# picture must be, pixel for pixel, what the guest drew. Pictures stay in
# /out/*.png. Parts are the functions at the end, by default all of them.

# The kernel's own font is in the kernel the guests run.
font=/src/build/guest/6.12/vmlinux
rom=/usr/share/seabios/vgabios-bochs-display.bin
# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
declare -A job
vgpus=()

# One process looks at all pictures: to start Python takes longer than most looks.
coproc serve { exec guest-screen serve; }
# Subshells have these, but not those of a coprocess.
exec 7<&"${serve[0]}" 8>&"${serve[1]}"

# look COMMAND...: a command of guest-screen. The answer is read to its end
# before any of it is printed: who reads that may not want all.
look()
{
	local IFS=$'\t' line said=''

	printf '%s\n' "$*" >&8
	while IFS= read -r line <&7; do
		case $line in
		"status "*) printf '%s' "$said"; return "${line#status }" ;;
		esac
		said+=${line# }$'\n'
	done
	return 1
}

# holds STATUS NAME SAW: passes when STATUS is 0
holds()
{
	if [ "$1" = 0 ]; then pass "$2"; else fail "$2" "$3"; fi
}

# ------------------------------------------------------------------- guests

# payload FOLDER SEED [ARG...]: a guest that says who it is on its console, then
# draws: kms with ARGs, or at each line it is sent. It begins when it is sent one.
payload()
{
	local draw="--control /dev/ttyS1"

	[ $# = 2 ] || draw=${*:3}
	mkdir -p "$1"
	cp /src/build/tests/guest/kms "$1/"
	cat >"$1/run" <<-EOF
		#!/bin/sh
		exec 3<>/dev/ttyS1
		cd /sys/class/drm/card0/device && echo "driver: \$(basename \$(readlink driver))" \
			"device \$(cat vendor device subsystem_device | tr '\n' ' ')"
		dmesg | sed -n 's/.*\] //; s/^efifb: mode/efifb: mode/p'
		mode="first mode: \$(cat /sys/class/drm/card0-*/modes | head -n 1)"
		echo "\$mode"
		echo "This is the console of $(basename "$1")." >/dev/tty0
		echo 'at console'
		read -r _ <&3
		echo "\$mode" # again: a message of QEMU may have torn it
		/payload/kms $draw --seed $2
	EOF
	chmod +x "$1/run"
}

# begin NAME ARG...: starts a guest; /tmp/NAME.log is its console
begin()
{
	local name=$1

	shift
	: >"/tmp/$name.log"
	guest --name "$name" --payload "/tmp/$name" --control --module bochs --timeout 300 \
		--append "console=tty0 console=ttyS0 vt.global_cursor_default=0 ${append:-}" \
		"$@" >"/tmp/$name.log" 2>&1 &
	job[$name]=$!
}

alive()
{
	kill -0 "${job[$1]}" 2>/dev/null
}

# until_said NAME TEXT: false when the guest ended before it said TEXT
until_said()
{
	until grep -q "$2" "/tmp/$1.log"; do
		if ! alive "$1"; then
			grep -q "$2" "/tmp/$1.log"
			return
		fi
		sleep 0.3
	done
}

last()
{
	tail -n 6 "/tmp/$1.log" | tr '\n' ' '
}

# shot NAME: the picture, in /tmp/NAME.ppm
shot()
{
	look shot "$1" "/tmp/$1.ppm" 2>/tmp/screen.err
}

seen_text()
{
	look text "/tmp/$1.ppm" "${2:-$font}" 2>/dev/null
}

# until_text NAME PATTERN END [FONT]: takes pictures until one has the text;
# false when the guest said END, or ended, and none had
until_text()
{
	local over=''

	while :; do
		if [ -S "/run/guest/$1.qmp" ] && shot "$1" &&
		   seen_text "$1" "${4:-}" | grep -Eq "$2"; then
			return 0
		fi
		[ -z "$over" ] || return 1
		# One more look at what it shows in the end.
		if ! alive "$1" || grep -q "$3" "/tmp/$1.log"; then
			over=1
		fi
		sleep 0.5
	done
}

# drawn NAME FRAME: size and CRC of what the guest says it shows
drawn()
{
	sed -n "s/.*: frame $2 is shown: //p" "/tmp/$1.log"
}

# shows NAME FRAME: QEMU's picture is what the guest drew. QEMU looks 30 times a
# second, so the first look may be early.
shows()
{
	local want

	want=$(drawn "$1" "$2")
	for _ in 1 2 3 4 5 6 7 8; do
		shot "$1" && saw=$(look crc "/tmp/$1.ppm")
		[ "$saw" != "$want" ] || return 0
		sleep 0.3
	done
	saw="shown $saw, drawn $want"
	return 1
}

vnc_shows()
{
	local want

	want=$(drawn "$1" "$2")
	for _ in 1 2 3; do
		look vnc "/run/guest/$1.vnc" "/tmp/$1-vnc.ppm" 2>/tmp/screen.err || continue
		saw=$(look crc "/tmp/$1-vnc.ppm")
		[ "$saw" != "$want" ] || return 0
	done
	saw="shown $saw, drawn $want $(cat /tmp/screen.err)"
	return 1
}

# next NAME FRAME: has the guest show the next picture
next()
{
	look send "$1" next && until_said "$1" ": frame $2 is shown"
}

# ends NAME: the guest ends well
ends()
{
	local status=0

	look send "$1" quit
	wait "${job[$1]}" || status=$?
	holds "$status" "$1: ends well" "status $status: $(last "$1")"
}

# common NAME VNC: what every guest with a bochs display must show
common()
{
	local name=$1 vnc=$2

	until_said "$name" 'at console'
	grep -q 'driver: bochs-drm device 0x1234 0x1111 0x4f56' "/tmp/$name.log"
	holds $? "$name: bochs-drm binds" "$(last "$name")"
	until_text "$name" "This is the console of $name\\." 'at console'
	holds $? "$name: kernel console visible" "$(seen_text "$name" | head -n 3)"
	look shot "$name" "/out/$name-console.png"
	look send "$name" next
	until_said "$name" 'kms: frame 0 is shown'
	holds $? "$name: mode set" "$(last "$name")"
	shows "$name" 0
	holds $? "$name: picture is what was drawn" "$saw"
	look shot "$name" "/out/$name-drawn.png"
	next "$name" 1 && shows "$name" 1
	holds $? "$name: picture after a page flip" "$saw"
	if [ -n "$vnc" ]; then
		vnc_shows "$name" 1
		holds $? "$name: the same through VNC" "$saw"
	fi
	next "$name" 2 && shows "$name" 2
	holds $? "$name: picture after flipping back" "$saw"
}

# --------------------------------------------------------------------- vGPUs

# create GPU TYPE: a new vGPU; its UUID is in $uuid
create()
{
	uuid=$(</proc/sys/kernel/random/uuid)
	if echo "$uuid" 2>/dev/null >"$1/mdev_supported_types/openvgpu-$2/create"; then
		vgpus+=("$uuid")
	else
		fail "a vGPU of type openvgpu-$2" "$(cat "$1/openvgpu/last_error" 2>&1)"
		return 1
	fi
}

remove_all()
{
	for uuid in "${vgpus[@]}"; do
		echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
	done
	vgpus=()
}

# --------------------------------------------------------------------- parts

# Two guests on one GPU, with a BIOS and without OpenGL.
two_guests()
{
	local before

	payload /tmp/left 1
	payload /tmp/right 2
	create "$gpu" 256ma || return
	begin left --vgpu "$uuid,display=on,romfile=$rom" --vnc
	create "$gpu" 256mb || return
	begin right --vgpu "$uuid,display=auto,romfile=$rom" --vnc
	until_text left SeaBIOS 'at console' "$rom"
	holds $? "left: SeaBIOS is visible, display=on" "$(seen_text left "$rom" | head -n 3; last left)"
	look shot left /out/seabios.png
	until_text right SeaBIOS 'at console' "$rom"
	holds $? "right: SeaBIOS is visible, display=auto" "$(seen_text right "$rom" | head -n 3; last right)"
	common left vnc
	common right vnc
	before=$(drawn left 2)
	next right 3 && shows right 3 && shows left 2 && [ "$before" != "$(drawn right 2)" ]
	holds $? "a flip of one guest leaves the other's picture alone" "$saw"
	ends left
	ends right
}

# A program in the guest drives the head of a native vGPU.
native()
{
	mkdir -p /tmp/native
	cp /src/build/tests/guest/heads /tmp/native/
	printf '#!/bin/sh\n/payload/heads 6 /dev/ttyS1\n' >/tmp/native/run
	chmod +x /tmp/native/run
	create "$gpu" 256mq || return
	begin native --vgpu "$uuid,display=on" --vnc
	until_said native ': frame 0 is shown'
	holds $? "native: the head is on" "$(last native)"
	shows native 0
	holds $? "native: picture is what was drawn" "$saw"
	next native 1 && shows native 1
	holds $? "native: picture after a flip" "$saw"
	vnc_shows native 1
	holds $? "native: the same through VNC" "$saw"
	ends native
}

# The picture as dma-bufs, and OpenGL on the processor: vgem gives a node. Nothing
# is seen: Mesa can't map another device's dma-buf by vgem, and QEMU shows such a
# console neither to screendump nor to VNC. tests/vfio/dmabuf.c looks inside one,
# tests/vfio/import.c shows one on another GPU.
# With dma-bufs alone QEMU tells the guest of the monitor that xres and yres ask for.
dmabuf()
{
	local status=0

	modprobe vgem
	payload /tmp/gl 3 --frames 8
	create "$gpu" 256ma || return
	if ! echo dmabuf >"/sys/bus/mdev/devices/$uuid/openvgpu/display"; then
		fail "display can be dmabuf" "$(cat "$gpu/openvgpu/last_error")"
		return
	fi
	begin gl --vgpu "$uuid,display=on,xres=1152,yres=864" \
		--ui egl-headless,rendernode=/dev/dri/renderD128
	until_said gl 'at console' && look send gl next
	wait "${job[gl]}" || status=$?
	holds "$status" "gl: a guest flips 8 times while QEMU takes dma-bufs" "status $status: $(last gl)"
	grep -q 'first mode: 1152x864' /tmp/gl.log
	holds $? "gl: the guest's monitor is the one QEMU describes" \
		"$(grep -o 'first mode: .*' /tmp/gl.log)"
}

# A physical bochs-display, which is the host machine's.
physical()
{
	local pci

	pci=$(grep -l 0x1111 /sys/bus/pci/devices/*/device)
	pci=${pci%/device}
	echo openvgpu >"$pci/driver_override"
	echo "${pci##*/}" >/sys/bus/pci/drivers_probe
	[ -d "$pci/mdev_supported_types" ]
	holds $? "a physical bochs-display is bound by driver_override" "$(dmesg | tail -n 1)"
	payload /tmp/physical 4
	create "$pci" 32ma || return
	begin physical --vgpu "$uuid,display=on"
	common physical ''
	ends physical
}

# Firmware alone, on a vGPU whose own head shows nothing yet.
ramfb()
{
	create "$gpu" 256mq || return
	mkdir -p /run/guest
	guest-watch --name ramfb --log /out/guest-ramfb.log --up '^SeaBIOS' --boot-time 120 -- \
		qemu-system-x86_64 -accel kvm -cpu host -machine q35 -m 128 -nodefaults \
		-no-user-config -display none -chardev stdio,id=log \
		-device isa-debugcon,iobase=0x402,chardev=log -pidfile /run/guest/ramfb.pid \
		-qmp unix:/run/guest/ramfb.qmp,server=on,wait=off -device \
		"vfio-pci-nohotplug,sysfsdev=/sys/bus/mdev/devices/$uuid,display=on,ramfb=on" \
		</dev/null >/tmp/ramfb.log 2>&1 &
	job[ramfb]=$!
	until_text ramfb 'No bootable device' 'No bootable device' "$rom"
	holds $? "firmware is visible through ramfb beside native" \
		"$(seen_text ramfb "$rom" | head -n 3; last ramfb)"
	look shot ramfb /out/ramfb.png
	look quit ramfb
	wait "${job[ramfb]}"
}

# OVMF, the kernel on OVMF's framebuffer, and then bochs-drm.
uefi()
{
	local logo=1

	payload /tmp/uefi 5
	create "$gpu" 256ma || return
	append='loglevel=6' begin uefi --vgpu "$uuid,display=on" --uefi --vnc --boot-time 240
	while alive uefi && ! grep -q 'guest: up' /tmp/uefi.log; do
		if [ -S /run/guest/uefi.qmp ] && shot uefi; then
			if [ "$logo" != 0 ] && [ "$(look colours /tmp/uefi.ppm)" -gt 16 ]; then
				logo=0
				look shot uefi /out/ovmf.png
			fi
			! seen_text uefi | grep -q 'Linux version' || break
		fi
		sleep 1
	done
	holds "$logo" "uefi: OVMF's logo is visible" "no picture with colours; $(last uefi)"
	until_text uefi 'Linux version|\] [a-z]+: ' 'guest: up'
	holds $? "uefi: the kernel's first messages are visible on OVMF's framebuffer" \
		"$(seen_text uefi | head -n 3)"
	common uefi vnc
	grep -q 'efifb: mode is' /tmp/uefi.log
	holds $? "uefi: the kernel used OVMF's framebuffer before bochs-drm" "$(last uefi)"
	ends uefi
}

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
gpu=$(dirname /sys/bus/pci/drivers/openvgpu/0000:*/mdev_supported_types)
[ $# -gt 0 ] || set -- two_guests native dmabuf physical ramfb uefi
for part in "$@"; do
	case $part in
	two_guests) two_guests ;;
	native) native ;;
	dmabuf) dmabuf ;;
	physical) physical ;;
	ramfb) ramfb ;;
	uefi) uefi ;;
	*) fail "$part" "no such part" ;;
	esac
	remove_all
done
modprobe -r openvgpu
holds $? "the module unloads" "used by $(cat /sys/module/openvgpu/refcnt 2>&1)"
finish
