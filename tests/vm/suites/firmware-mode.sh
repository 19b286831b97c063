#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --iommu --gpu "--vram 256M" --gpu "--vram 64M --hw 1.0" --timeout 1500
# own machine: an IOMMU, and a GPU that has no modes
# kernels: 6.12
#
# The firmware mode of a GPU, with the real module: what whoever gets the whole GPU finds,
# who is refused, and what a command that is killed leaves. What the command says in
# general is tests/unit/cli/test_cli_firmware_mode.py's.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit 1

gpu=0000:01:00.0
pci=/sys/bus/pci/devices
own=$pci/$gpu/openvgpu
vgpu=11111111-1111-4111-8111-111111111111

# looks MODE CLASS NAME: what the GPU is
looks()
{
	same "$3: the mode" "$1" "$(sed 's/.*\[\(.*\)\].*/\1/' "$own/firmware_mode")"
	same "$3: the class" "$2" "$(cat "$pci/$gpu/class")"
	same "$3: the next mode is the same" "$(cat "$own/firmware_mode")" \
		"$(cat "$own/firmware_mode_next")"
}

# mode MODE: sets it
mode()
{
	openvgpu mode set "$1" --firmware --gpu "$gpu"
}

# tenant: what a VM sees that gets the whole GPU; the GPU comes back afterwards
tenant()
{
	openvgpu gpu hand-over "$gpu" --to vfio-pci >/dev/null &&
		vfio-memory "$gpu" 0 mode
	openvgpu gpu take-back "$gpu" >/dev/null
}

# next MODE: by sysfs; the module may refuse
next()
{
	echo "$1" 2>/dev/null >"$own/firmware_mode_next"
}

