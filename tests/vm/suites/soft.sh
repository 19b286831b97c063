#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --iommu --timeout 600
# own machine: one with an IOMMU, whose module is loaded with software GPUs
# kernels: 6.12 7.2
# check: 6.12
#
# Software GPUs, as doc/software-gpu.md has them, beside a reference GPU: made and
# unmade with the module, taken away and dead in use, as Nova, KubeVirt and others read
# them, and what firmware shows on a vGPU. What holds for GPUs of every family is the
# suite vfio-family's; an installed system, with mdevctl, libvirt and a reboot, is
# soft-clients', and what of it make check has is mdevctl's and libvirt's.

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

unload()
{
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

state()
{
	cat "$pci/$1/openvgpu/state"
}

modprobe -a vfio_iommu_type1 openvgpu

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

# ------------------------------------------------------------ what firmware shows

shows()
{
	[ -S /run/guest/soft.qmp ] && guest-screen shot soft picture.ppm 2>/dev/null &&
		guest-screen text picture.ppm "$rom" 2>/dev/null | grep "$1" >/dev/null
}

# The document's command; what the BIOS writes for whoever debugs it tells that it runs,
# and when there is something to read: reading a picture is slow here.
awk '/^```/ { inside = !inside; next } inside' /src/doc/software-gpu.md >qemu
holds "the document starts QEMU with a vGPU" "$(words qemu)" grep -q "$vgpu" qemu
mkdir -p /run/guest bin
cat >bin/qemu-system-x86_64 <<'END'
#!/bin/sh
exec /usr/bin/qemu-system-x86_64 -pidfile /run/guest/soft.pid \
	-qmp unix:/run/guest/soft.qmp,server=on,wait=off \
	-chardev stdio,id=log -device isa-debugcon,iobase=0x402,chardev=log "$@"
END
chmod +x bin/qemu-system-x86_64
PATH=$PWD/bin:$PATH guest-watch --name soft --log /out/guest-soft.log --up '^SeaBIOS' --boot-time 120 -- \
	bash -e qemu </dev/null >soft.log 2>&1 &
within 200 grep -qs '^No bootable device' /out/guest-soft.log || fail "SeaBIOS runs" "$(words soft.log)"
holds "SeaBIOS is visible" "$(words soft.log)" within 100 shows 'No bootable device'
guest-screen shot soft /out/soft.png 2>/dev/null
guest-screen quit soft 2>/dev/null
wait $!
within 20 closed "$vgpu" || fail "the vGPU is closed" "$(attribute "$vgpu" state)"

# ------------------------------------------------------- memory of the host

# A VMM that writes to every page of 64 MiB of a vGPU's video memory.
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
memory = mmap.mmap(device, 64 << 20)
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
	[ $((before - $(memory_left))) -lt 25 ]
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
		test $((before - during)) -gt 50 -a $((before - $(memory_left))) -lt 25
done

# ------------------------------------------------ reset, removal and return

hold "$vgpu"
run "the function can be reset" 0 eval "echo 1 >$pci/$one/reset"
same "it is up again" up "$(cat $pci/$one/openvgpu/state)"
holds "who uses a vGPU is told" "$(openvgpu show "$vgpu" 2>&1)" \
	test "$(cat "/sys/bus/mdev/devices/$vgpu/stats/faults")" = 1
let_go "$vgpu"

# One that a process has is taken away as soon as that lets go, and keeps nobody else
# waiting meanwhile.
create "$two" 1b "$other"
hold "$other"
echo 1 >$pci/$two/remove &
remover=$!
holds "a GPU in use offers nothing any more" "$(ls $pci/$two)" within 20 test ! -e $pci/$two/openvgpu
holds "the log says who has it" "$(dmesg | tail -n 3)" within 20 eval "dmesg | grep -q '$holder .* takes no requests'"
run "the others work on" 0 openvgpu create 16ma --gpu $one --uuid 16161616-1616-4161-8161-161616161616
run "and stop" 0 openvgpu remove 16161616-1616-4161-8161-161616161616
kill -0 "$remover" || fail "it waits for its user" "it does not"
kill "$holder"
wait "$remover" "$holder" 2>/dev/null
same "then it is gone, and the others stay" "$reference $one " "$(gpus)"
run "it comes back" 0 eval "echo 1 >/sys/bus/pci/rescan"
same "with its types" "$reference $one $two 4" "$(gpus)$(available $two openvgpu-256ma)"

# One that does not answer any more, as the document has it.
create "$two" 1b "$other"
hold "$other"
run "a GPU dies" 0 setpci -s $two COMMAND=0:2
kill "$holder"
wait "$holder" 2>/dev/null
run "nobody can open its vGPUs" fails /src/tests/vm/hold-vgpu "$other" held
same "the others live" "up up" "$(state $reference) $(state $one)"
run "bound again" 0 eval "echo $two >/sys/bus/pci/drivers/openvgpu/unbind && echo $two >/sys/bus/pci/drivers/openvgpu/bind"
same "it is as new" "up 4" "$(state $two) $(available $two openvgpu-256ma)"
run "the vGPU is removed" 0 openvgpu remove "$vgpu"

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
for i in 1 2 3; do
	run "loaded and unloaded with 32 GPUs and two vGPUs, $i" 0 cycle
done

# Every type is created as often as it can be, by each.
load soft_gpus=2 soft_vram=64
for gpu in $one $two; do
	other_clients "$gpu"
done
run "unload" 0 unload
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
