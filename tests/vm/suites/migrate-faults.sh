#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "" --timeout 3000
# own machine: its guests need both processors
# kernels: 6.12 7.2
# check: none
#
# Moves that do not come to their end: refused, cancelled, or a QEMU is killed in each of
# its phases; one side always goes on, and the vGPU of the other one is free. The guest's
# vGPU is in a GPU instance; its processor stores to video memory with AVX meanwhile, and
# it shows a picture after the other, each of which the hardware must see as it was drawn.

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
create 01 1-64mq
vgpu[here]=$uuid
create 02 1-64mq
vgpu[there]=$uuid
create 02 2-64mq
vgpu[other]=$uuid

payload one "./compute --drm --rounds 1000000 --label 'compute: '" ./stores "$draws"

# comes NAME: a QEMU that the guest can come to
comes() { start "$1" one "${vgpu[$1]}" --mem 256 --incoming --boot-time 900; }

# goes_on MESSAGE NAME: what guest one does
goes_on() { holds "$1" "$(tail -n 5 "$2.log")" computes "$2" 2 compute stores picture; }

# free MESSAGE NAME: nobody has its vGPU
free() { same "$1" closed "$(of "${vgpu[$2]}" openvgpu/state)"; }

# Never small enough, until it is told another speed.
slowly=speed=1,4194304
pauses=$hears,pause-before-switchover

start here one "${vgpu[here]}" --mem 256
comes other
through="setpriv --bounding-set -ipc_lock prlimit --memlock=4096" comes there
holds "the guest computes" "$(tail -n 5 here.log)" within 300 has_oks here compute 8
holds "its processor has AVX" "$(tail -n 5 here.log)" within 60 has_oks here stores 2
holds "it draws" "$(tail -n 5 here.log)" within 60 has_oks here picture 2

# ------------------------------------------------------- refused, and cancelled

prints "postcopy is refused" "refused: " move here capabilities=postcopy-ram 'migrate={"uri": "exec:cat >/dev/null"}'
waits other $hears
prints "an instance of another shape is refused" failed \
	move here capabilities=$hears $at_once "$(to other)" until=failed events query-status
same "its guest was not stopped" '' "$(grep STOP "$out")"
contains "it runs" "$out" '"running"'
said="migration refused: the source has 1 compute and 1 memory slices, this vGPU 2 and 2"
same "last_error says why" "vGPU ${vgpu[other]}: $said (0: the pool): create openvgpu-1-64mq" "$(last_error 02)"
ended other
free "its vGPU is free" other

waits there $hears
prints "a QEMU that must not lock the guest's memory is refused" failed \
	move here capabilities=$hears $at_once "$(to there)" until=failed
last_error 02 >said
contains "last_error says why" said "over the VMM's limit of locked memory: raise RLIMIT_MEMLOCK"
ended there
comes there
goes_on "the guest goes on" here

waits there $hears
move here capabilities=$hears $slowly "$(to there)" until=active
goes_on "the guest stores with AVX while memory is copied" here
prints "cancelled while memory is copied" cancelled move here migrate_cancel until=cancelled
ended there
free "the other one's vGPU is free" there
comes there
goes_on "the guest goes on" here

waits there $pauses
prints "it pauses before it goes" pre-switchover move here capabilities=$pauses $at_once "$(to there)" until=pre-switchover
holds "its vGPU stands still" "$(of "${vgpu[here]}" openvgpu/state)" is "${vgpu[here]}" paused
prints "cancelled while the guest stands still" cancelled move here migrate_cancel until=cancelled
ended there
comes there
goes_on "the guest goes on" here

# ------------------------------------------------------- the other QEMU is killed

for phase in setup active pre-switchover; do
	ways=$hears speed=$slowly last=()
	[ $phase != pre-switchover ] || ways=$pauses speed=$at_once last=('migrate-continue={"state": "pre-switchover"}')
	waits there $ways
	prints "the other QEMU is killed: $phase" failed \
		move here capabilities=$ways $speed "$(to there)" until=$phase kill=there "${last[@]}" until=failed
	ended there
	free "its vGPU is free" there
	comes there
	goes_on "the guest goes on" here
done

waits there $pauses,multifd
prints "the guest goes, with multifd" completed move here capabilities=$pauses,multifd $at_once \
	"$(to there)" until=pre-switchover 'migrate-continue={"state": "pre-switchover"}' until=completed
goes_on "it goes on there" there
run "the other QEMU is killed: after it" 0 move here kill=there
ended there
free "its vGPU is free" there
comes there
run "the first one goes on" 0 move here cont
goes_on "its guest does" here

# ---------------------------------------------------------- its QEMU is killed

# slower NAME: its vGPU gets less of the engine, for it writes more than is sent
slower() { ! of "${vgpu[$1]}" stats/migration | grep -x 'slow_percent 100'; }

waits there $hears
echo 1 >"/sys/bus/mdev/devices/${vgpu[here]}/openvgpu/migration_throttle"
move here capabilities=$hears $slowly "$(to there)" until=active
goes_on "the guest stores while memory is copied" here
holds "its engine gets slower" "$(of "${vgpu[here]}" stats/migration)" within 60 slower here
prints "it goes" completed move here $at_once until=completed
run "its QEMU is killed: after it" 0 move here kill=here
ended here
free "its vGPU is free" here
goes_on "the guest goes on there" there
prints "it goes to a file" completed move there capabilities= $at_once \
	"migrate={\"uri\": \"exec:cat >$PWD/file\"}" until=completed
move there quit
ended there

# comes_back NAME: the guest, out of the file
comes_back()
{
	comes "$1"
	within 120 listens "$1"
	prints "it comes back" completed move "$1" \
		"migrate-incoming={\"uri\": \"exec:cat $PWD/file\"}" until=completed
	goes_on "the guest goes on" "$1"
}

for phase in setup active pre-switchover; do
	ways=$hears speed=$slowly
	[ $phase != pre-switchover ] || ways=$pauses speed=$at_once
	comes here
	comes_back there
	waits here $ways
	run "its QEMU is killed: $phase" 0 \
		move there capabilities=$ways $speed "$(to here)" until=$phase kill=there
	ended there
	free "its vGPU is free" there
	# It may not have heard of the other one.
	[ $phase != setup ] || move here quit
	ended here
	free "so is that of the other one" here
done

comes_back here
run "it is told to end" 0 move here type=end
ended here
same "it has ended well" 0 "$status"
same "no result was wrong" '' "$(wrong here there)"

for uuid in "${vgpu[@]}"; do
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
done
run "the module can go" 0 modprobe -r openvgpu
finish
