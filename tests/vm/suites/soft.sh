#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --iommu --timeout 1200
# own machine: an installed system with an IOMMU, whose module is loaded with software GPUs
# kernels: 6.12 7.2
# check: 6.12
#
# Software GPUs, as doc/software-gpu.md has them, beside a reference GPU: made and
# unmade with the module, seen by mdevctl and libvirt, and what firmware shows on a
# vGPU. What holds for GPUs of every family is the suite vfio-family's.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh

cd "$(mktemp -d)" || exit
pci=/sys/bus/pci/devices
reference=0000:01:00.0
one=f000:00:00.0
two=f000:00:01.0
vgpu=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
other=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10
rom=/usr/share/seabios/vgabios-bochs-display.bin

gpus()
{
	# shellcheck disable=SC2012 # PCI addresses
	ls /sys/class/mdev_bus 2>/dev/null | tr '\n' ' '
}

# bridges: of domains that firmware has not made
bridges()
{
	find /sys/devices -maxdepth 1 -name 'pcif*' | tr '\n' ' '
}

load()
{
	modprobe openvgpu "$@"
}

# udev would load the module again for functions that were announced and not seen yet.
unload()
{
	udevadm settle
	modprobe -r openvgpu
}

create()
{
	echo "$3" >"/sys/class/mdev_bus/$1/mdev_supported_types/openvgpu-$2/create"
}

# hold UUID: a process, $holder, has it open
hold()
{
	/src/tests/vm/hold-vgpu "$1" held &
	holder=$!
	within 20 test -s held || fail "a process opens $1" "it does not"
	rm -f held
}

let_go()
{
	kill "$holder"
	wait "$holder" 2>/dev/null
	within 20 closed "$1" || fail "$1 is closed" "$(attribute "$1" state)"
}

install_openvgpu || { fail install "status $?"; finish; }
modprobe -a vfio_iommu_type1
within 20 test -d "/sys/class/mdev_bus/$reference"

# --------------------------------------------------- only what was asked for

same "by default there is none" "$reference " "$(gpus)"
run "unload" 0 unload
for wrong in soft_gpus=33 soft_gpus=-1 soft_gpus=some soft_vram=15 soft_vram=65537; do
	run "$wrong is refused" fails load "$wrong"
	holds "$wrong: the log says what can be" "$(dmesg | tail -n 2)" \
		eval "dmesg | tail -n 2 | grep -q 'parameter ${wrong%=*} must be a number from'"
done

# ------------------------------------------------------------- the document

split_document /src/doc/software-gpu.md
do_block "two are made" "modprobe openvgpu soft_gpus=2"
contains "their types are said" openvgpu-256ma
same "beside the reference GPU" "$reference $one $two " "$(gpus)"
same "their family and board" "soft SOFT refgpu REFGPU" \
	"$(cat $pci/{$one,$reference}/openvgpu/{family,board} | tr '\n' ' ' | xargs)"
same "the log says it of each" 2 "$(dmesg | grep -c 'openvgpu f000:00:0[01].0: software GPU, for testing')"
same "no resource of the machine is theirs" "" "$(grep -v '^0x0* 0x0* 0x0*$' $pci/$one/resource)"
same "capacity is exact" "1 2 4 64" "$(for type in 1a 512ma 256ma 16ma; do available $one openvgpu-$type; done | xargs)"
same "no engine" "" "$(cd $pci/$one/mdev_supported_types && echo *[qc] | grep -v '\*')"
do_block "a vGPU" "openvgpu create 256ma"
contains "it is listed" "$vgpu"
same "one less on this GPU, not on the other" "3 4" "$(available $one openvgpu-256ma) $(available $two openvgpu-256ma)"
run "doctor" 0 openvgpu doctor
contains "doctor finds them" "3 GPUs bound to openvgpu"

# ------------------------------------------------------------ what firmware shows

