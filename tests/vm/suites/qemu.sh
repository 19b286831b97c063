#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: the document begins where nothing is loaded
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# The commands of doc/clients/qemu.md, and the messages it explains. The guests
# stay before their first instruction: what QEMU does with a vGPU is looked at.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
native=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
display=5b0fae62-3f0d-4c7b-8f5a-6a5d6c9a1e11
there=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10	# of the other host, which is this one

modprobe -a vfio_iommu_type1 openvgpu || { fail modprobe "status $?"; finish; }
split_document /src/doc/clients/qemu.md

# The reader's QEMU runs in the foreground and for long.
mkdir bin
cat >bin/qemu-system-x86_64 <<END
#!/bin/sh
exec /usr/bin/qemu-system-x86_64 -S -daemonize -pidfile $PWD/pid -qmp unix:$PWD/qmp,server=on,wait=off "\$@"
END
chmod +x bin/qemu-system-x86_64
PATH=$PWD/bin:$PATH
failing=(timeout 60 /usr/bin/qemu-system-x86_64 -S -accel kvm -cpu host -machine q35 -m 128 -nodefaults -display none -device)

# ask SOCKET TEXT: types TEXT at a monitor, prints what it answers
ask()
{
	python3 - "$@" <<'END'
import socket, sys, time
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(sys.argv[1])
monitor.settimeout(20)
answer = b""
while b"(qemu) " not in answer:
    answer += monitor.recv(4096)
monitor.sendall(sys.argv[2].encode() + b"\n")
answer = b""
while not answer.rstrip(b"\r").endswith(b"(qemu) "):
    answer += monitor.recv(65536)
print(answer.decode())
END
}

# type_block SOCKET TEXT: types the lines of the document's block that has TEXT
type_block()
{
	local file line

	file=$(grep -lF -e "$2" block.*[0-9] | head -n 1)
	holds "the document has '$2'" "it has not" test -n "$file" || return
	mv "$file" "$file.done"
	while read -r line; do
		run "$line" 0 ask "$1" "$line"
		same "no objection" '' "$(grep -i error "$said")"
	done <"$file.done"
}

# says SOCKET QUESTION ANSWER: within a while
says() { ask "$1" "$2" >"$said" && grep -q -e "$3" "$said"; }

open_by_qemu()
{
	[ "$(attribute "$1" owner_pid)" = "$(cat pid)" ]
}

# quit: the QEMU that runs ends, without a goodbye
quit()
{
	kill -9 "$(cat pid)"
	within 10 closed "$native" || fail "QEMU ends" "$(attribute "$native" state)"
	rm -f pid
}

do_block "create" "openvgpu create 256mq"
do_block "QEMU starts with it" "-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native"
holds "it has the vGPU open" "$(attribute "$native" owner_pid)" open_by_qemu "$native"
run "another QEMU is refused" fails "${failing[@]}" "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native"
contains "as the document says" "Device or resource busy"
quit

do_block "QEMU with a port" "pref64-reserve=512M"
type_block /run/monitor device_add
holds "it has the vGPU open" "$(words "$said")" open_by_qemu "$native"
run "the tree of devices" 0 ask /run/monitor "info qtree"
contains "has it" 'dev: vfio-pci, id "vgpu1"'
quit

echo "127.0.0.1 host2" >>/etc/hosts
do_block "QEMU that can go" "unix:/run/source"
mv pid source.pid
do_block "QEMU to which it can go" "-incoming defer"
type_block /run/target "migrate_incoming"
type_block /run/source "migrate -d"
holds "it has gone" "$(words "$said")" within 120 says /run/source "info migrate" "Status:[[:space:]]*completed"
holds "it is there" "$(words "$said")" within 20 says /run/target "info migrate" "Status:[[:space:]]*completed"
holds "on its vGPU" "$(attribute "$there" owner_pid)" open_by_qemu "$there"
cat "/sys/bus/mdev/devices/$native/stats/migration" >"$said"
contains "nothing is left to be sent" "remaining 0"
kill -9 "$(cat pid)"
mv source.pid pid
quit

do_block "a display" "openvgpu create 32ma"
holds "it has the display open" "$(attribute "$display" owner_pid)" open_by_qemu "$display"
quit
do_block "a display with ramfb" "ramfb=on"
holds "it has that open" "$(attribute "$native" owner_pid)" open_by_qemu "$native"
run "a display of a vGPU that is in use stays" fails openvgpu set "$native" display=off
quit

# ------------------------------------------------------------------ messages

run "a vGPU there is not" fails "${failing[@]}" vfio-pci,sysfsdev=/sys/bus/mdev/devices/11111111-1111-4111-8111-111111111111
contains "says so" "no such host device: No such file or directory"
run "no display" 0 openvgpu set "$native" display=off
run "display=on without one" fails "${failing[@]}" "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native,display=on"
contains "says so" "device doesn't support any (known) display method"
run "dmabuf" 0 openvgpu set "$native" display=dmabuf
run "display=on without OpenGL" fails "${failing[@]}" "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native,display=on"
contains "says so, too" "vfio-display-dmabuf: opengl not available"

run "the default display" 0 openvgpu set "$native" display=region
run "a size for a display of regions" fails "${failing[@]}" "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native,display=on,xres=640,yres=480"
contains "says that" "xres and yres properties need edid support"
run "a size without a display" fails "${failing[@]}" "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native,display=off,xres=640,yres=480"
contains "says that, too" "xres and yres properties require display=on"

# ------------------------------------------- taken away while a VM has it

# start: a QEMU that has the vGPU on pcie.0; what it says is in qemu.log
start()
{
	/usr/bin/qemu-system-x86_64 -S -accel kvm -cpu host -machine q35 -m 128 -nodefaults -display none \
		-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$native" >qemu.log 2>&1 &
	echo $! >pid
	within 20 open_by_qemu "$native" || fail "QEMU starts" "$(words qemu.log)"
}

# waits NAME PID: process PID, which takes the vGPU away, waits for QEMU, which says
# that it was asked, and the kernel for whom it waits
waits()
{
	holds "$1: QEMU says so" "$(words qemu.log)" within 20 grep -qF "Bus 'pcie.0' does not support hotplugging" qemu.log
	holds "$1: the kernel log says so" "$(dmesg | tail -n 5)" within 20 eval \
		"dmesg | grep -qE 'vGPU $native is to be removed by .* \($2\) but process $(cat pid) has it open, which was asked to let go'"
	holds "$1: it waits" "it is over" kill -0 "$2"
	kill -9 "$(cat pid)"
	holds "$1: it is done when QEMU has ended" "it still waits" within 20 eval "! kill -0 $2 2>/dev/null"
}

start
(echo 1 >"/sys/bus/mdev/devices/$native/remove") &
waits "remove" $!
holds "the vGPU is gone" "it is there" test ! -e "/sys/bus/mdev/devices/$native"
run "it can be created again" 0 openvgpu create 256mq --uuid "$native"
dmesg --clear
start
(echo "$gpu" >/sys/bus/pci/drivers/openvgpu/unbind) &
waits "unbind" $!
run "the GPU back" 0 eval "echo $gpu >/sys/bus/pci/drivers/openvgpu/bind"
same "closed vGPUs are gone, too" "" "$(ls /sys/bus/mdev/devices)"
run "one again" 0 openvgpu create 256mq --uuid "$native"
run "and the other" 0 openvgpu create 32ma --uuid "$display"
run "and that of the other host" 0 openvgpu create 256mq --uuid "$there"

do_block "remove" "openvgpu remove"
blocks_done
all_free "all room is back" "$gpu"
run "the module can go" 0 modprobe -r openvgpu
finish