run "modprobe" 0 modprobe openvgpu
run "modprobe of VFIO" 0 modprobe -a vfio_iommu_type1 vfio-pci
looks mixed 0x030200 "at first"
same "a tenant" "030200 heads" "$(tenant)"
old=$(grep -l none "$pci"/*/openvgpu/firmware_mode)
run "a GPU without modes" 1 sh -c "echo compute 2>/dev/null >${old}_next"
contains "why" "${old%firmware_mode}last_error" "has no firmware modes"

# ------------------------------------------------------------ there and back

run "a vGPU that computes" 0 openvgpu create 32mc --gpu $gpu --uuid $vgpu
openvgpu migration describe $vgpu >mixed.json
run "its removal" 0 openvgpu remove $vgpu
run "compute" 0 mode compute
same "what it says" "GPU $gpu: firmware_mode: mixed -> compute" "$(cat "$out")"
looks compute 0x120000 "compute"
same "only types that compute" "" \
	"$(find "$pci/$gpu/mdev_supported_types/" -maxdepth 1 -name 'openvgpu-*[!c]')"
same "so work modes that it can have" "[mixed] compute" "$(cat "$own/work_mode")"
run "one that it can't have" 1 sh -c "echo graphics 2>/dev/null >$own/work_mode"
contains "why it can't" "$own/last_error" "no types of vGPUs that show pictures"
run "one that it can" 0 sh -c "echo compute >$own/work_mode"
run "a vGPU" 0 openvgpu create 32mc --gpu $gpu --uuid $vgpu
openvgpu migration describe $vgpu >compute.json
run "a guest may go from mode mixed to compute" 0 openvgpu migration check mixed.json compute.json
run "and back" 0 openvgpu migration check compute.json mixed.json
run "its removal, too" 0 openvgpu remove $vgpu
same "a tenant of compute" "120000 no heads" "$(tenant)"
run "unload" 0 modprobe -r openvgpu
run "load" 0 modprobe openvgpu
looks compute 0x120000 "another driver does not change it"
run "graphics" 0 mode graphics
looks graphics 0x038000 "graphics"
same "a tenant of graphics" "038000 heads" "$(tenant)"
run "mixed" 0 mode mixed
looks mixed 0x030200 "mixed"

# What a tenant leaves: nobody prevents it, and it can be set again.
run "hand over to a tenant" 0 openvgpu gpu hand-over $gpu --to vfio-pci
run "who changes the mode" 0 vfio-memory $gpu 0 compute
run "take back" 0 openvgpu gpu take-back $gpu
same "the driver begins with that" "mixed graphics [compute]" "$(cat "$own/firmware_mode")"
run "set again" 0 mode mixed
looks mixed 0x030200 "again"
run "a vGPU with heads" 0 openvgpu create 32mq --gpu $gpu --uuid $vgpu

# --------------------------------------------------------------- who is refused

run "with a vGPU" 4 mode compute
contains "which" "$err" $vgpu
run "the module refuses, too" 1 next compute
contains "its reason" "$own/last_error" "vGPUs exist (1); remove them first"
run "remove it" 0 openvgpu remove $vgpu
run "a GPU instance" 0 openvgpu instance create 4g --gpu $gpu --name train
run "with an instance" 4 mode compute
run "the module refuses that, too" 1 next compute
contains "its reason for that" "$own/last_error" "GPU instances exist (1)"
run "remove the instance" 0 openvgpu instance remove train --gpu $gpu
run "no such mode" 1 next both
contains "the modes" "$own/last_error" "there are only mixed, graphics and compute"
run "hand over" 0 sh -c "echo 1 >$own/hand_over"
run "with a hand-over" 1 next compute
contains "its reason for the hand-over" "$own/last_error" "being handed over"
run "keep" 0 sh -c "echo 0 >$own/hand_over"
looks mixed 0x030200 "refused"

# ------------------------------------------------------- begun, and not ended

run "a next mode" 0 next compute
same "is not in force" "[mixed] graphics compute" "$(cat "$own/firmware_mode")"
run "no vGPU" 4 openvgpu create 32mq --gpu $gpu
contains "why not" "$own/last_error" "the firmware mode changes; remove and rescan the GPU"
same "none is available" 0 "$(cat "$pci/$gpu"/mdev_supported_types/openvgpu-32mq/available_instances)"
run "no hand-over" 1 sh -c "echo 1 2>/dev/null >$own/hand_over"
run "a reset" 0 sh -c "echo 1 >$pci/$gpu/reset"
same "takes nothing below the driver" "up 0x030200" "$(cat "$own/state" "$pci/$gpu/class" | xargs)"
openvgpu doctor >"$out"
contains "the doctor says so" "$out" "openvgpu mode set compute --firmware --gpu $gpu"
run "it stays after all" 0 mode mixed
looks mixed 0x030200 "stayed"
run "a vGPU after that" 0 openvgpu create 32mq --gpu $gpu --uuid $vgpu
run "and its end" 0 openvgpu remove $vgpu

# killed: SIGKILL while the driver lets go of the GPU; whether it is gone then
killed()
{
	local pid

	openvgpu mode set "$1" --firmware --gpu "$gpu" 2>/dev/null >/dev/null &
	pid=$!
	while [ -e "$own/state" ] && kill -0 $pid 2>/dev/null; do
		:
	done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ ! -e "$pci/$gpu" ]
}

gone=0
for try in 1 2 3 4 5 6 7 8 9 10; do
	to=compute class=0x120000
	grep -q '\[compute\]' "$own/firmware_mode" && to=mixed class=0x030200
	killed $to && gone=$((gone + 1))
	run "rescan $try" 0 sh -c "echo 1 >/sys/bus/pci/rescan"
	holds "openvgpu has it $try" "no $own" within 20 test -e "$own/firmware_mode_next"
	looks $to $class "killed $try"
	[ $gone -lt 2 ] || break
done
holds "a command was killed in between" "not in $try tries" test $gone -gt 0
run "mixed in the end" 0 mode mixed
same "the last tenant" "030200 heads" "$(tenant)"
finish
