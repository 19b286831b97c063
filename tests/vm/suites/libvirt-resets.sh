#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --timeout 6000
# own machine: an installed system, with systemd, udev and libvirt
# kernels: 6.12
# check: none
#
# A domain is reset 50 times while its guest computes on a vGPU, beside a neighbour
# that computes on another one of the same GPU all the time. Half an hour, on a
# machine that does nothing else. `libvirt-resets.sh N` resets it N times.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=domain.sh
. /src/tests/vm/domain.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
resets=${1:-50}
declare -A vgpu=([vm1]=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f [vm2]=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10)

install_openvgpu || { fail install "status $?"; finish; }
prepare_guests
holds "udev has loaded the module" "no GPU in /sys/class/mdev_bus" within 20 test -d "/sys/class/mdev_bus/$gpu"

for vm in vm1 vm2; do
	run "a vGPU for $vm" 0 openvgpu create 256mq --uuid "${vgpu[$vm]}"
	run "define $vm" 0 define_domain "$vm"
	openvgpu show "${vgpu[$vm]}" --libvirt >hostdev.xml
	run "it gets the vGPU" 0 virsh attach-device "$vm" hostdev.xml --config
	run "start $vm" 0 start_domain "$vm" || finish
done

# load NAME: its guest computes until it is reset, or /out/enough is there
load()
{
	rm -f "$share/$1"/said.load "$share/$1"/end.load
	cat >"$share/$1/.do" <<-'END'
		while [ ! -e /out/enough ]; do
			compute --seed 3 || exit
		done
	END
	mv "$share/$1/.do" "$share/$1/do.load"
}

computes()
{
	grep -qs '^ok' "$share/$1/said.load"
}

# started_anew WHY: the neighbour's guest was let down, and computes again
started_anew()
{
	echo "let-down: guest: the neighbour $1, it is started again" | tee /dev/kmsg >&2
	downs=$((downs + 1))
	[ "$downs" -le 10 ] || return 1
	boots=$(boots vm2)
	load vm2
	within 60 computes vm2
}

# neighbour: it computes on. KVM on the emulated processor lets a guest down now and
# then: a VMRUN leaves it at the host's next instruction, behind KVM's own VMRUN
# (seen by its RIP). There it stands still, its vGPU without work, or it dies and
# starts anew without a word. A kernel that dies of something else says so; a lost
# interrupt or a job without end would be its program's failure after 30 s.
neighbour()
{
	local at=$share/vm2 state before

	[ ! -e "$at/end.load" ] || return 1
	if booted vm2 "$boots"; then
		if tail -n 20 "$share/vm2.log" | grep -qvE '^(guest: up .*)?\s*$'; then
			echo "# the neighbour's guest died: $(words "$share/vm2.log")"
			return 1
		fi
		started_anew "died without a word"
		return
	fi
	[ $(($(date +%s) - $(stat -c %Y "$at/said.load"))) -gt 120 ] || return 0
	state=$(attribute "${vgpu[vm2]}" sched_state)
	echo "# the neighbour has said nothing for 120 s, its vGPU is $state: $(words "$at/said.load")"
	virsh qemu-monitor-command --hmp vm2 'info registers' | grep -E 'RIP|HLT' | sed 's/^/# /'
	[ "$state" = idle ] || [ "$state" = closed ] || return 1
	before=$(boots vm2)
	virsh reset vm2 >"$said" 2>&1
	within 90 booted vm2 "$before" || return 1
	started_anew "stands still"
}

boots=$(boots vm2) downs=0
load vm2
holds "the neighbour computes" "$(words "$share/vm2.log")" within 60 computes vm2
pid=$(cat /run/libvirt/qemu/vm1.pid)
count=0 slow=0
while [ "$count" -lt "$resets" ] && neighbour; do
	load vm1
	if ! within 60 computes vm1; then
		answers vm1 >/dev/null || break
		continue
	fi
	before=$(boots vm1)
	virsh reset vm1 >"$said" 2>&1 || break
	count=$((count + 1))
	# One that KVM on the emulated processor lets down is reset once more.
	if ! within 90 booted vm1 "$before"; then
		slow=$((slow + 1))
		{ [ "$slow" -le 5 ] && answers vm1; } || break
	fi
done
same "so many resets under load" "$resets" "$count"
same "in the same QEMU" "$pid" "$(cat /run/libvirt/qemu/vm1.pid)"
run "its guest computes" 0 in_guest vm1 120 'compute --seed 4'
contains "all is right" " 0 failed"
holds "so does the neighbour" "$(words "$share/vm2/said.load")" neighbour
touch "$share/vm2/enough"
holds "the neighbour ends" "$(words "$share/vm2/said.load")" within 120 test -e "$share/vm2/end.load"
same "it noticed nothing" 0 "$(cat "$share/vm2/end.load")"
same "the GPU is up" up "$(cat "/sys/bus/pci/devices/$gpu/openvgpu/state")"
finish
