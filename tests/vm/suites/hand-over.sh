#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --iommu --gpu "--vram 64M" --timeout 600 --qemu-arg -device --qemu-arg bochs-display,vgamem=64M
# own machine: an IOMMU, and a bochs-display, which no reset clears
# check: 6.12
#
# Whole GPUs that go to vfio-pci and come back, with the real module: who is refused,
# and that no tenant finds what another one left. What the command says in general is
# tests/unit/cli/test_cli_gpu.py's.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit 1

gpu=0000:01:00.0
pci=/sys/bus/pci/devices
vgpu=11111111-1111-4111-8111-111111111111

# driver GPU: the driver that has it
driver()
{
	local link

	link=$(readlink "$pci/$1/driver") && echo "${link##*/}"
}

# available GPU: how many vGPUs of all types could be created
available()
{
	cat "$pci/$1"/mdev_supported_types/*/available_instances | awk '{ n += $1 } END { print n }'
}

# create GPU UUID: by sysfs; fails when the module refuses
create()
{
	local types=("$pci/$1"/mdev_supported_types/openvgpu-32ma)

	echo "$2" 2>/dev/null >"${types[0]}/create"
}

for device in "$pci"/*; do
	[ "$(cat "$device/vendor" "$device/device" | tr '\n' ' ')" = "0x1234 0x1111 " ] || continue
	display=${device##*/}
	[ ! -e "$device/driver" ] || echo "$display" >"$device/driver/unbind"
	echo openvgpu >"$device/driver_override"
done
run "modprobe" 0 modprobe openvgpu
run "modprobe of VFIO" 0 modprobe vfio_iommu_type1
same "the GPU is openvgpu's" openvgpu "$(driver $gpu)"
same "the display, too" openvgpu "$(driver "$display")"

# ------------------------------------------------------------- the attribute

own=$pci/$gpu/openvgpu
same "hand_over at first" 0 "$(cat "$own/hand_over")"
before=$(available $gpu)
run "create" 0 create $gpu $vgpu
run "hand_over with a vGPU" 1 sh -c "echo 1 2>/dev/null >$own/hand_over"
contains "why" "$own/last_error" "vGPUs exist (1)"
same "nothing has changed" 0 "$(cat "$own/hand_over")"
run "a bad value" 1 sh -c "echo 2 2>/dev/null >$own/hand_over"
contains "why" "$own/last_error" "takes 0 or 1"
run "remove" 0 openvgpu remove $vgpu
run "hand_over" 0 sh -c "echo 1 >$own/hand_over"
same "it reads 1" 1 "$(cat "$own/hand_over")"
same "no vGPU is available" 0 "$(available $gpu)"
run "none can be created" 1 create $gpu $vgpu
contains "why" "$own/last_error" "handed over to another driver"
run "again" 0 sh -c "echo 1 >$own/hand_over"
run "take-back calls it off" 0 openvgpu gpu take-back $gpu
same "all are available" "$before" "$(available $gpu)"
run "and can be created" 0 create $gpu $vgpu
run "remove it" 0 openvgpu remove $vgpu
run "the GPU is reset meanwhile" 0 sh -c "echo 1 >$own/hand_over; echo 1 >$pci/$gpu/reset; cat $own/hand_over"
same "it stays as it was" 1 "$(cat "$out")"
run "kept" 0 sh -c "echo 0 >$own/hand_over"

# --------------------------------------------------------------- who is refused

run "create" 0 create $gpu $vgpu
run "a GPU with a vGPU" 4 openvgpu gpu hand-over $gpu --to vfio-pci
contains "it says which" "$err" "$vgpu"
hold-vgpu $vgpu held &
holder=$!
holds "the vGPU is open" "not after 10 s" within 10 test -s held
run "a GPU in use" 4 openvgpu gpu hand-over $gpu --to vfio-pci
contains "by whom" "$err" "process $holder"
kill -9 $holder
wait $holder 2>/dev/null
run "remove" 0 openvgpu remove $vgpu
run "a host whose driver refuses" 1 openvgpu gpu hand-over $gpu --to host
same "it is still openvgpu's" openvgpu "$(driver $gpu)"
dmesg >log
contains "the log says what to do" log "not driven without refgpu.whole=1"

# ------------------------------------------------------ to the host's own driver