# picture ACCEL: SeaBIOS on the vGPU, as QEMU shows it
picture()
{
	mkdir -p /run/guest
	guest-watch --name soft --log "/out/guest-soft-$1.log" --up '^SeaBIOS' --boot-time 120 -- \
		qemu-system-x86_64 -accel "$1" -machine q35 -m 128 -nodefaults -no-user-config \
		-display none -chardev stdio,id=log -device isa-debugcon,iobase=0x402,chardev=log \
		-pidfile /run/guest/soft.pid -qmp unix:/run/guest/soft.qmp,server=on,wait=off \
		-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$vgpu,display=on,romfile=$rom" \
		</dev/null >"soft-$1.log" 2>&1 &
	if within 200 shows 'No bootable device'; then
		pass "$1: SeaBIOS is visible"
	else
		fail "$1: SeaBIOS is visible" "$(words "soft-$1.log")"
	fi
	guest-screen shot soft "/out/soft-$1.png" 2>/dev/null
	guest-screen quit soft 2>/dev/null
	wait $!
	within 20 closed "$vgpu" || fail "$1: the vGPU is closed" "$(attribute "$vgpu" state)"
}

shows()
{
	[ -S /run/guest/soft.qmp ] && guest-screen shot soft picture.ppm 2>/dev/null &&
		guest-screen text picture.ppm "$rom" 2>/dev/null | grep "$1" >/dev/null
}

picture kvm
picture tcg

# ------------------------------------------------------- memory of the host

# A VMM that writes to every page of a vGPU's video memory, of 256 MiB.
cat >fill.py <<'END'
import fcntl, mmap, os, struct, sys, time
uuid, ready = sys.argv[1:]
group_number = os.path.basename(os.readlink(f"/sys/bus/mdev/devices/{uuid}/iommu_group"))
container = os.open("/dev/vfio/vfio", os.O_RDWR)
group = os.open(f"/dev/vfio/{group_number}", os.O_RDWR)
fcntl.ioctl(group, 0x3b68, struct.pack("i", container))     # VFIO_GROUP_SET_CONTAINER
fcntl.ioctl(container, 0x3b66, 1)                           # VFIO_SET_IOMMU, type 1
device = fcntl.ioctl(group, 0x3b6a, bytearray(uuid.encode() + b"\0"))  # VFIO_GROUP_GET_DEVICE_FD
os.pwrite(device, b"\2\0", (7 << 40) + 4)                   # memory decoding
memory = mmap.mmap(device, 256 << 20)
for at in range(0, len(memory), mmap.PAGESIZE):
    if memory[at:at + 8] != bytes(8):
        sys.exit(f"byte {at} is of somebody else")
    memory[at:at + 8] = b"occupied"
open(ready, "w").write("filled")
time.sleep(1000)
END

# memory_left: of the host, MiB
memory_left()
{
	awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo
}

# filled: fill.py is that far, or has ended
filled()
{
	[ -s filled ] || ! kill -0 "$holder" 2>/dev/null
}

given_back()
{
	[ $((before - $(memory_left))) -lt 100 ]
}

before=$(memory_left)
for i in 1 2; do
	python3 fill.py "$vgpu" filled >fill.log 2>&1 &
	holder=$!
	within 120 filled
	same "a guest's memory is zero, and it may write to all of it, $i" "filled" "$(cat filled fill.log 2>&1)"
	rm -f filled
	during=$(memory_left)
	let_go "$vgpu"
	within 20 given_back
	holds "the host has so much less meanwhile, $i" "$before, $during, $(memory_left) MiB" \
		test $((before - during)) -gt 200 -a $((before - $(memory_left))) -lt 100
done

# ------------------------------------------------ reset, removal and return

hold "$vgpu"
run "the function can be reset" 0 eval "echo 1 >$pci/$one/reset"
same "it is up again" up "$(cat $pci/$one/openvgpu/state)"
holds "who uses a vGPU is told" "$(openvgpu show "$vgpu" 2>&1)" \
	test "$(cat "/sys/bus/mdev/devices/$vgpu/stats/faults")" = 1
