# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A libvirt domain that can go to another host, or to a file: of the host it has
# only a console and a port. Its guest computes through its driver all the while,
# and says so on the console, $share/NAME.log. Sourced after clients.sh.

# shellcheck source=domain.sh
. /src/tests/vm/domain.sh

# prepare_moving: the kernel and the initramfs of the guests
prepare_moving()
{
	local stage

	stage=$(mktemp -d)
	mkdir -p "$share" "$stage/payload"
	chmod 777 "$share"
	cp /src/build/tests/guest/compute "$stage/payload/"
	cat >"$stage/payload/run" <<'END'
#!/bin/sh
compute --drm --rounds 1000000 &
read -r _ </dev/ttyS1
kill $!
wait $!
compute --drm
END
	chmod +x "$stage/payload/run"
	guest-modules 6.12 "$stage" refgpu
	cp /src/build/guest/6.12/vmlinux "$share/"
	{
		cat /src/build/guest/6.12/initramfs.cpio
		(cd "$stage" && find . | cpio --quiet -o -H newc)
	} >"$share/moving.cpio"
	rm -rf "$stage"
}

# define_moving NAME UUID: a domain with this vGPU
define_moving()
{
	cat >"$share/$1.xml" <<-END
		<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <name>$1</name>
		  <memory unit='MiB'>256</memory>
		  <vcpu>1</vcpu>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <kernel>$share/vmlinux</kernel>
		    <initrd>$share/moving.cpio</initrd>
		    <cmdline>console=ttyS0 quiet panic=-1 pci=lastbus=16</cmdline>
		  </os>
		  <features><acpi/></features>
		  <cpu mode='host-passthrough'><maxphysaddr mode='passthrough' limit='39'/></cpu>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
		      <source><address uuid='$2'/></source>
		    </hostdev>
		    <serial type='file'><source path='$share/$1.log' append='on'/></serial>
		    <serial type='unix'><source mode='bind' path='$share/$1.port'/></serial>
		    <video><model type='none'/></video>
		    <memballoon model='none'/>
		  </devices>
		  <qemu:commandline>
		    <qemu:arg value='-global'/>
		    <qemu:arg value='vfio-pci.enable-migration=on'/>
		  </qemu:commandline>
		</domain>
	END
	virsh define "$share/$1.xml"
}

# oks LOG: how many results were right
oks() { grep -cE '(^|\] )ok ' "$1"; }

has_oks() { [ "$(oks "$1")" -ge "$2" ]; }

# computes LOG: the guest that writes there does a whole round and more, from now on
computes()
{
	within 120 has_oks "$1" $(($(oks "$1") + 10))
}

# start_moving NAME: until its guest computes, as start_domain does
start_moving()
{
	local attempt

	for attempt in 1 2 3; do
		virsh start "$1" || return 1
		! computes "$share/$1.log" || return 0
		echo "let-down: guest, attempt $attempt: that of $1 does not compute after 120 s: $(words "$share/$1.log")" >&2
		virsh destroy "$1"
	done
	return 1
}

# ended NAME: its guest has found everything right, to its end
ended() { grep -q '^guest-exit: 0' "$share/$1.log"; }

# end_moving NAME: has its guest end
end_moving()
{
	python3 - "$share/$1.port" <<-'END'
		import socket, sys
		port = socket.socket(socket.AF_UNIX)
		port.connect(sys.argv[1])
		port.sendall(b"end\n")
	END
}
