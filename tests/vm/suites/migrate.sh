#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "" --timeout 900
# own machine: its guests need both processors
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# A guest whose driver computes on a vGPU is moved by QEMU: to a vGPU of another type,
# which is refused; to one of another GPU; to a file, and back to the first. It goes on
# computing, every result is right, and in the end it powers off where it is.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
# shellcheck source=moves.sh
. /src/tests/vm/moves.sh
cd "$(mktemp -d)" || exit

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}

# goes FROM URI CAPABILITIES: moves the guest
goes() { move "$1" "capabilities=$3" "$at_once" "migrate={\"uri\": \"$2\"}" until=completed; }

payload guest "./compute --drm --rounds 1000000 --label 'compute: '"
create 01 256mc
first=$uuid
create 02 256mc
second=$uuid
create 02 128mc
smaller=$uuid

# What each is told of the other, before anything is open.
check() { openvgpu migration check "$@"; }
described=$(openvgpu migration describe "$first") || fail "the first vGPU is described" "exit status $?"
run "a guest could go to the other GPU" 0 check "$first" "$second"
cat "$out" "$err"
option=$(grep -o 'enable-migration=on' "$err" | sort -u)
start here guest "$first" --mem 512

# While that starts: what QEMU says if nobody has told it to migrate.
timeout 60 qemu-system-x86_64 -S -accel kvm -cpu host -machine q35 -m 128 -nodefaults -display none \
	-only-migratable -monitor stdio \
	-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$smaller" >default.log 2>&1 <<<quit
cat default.log
no_tracking="VFIO device doesn't support device and IOMMU dirty tracking"
if by_default; then
	same "on this kernel, migration is QEMU's default" '' "$(grep -F "$no_tracking" default.log)"
	same "as the check had said" '' "$option"
else
	same "doctor knows it beforehand" 1 "$(openvgpu doctor | grep -c 'this kernel has no device DMA logging')"
	same "and the check" enable-migration=on "$option"
	contains "on this kernel, migration is not QEMU's default" default.log "$no_tracking"
fi
start there guest "$second" --mem 512 --incoming --boot-time 900
start small guest "$smaller" --mem 512 --incoming --boot-time 900
holds "the guest computes" "$(tail -n 5 here.log)" within 300 has_oks here compute 10

# ------------------------------------------------------ a vGPU of another type

waits small $hears
same "the description is that of a vGPU in use, too" "$described" "$(openvgpu migration describe "$first")"
run "the check refuses another type beforehand" 7 check - "$smaller" <<<"$described"
foretold=$(sed -n 's/^openvgpu: \(migration refused: .*\)/\1/p' "$err" | head -n 1)
contains "and warns of the QEMU that waits" "$err" "process $(of "$smaller" openvgpu/owner_pid) (qemu-system-x86) has the target open"
cat "$err"
prints "another type is refused" failed goes here "unix:$PWD/small" $hears
ended small
cat small.log
said="vGPU $smaller: migration refused: the source has 256 MiB, this vGPU 128: create openvgpu-256mc"
same "the check had said so" "$said" "vGPU $smaller: $foretold"
same "last_error says why" "$said" "$(last_error 02)"
prints "the log says so" "$said" sh -c 'dmesg | grep refused'
prints "the guest runs on" '"running"' move here query-status
holds "and computes" "$(tail -n 5 here.log)" computes here

# ----------------------------------------------------------- to the other GPU

waits there $hears
prints "the guest goes to the other GPU" completed goes here "unix:$PWD/there" $hears
prints "all was sent" "remaining 0" of "$first" stats/migration
same "the one that it left stands still" paused "$(of "$first" openvgpu/state)"
holds "the guest computes there" "$(tail -n 5 there.log)" computes there
prints "it runs there" '"running"' move there query-status
prints "the first QEMU ends" '{}' move here quit
ended here

# ------------------------------------------------------- to a file, and back

prints "the guest goes to a file" completed goes there "exec:cat >$PWD/file" ""
prints "all was written" "remaining 0" of "$second" stats/migration
ls -l file
# As a user would whose file turns out to be of no use.
prints "the one that was left can go on, too" '{}' move there cont
holds "and computes" "$(tail -n 5 there.log)" computes there
prints "the second QEMU ends" '{}' move there quit
ended there
restore()
{
	start back guest "$first" --mem 512 --incoming --boot-time 900
	holds "a third QEMU waits" "$(tail -n 3 back.log)" within 120 listens back
	prints "it reads the file" completed move back "migrate-incoming={\"uri\": \"exec:cat $PWD/file\"}" until=completed
	computes back
}
# Now and then the emulated processor resets a guest, without a word of its kernel. A
# state that was read wrongly would end it each time.
for attempt in 1 2 3; do
	! restore || break
	if [ "$attempt" = 3 ] || kill -0 "${pids[back]}" 2>/dev/null ||
	   grep -qE 'Kernel panic|BUG:|Oops' back.log; then
		break
	fi
	ended back
	echo "let-down: guest: back has ended with status $status, it is started again" >&2
done
holds "the guest computes again" "$(tail -n 5 back.log)" computes back
run "it is told to end" 0 move back type=end
ended back
same "it has ended well" 0 "$status"
contains "its driver is as it was" back.log "ok fill-and-copy"
same "no result was wrong" '' "$(wrong here there back)"
tail -n 12 back.log
for uuid in "$first" "$second" "$smaller"; do
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
done
run "the module can go" 0 modprobe -r openvgpu
finish