let_go "$vgpu"
run "a GPU can be taken away" 0 eval "echo 1 >$pci/$two/remove"
same "the others stay" "$reference $one " "$(gpus)"
run "and comes back" 0 eval "echo 1 >/sys/bus/pci/rescan"
same "with its types" "$reference $one $two 4" "$(gpus)$(available $two openvgpu-256ma)"
run "the vGPU is removed" 0 openvgpu remove "$vgpu"

# ------------------------------------------------------------------- mdevctl

run "mdevctl: start" 0 mdevctl start -p "$one" -t openvgpu-256ma -u "$vgpu"
run "mdevctl: list" 0 mdevctl list
contains "mdevctl: it is listed" "$vgpu $one openvgpu-256ma"
run "mdevctl: define what runs" 0 mdevctl define -u "$vgpu" --auto
run "mdevctl: stop" 0 mdevctl stop -u "$vgpu"
run "mdevctl: start what is defined" 0 mdevctl start -u "$vgpu" -p "$one"
run "mdevctl: stop it" 0 mdevctl stop -u "$vgpu"
run "mdevctl: undefine" 0 mdevctl undefine -u "$vgpu"

# ------------------------------------------------------------------- libvirt

# Not one that mdevctl had: libvirt's daemon may hear late of what became of it.
third=5b7e2d90-4a1c-4f3e-9d62-7c0b8e1a2f34
node=mdev_${third//-/_}_f000_00_00_0
listed()
{
	virsh nodedev-list --cap mdev_types >nodes 2>&1 && grep -q pci_f000_00_00_0 nodes && grep -q pci_f000_00_01_0 nodes
}
holds "libvirt: both GPUs are listed" "$(words nodes 2>&1)" within 20 listed
cat >vgpu.xml <<END
<device><parent>pci_f000_00_00_0</parent>
<capability type='mdev'><type id='openvgpu-256ma'/><uuid>$third</uuid></capability></device>
END
run "libvirt: define" 0 virsh nodedev-define vgpu.xml
run "libvirt: start" 0 virsh nodedev-start "$node"
same "libvirt: it is there" 3 "$(available $one openvgpu-256ma)"
run "libvirt: destroy" 0 within 30 virsh nodedev-destroy "$node"
run "libvirt: undefine" 0 virsh nodedev-undefine "$node"
all_free "nothing is left" "$one"

# -------------------------------------------------- with the module, and without

create "$one" 256ma "$vgpu"
create "$two" 1b "$other"
hold "$vgpu"
run "a module in use is not unloaded" fails unload
let_go "$vgpu"
do_block "all go, with their vGPUs" "modprobe -r openvgpu"
same "no bridge is left" "" "$(bridges)"
same "no vGPU is left" "" "$(ls /sys/bus/mdev/devices 2>/dev/null)"
cycle()
{
	load soft_gpus=32 soft_vram=32 && create f000:00:1f.0 32ma "$vgpu" && create "$one" 16mb "$other" && unload &&
		[ -z "$(bridges)" ]
}
for i in 1 2 3 4 5; do
	run "loaded and unloaded with 32 GPUs and two vGPUs, $i" 0 cycle
done
load soft_gpus=1 soft_vram=65536
create "$one" 64a "$vgpu"
hold "$vgpu"
same "more video memory than the machine has" "$holder $((64 << 30))" \
	"$(attribute "$vgpu" owner_pid) $(attribute "$vgpu" framebuffer_size)"
let_go "$vgpu"
run "unload" 0 unload

do_block "for good" "/etc/modprobe.d/openvgpu-soft.conf"
run "the module takes the number from there" 0 modprobe openvgpu
same "two again" "$reference $one $two " "$(gpus)"
blocks_done
finish
