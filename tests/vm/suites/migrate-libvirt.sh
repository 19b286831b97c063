#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --peer --mem 2048 --timeout 900
# own machine: there are two of them
# kernels: 6.12 7.2
# check: none
#
# libvirt moves a domain between two hosts while its guest computes on a vGPU: to one
# that cannot take it, which is refused, and back and forth, twice; `migrate-libvirt.sh N`
# moves it N times.
# The suite runs on both hosts; the second one only provides. The commands are those of
# doc/clients/libvirt.md.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=moving-domain.sh
. /src/tests/vm/moving-domain.sh

cd "$(mktemp -d)" || exit
moves=${1:-2}
gpu=0000:01:00.0
uuid=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f	# on both hosts
other=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10	# on the second one
smaller=22222222-2222-4222-8222-222222222222	# there, too
there=qemu+tcp://host2/system

# end_host: nothing is left
end_host()
{
	local vgpu

	: >/peer/over
	[ "$failed" = 0 ] || tail -n 30 /var/log/libvirt/qemu/vm1.log
	[ "$(virsh domstate vm1)" != running ] || virsh destroy vm1
	for vgpu in /sys/bus/mdev/devices/*; do
		run "remove ${vgpu##*/}" 0 openvgpu remove "${vgpu##*/}"
	done
	run "the module can go" 0 modprobe -r openvgpu
	kill "$(cat /run/libvirtd.pid)"
	finish
}

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
holds "a GPU" "none in /sys/class/mdev_bus" within 20 test -d "/sys/class/mdev_bus/$gpu"
prepare_moving
share_consoles
console1=/peer/console.1 console2=/peer/console.2
run "libvirt" 0 listen_libvirt
run "a vGPU" 0 openvgpu create 256mq --uuid "$uuid"

# ------------------------------------------------------------- the second host

if [ "$OPENVGPU_MACHINE" = 2 ]; then
	run "one with another UUID" 0 openvgpu create 256mq --uuid "$other"
	run "one of another type" 0 openvgpu create 128mq --uuid "$smaller"
	: >/peer/ready
	until [ -e /peer/over ]; do
		sleep 0.5
	done
	why="vGPU $smaller: migration refused: the source has 256 MiB, this vGPU 128: create openvgpu-256mq"
	cat "/sys/class/mdev_bus/$gpu/openvgpu/last_error" >"$said"
	contains "last_error says why a vGPU was refused" "$why"
	dmesg >"$said"
	contains "the log, too" "$why"
	end_host
fi

# -------------------------------------------------------------- the first host

split_document /src/doc/clients/libvirt.md
define_moving vm1 "$uuid"
tell_capabilities
run "the guest computes" 0 start_moving vm1 || end_host
ups=$(ups "$console1" "$console2")
holds "the other host is there" "it is not" within 300 test -e /peer/ready

virsh dumpxml vm1 --migratable | sed "s/$uuid/$smaller/" >smaller.xml
run "another type is refused" fails virsh migrate vm1 "$there" --live --p2p --xml smaller.xml
cat "$said"
same "the guest runs on" running "$(virsh domstate vm1 | xargs)"
holds "and computes" "$(words "$console1.log")" computes "$console1"

# goes_on CONSOLE: there the guest goes on
goes_on()
{
	holds "and computes" "$(words "$1.log")" computes "$1"
	holds "and has not booted again" "$(words "$1.log")" is_same_guest "$console1" "$console2"
}

# forth N: to the other host; twice as the document says
forth()
{
	case $1 in
	1) do_block "move 1 to host2" "virsh migrate-setmaxdowntime" ;;
	2) do_block "move 2 to host2, a vGPU with another UUID" "--xml there.xml" ;;
	*) run "move $1 to host2" 0 virsh migrate vm1 "$there" --live --p2p ;;
	esac || return
	same "it runs there" "running" "$(virsh -c "$there" domstate vm1 | xargs)"
	same "and not here" "shut off closed" "$(virsh domstate vm1 | xargs) $(attribute "$uuid" state)"
	goes_on "$console2"
}

back()
{
	virsh -c "$there" dumpxml vm1 --migratable | sed "s/$other/$uuid/" >back.xml
	virsh -c "$there" migrate-setmaxdowntime vm1 10000 >/dev/null
	run "move $1 to host1" 0 virsh -c "$there" migrate vm1 qemu+tcp://host1/system --live --p2p --xml back.xml || return
	same "it runs here" "running $(cat /run/libvirt/qemu/vm1.pid)" "$(virsh domstate vm1 | xargs) $(attribute "$uuid" owner_pid)"
	run "and not there" fails virsh -c "$there" domstate vm1
	goes_on "$console1"
	virsh domjobinfo vm1 --completed | grep -E 'Total downtime|Data processed' | xargs
}

for move in $(seq "$moves"); do
	virsh migrate-setmaxdowntime vm1 10000 >/dev/null
	forth "$move" || break
	back "$move" || break
done
run "it is told to end" 0 end_moving vm1
holds "it has ended" "$(words "$console1.log")" within 120 ended vm1
same "no result was wrong" "" "$(wrong "$console1" "$console2")"
echo "# $(oks "$console1" compute) right here, $(oks "$console2" compute) there"
end_host