echo "options refgpu whole=1" >/etc/modprobe.d/refgpu.conf
run "unload refgpu" 0 modprobe -r refgpu
run "to the host" 0 openvgpu gpu hand-over $gpu --to host
same "refgpu has it" refgpu "$(driver $gpu)"
run "it computes" 0 /src/build/tests/guest/compute --drm
run "take-back with the console" 4 openvgpu gpu take-back $gpu
contains "it says how" "$err" "/sys/class/vtconsole"
for console in /sys/class/vtconsole/*; do
	! grep -q "frame buffer" "$console/name" || echo 0 >"$console/bind"
done
run "take-back" 0 openvgpu gpu take-back $gpu
same "openvgpu has it" openvgpu "$(driver $gpu)"

# ------------------------------------------------------------ there and back

# tenants GPU BAR: what one leaves the next one does not find
tenants()
{
	local gpu=$1 bar=$2 name=$3 override=$4 holder

	run "$name: dry run" 0 openvgpu gpu hand-over "$gpu" --to vfio-pci --dry-run
	same "$name: nothing was done" openvgpu "$(driver "$gpu")"
	run "$name: to vfio-pci" 0 openvgpu gpu hand-over "$gpu" --to vfio-pci
	same "$name: vfio-pci has it" vfio-pci "$(driver "$gpu")"
	run "$name: again" 0 openvgpu gpu hand-over "$gpu" --to vfio-pci
	run "$name: a tenant finds nothing" 0 vfio-memory "$gpu" "$bar" look
	same "$name: all is zero" 0 "$(sed 's/ of .*//' "$out")"
	run "$name: and leaves something" 0 vfio-memory "$gpu" "$bar" fill
	holds "$name: everywhere" "$(cat "$out")" test "$(sed 's/ of .*//' "$out")" -gt 500

	vfio-memory "$gpu" "$bar" hold >held 2>&1 &
	holder=$!
	holds "$name: a process uses it" "$(cat held)" within 10 test -s held
	run "$name: take-back of a GPU in use" 4 openvgpu gpu take-back "$gpu"
	contains "$name: by whom" "$err" "process $holder"
	run "$name: create on it" 3 openvgpu create 32ma --gpu "$gpu"
	kill $holder
	wait $holder 2>/dev/null

	run "$name: take-back" 0 openvgpu gpu take-back "$gpu"
	same "$name: openvgpu has it" openvgpu "$(driver "$gpu")"
	same "$name: driver_override" "$override" "$(cat "$pci/$gpu/driver_override")"
	run "$name: a vGPU" 0 create "$gpu" $vgpu
	run "$name: remove it" 0 openvgpu remove $vgpu
	run "$name: to vfio-pci once more" 0 openvgpu gpu hand-over "$gpu" --to vfio-pci
	run "$name: the next tenant" 0 vfio-memory "$gpu" "$bar" look
	same "$name: finds nothing" 0 "$(sed 's/ of .*//' "$out")"
}

tenants $gpu 2 GPU "(null)"
run "list" 0 openvgpu list
contains "list names it" "$err" "GPU $gpu is handed over to vfio-pci"
run "doctor" 0 openvgpu doctor
contains "doctor names it" "$out" "take it back with 'openvgpu gpu take-back $gpu'"
run "metrics" 0 openvgpu metrics
contains "metrics have it" "$out" "openvgpu_gpu_handed_over_info{gpu=\"$gpu\",driver=\"vfio-pci\"} 1"
tenants "$display" 0 display openvgpu

# ------------------------------------------------------------ as a file says

cat >config.yaml <<CONFIG
version: v1
vgpu-configs:
  whole:
    - {devices: [$gpu], use: passthrough, vgpu-devices: {}}
  shared:
    - {devices: [$gpu], use: vgpu, vgpu-devices: {32ma: 1}}
CONFIG
run "assert: passed through" 0 openvgpu assert config.yaml --config whole
run "assert: shared" 1 openvgpu assert config.yaml --config shared
run "apply: shared" 0 openvgpu apply config.yaml --config shared
same "openvgpu has it" openvgpu "$(driver $gpu)"
same "and a vGPU is there" 1 "$(openvgpu list --quiet --gpu $gpu | wc -l)"
rm held
hold-vgpu "$(openvgpu list --quiet --gpu $gpu)" held &
holder=$!
holds "the vGPU is open" "not after 10 s" within 10 test -s held
run "apply: passed through, in use" 4 openvgpu apply config.yaml --config whole
contains "by whom" "$err" "process $holder"
kill -9 $holder
wait $holder 2>/dev/null
run "apply: passed through" 0 openvgpu apply config.yaml --config whole
same "vfio-pci has it" vfio-pci "$(driver $gpu)"
run "assert: passed through again" 0 openvgpu assert config.yaml --config whole

# Unplugged and plugged in, it is openvgpu's again.
run "unplug" 0 sh -c "echo 1 >$pci/$gpu/remove"
run "plug in" 0 sh -c "echo 1 >/sys/bus/pci/rescan"
holds "openvgpu has it" "$(driver $gpu)" within 10 test -e "$own/hand_over"

# Without the command: what the display's tenant leaves goes when openvgpu takes it.
run "the display's tenant" 0 vfio-memory "$display" 0 fill
run "bound by hand" 0 sh -c "echo openvgpu >$pci/$display/driver_override
	echo $display >/sys/bus/pci/drivers/vfio-pci/unbind
	echo $display >/sys/bus/pci/drivers_probe"
same "openvgpu has it" openvgpu "$(driver "$display")"
run "and vfio-pci again" 0 sh -c "echo vfio-pci >$pci/$display/driver_override
	echo $display >/sys/bus/pci/drivers/openvgpu/unbind
	echo $display >/sys/bus/pci/drivers_probe"
run "the next tenant" 0 vfio-memory "$display" 0 look
same "finds nothing" 0 "$(sed 's/ of .*//' "$out")"

finish
