#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "" --timeout 900
# own machine: its guests need both processors
# kernels: 6.12 7.2
# check: none
#
# A guest that computes with two vGPUs is moved by QEMU, and what it was is saved and
# loaded: what came later has not happened then, and no result is wrong.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
# shellcheck source=moves.sh
. /src/tests/vm/moves.sh
cd "$(mktemp -d)" || exit

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}

declare -A vgpu
for gpu in 01 01 02 02; do
	create $gpu 64mc
	vgpu[$gpu]+=" $uuid"
done
payload two "./compute --drm --rounds 1000000 --label 'first: '" \
	"./compute --drm --node /dev/dri/renderD129 --rounds 1000000 --label 'second: '" ./stores
# A disk that can keep the state of a VM: a qcow2 file of QEMU's own over this one.
truncate -s 1M disk
disk=(--qemu-arg -drive --qemu-arg "if=none,id=disk,format=raw,file=$PWD/disk,snapshot=on")

# computes_with_two MESSAGE NAME
computes_with_two() { holds "$1" "$(tail -n 5 "$2.log")" computes "$2" 2 first second stores; }

# goes_back: a round of stores came again after later ones
goes_back() { ! sed -n 's/.*stores: ok \([0-9]*\)$/\1/p' there.log | sort -cn 2>&1; }

start here two "${vgpu[01]}" --mem 256 "${disk[@]}"
start there two "${vgpu[02]}" --mem 256 "${disk[@]}" --incoming --boot-time 900
holds "the guest computes with two" "$(tail -n 5 here.log)" within 300 has_oks here first 2
computes_with_two "with both of them" here

waits there $hears
prints "it goes to the other GPU" completed \
	move here capabilities=$hears $at_once "$(to there)" until=completed
computes_with_two "both compute there" there
move here quit
ended here
prints "savevm" ' one ' move there monitor='savevm one' monitor='info snapshots'
computes_with_two "both compute" there
prints "loadvm" '"running"' move there stop monitor='loadvm one' cont query-status
same "it has no objection" '' "$(grep -i error "$out")"
computes_with_two "both compute" there
holds "what was computed later has not happened" "$(tail -n 3 there.log)" goes_back
run "it is told to end" 0 move there type=end
ended there
same "it has ended well" 0 "$status"
same "no result was wrong" '' "$(wrong here there)"

# shellcheck disable=SC2048 # words: each GPU has two
for uuid in ${vgpu[*]}; do
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
done
run "the module can go" 0 modprobe -r openvgpu
finish
