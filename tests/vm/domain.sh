# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What domains of libvirt share, and one whose guest does what it is told. Sourced
# after clients.sh.
#
# That guest shares the folder $share/NAME with the host: it counts its boots in
# the file boots there, runs the scripts do.N it finds, and leaves what they say
# in said.N and their status in end.N.

share=/var/lib/guests

# pack_guests FOLDER NAME: what guests boot from: the kernel, and the initramfs NAME,
# which has that folder in it
pack_guests()
{
	cp /src/build/guest/6.12/vmlinux "$share/"
	{
		cat /src/build/guest/6.12/initramfs.cpio
		(cd "$1" && find . | cpio --quiet -o -H newc)
	} >"$share/$2"
	rm -rf "$1"
}

# define NAME INITRAMFS PARAMETER GLOBAL: a domain with the devices that are read from
# standard input. GLOBAL is an argument of QEMU; what that and the processor's address
# bits are for, doc/clients/libvirt.md says.
define()
{
	cat >"$share/$1.xml" <<-END
		<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <name>$1</name>
		  <memory unit='MiB'>256</memory>
		  <vcpu>1</vcpu>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <kernel>$share/vmlinux</kernel>
		    <initrd>$share/$2</initrd>
		    <cmdline>console=ttyS0 quiet panic=-1 pci=lastbus=16 $3</cmdline>
		  </os>
		  <features><acpi/></features>
		  <cpu mode='host-passthrough'><maxphysaddr mode='passthrough' limit='39'/></cpu>
		  <on_reboot>restart</on_reboot>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    $(cat)
		    <video><model type='none'/></video>
		    <memballoon model='none'/>
		  </devices>
		  <qemu:commandline>
		    <qemu:arg value='-global'/>
		    <qemu:arg value='$4'/>
		  </qemu:commandline>
		</domain>
	END
	virsh define "$share/$1.xml"
}

# start_until NAME CMD...: until CMD succeeds, which waits for its guest. Emulated, KVM
# lets a guest down now and then before its init runs: that is said, and tried three
# times at most.
start_until()
{
	local name=$1 attempt

	shift
	for attempt in 1 2 3; do
		virsh start "$name" || return 1
		! "$@" || return 0
		echo "let-down: guest, attempt $attempt: that of $name has not come to '$*': $(words "$share/$name.log")" >&2
		virsh destroy "$name"
	done
	return 1
}

# ------------------------------------------------------- a guest that is told what to do

# prepare_guests: the kernel and the initramfs of the guests of all domains
prepare_guests()
{
	local stage

	stage=$(mktemp -d)
	mkdir -p "$share" "$stage/payload"
	cp /src/build/tests/guest/compute "$stage/payload/"
	cat >"$stage/payload/run" <<'END'
#!/bin/sh
cd /out || exit
echo $(($(cat boots 2>/dev/null || echo 0) + 1)) >boots.new
mv boots.new boots
while :; do
	for job in do.*; do
		[ -e "$job" ] || continue
		n=${job#do.}
		mv "$job" /tmp/job
		sh /tmp/job >"said.$n" 2>&1
		echo $? >"end.$n.new"
		mv "end.$n.new" "end.$n"
	done
	sleep 0.2
done
END
	# vgpus: the PCI addresses of all vGPUs; all: computes on each of them
	cat >"$stage/payload/vgpus" <<'END'
#!/bin/sh
cd /sys/bus/pci/devices || exit
for device in *; do
	! grep -qx 'PCI_ID=1234:5248' "$device/uevent" || echo "$device"
done
END
	cat >"$stage/payload/all" <<'END'
#!/bin/sh
status=1
for device in $(vgpus); do
	[ "$status" != 1 ] || status=0
	compute --pci "$device" --seed "${1:-1}" || exit 1
done
exit "$status"
END
	chmod +x "$stage/payload"/*
	pack_guests "$stage" initramfs.cpio
}

# define_domain NAME: a domain without vGPUs, with free ports for some
define_domain()
{
	mkdir -p "$share/$1"
	chmod 777 "$share/$1"
	define "$1" initramfs.cpio guestvm_out pcie-root-port.pref64-reserve=512M <<-END
		<controller type='pci' model='pcie-root'/>
		<controller type='pci' model='pcie-root-port'/>
		<controller type='pci' model='pcie-root-port'/>
		<controller type='pci' model='pcie-root-port'/>
		<controller type='pci' model='pcie-root-port'/>
		<controller type='pci' model='pcie-root-port'/>
		<filesystem type='mount' accessmode='squash'>
		  <source dir='$share/$1'/>
		  <target dir='out'/>
		</filesystem>
		<serial type='file'><source path='$share/$1.log'/></serial>
		<graphics type='vnc'><listen type='socket'/></graphics>
	END
}

boots()
{
	cat "$share/$1/boots" 2>/dev/null || echo 0
}

booted()
{
	[ "$(boots "$1")" -gt "$2" ]
}

# boots_again NAME: within 90 s
boots_again() { within 90 booted "$1" "$(boots "$1")"; }

# start_domain NAME: until its guest runs
start_domain() { start_until "$1" boots_again "$1"; }

# answers NAME: its guest does what it is told. One that stands still, as KVM on
# an emulated processor lets them now and then, is reset, three times at most.
answers()
{
	local at=$share/$1 attempt before

	for attempt in 1 2 3; do
		rm -f "$at/end.alive"
		echo true >"$at/.do"
		mv "$at/.do" "$at/do.alive"
		! within 60 test -e "$at/end.alive" || return 0
		rm -f "$at/do.alive"
		echo "let-down: guest, attempt $attempt: that of $1 stands still: $(words "$share/$1.log")" | tee /dev/kmsg >&2
		before=$(boots "$1")
		virsh reset "$1"
		[ "$(virsh domstate "$1")" != paused ] || virsh resume "$1"
		within 90 booted "$1" "$before" || :
	done
	return 1
}

# in_guest NAME S COMMAND: runs it in the guest, for S seconds at most; prints
# what it says, and ends with its status (124: it had not ended).
in_guest()
{
	local at=$share/$1 n

	answers "$1" >/dev/null || { echo "the guest stands still"; return 124; }
	n=$(cat "$at/jobs" 2>/dev/null || echo 0)
	n=$((n + 1))
	echo "$n" >"$at/jobs"
	printf '%s\n' "$3" >"$at/.do"
	mv "$at/.do" "$at/do.$n"
	if ! within "$2" test -e "$at/end.$n"; then
		rm -f "$at/do.$n"
		echo "not ended after $2 s; said '$(cat "$at/said.$n" 2>/dev/null)'; console: $(words "$share/$1.log")"
		return 124
	fi
	cat "$at/said.$n"
	return "$(cat "$at/end.$n")"
}

# guest_has NAME N: its guest sees N vGPUs
guest_has()
{
	[ "$(in_guest "$1" 20 'vgpus | wc -l')" = "$2" ]
}
