# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A libvirt domain that can go to another host, or to a file: of the host it has
# only a console and a port. Its guest computes through its driver all the while,
# and says so on the console, $share/NAME.log. Sourced after clients.sh.

# shellcheck source=computes.sh
. /src/tests/vm/computes.sh
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
compute --drm --rounds 1000000 --label 'compute: ' &
read -r _ </dev/ttyS1
kill $!
wait $!
compute --drm
END
	chmod +x "$stage/payload/run"
	guest-modules 6.12 "$stage" refgpu
	pack_guests "$stage" moving.cpio
}

# define_moving NAME UUID: a domain with this vGPU
define_moving()
{
	define "$1" moving.cpio '' vfio-pci.enable-migration=on <<-END
		<hostdev mode='subsystem' type='mdev' model='vfio-pci'>
		  <source><address uuid='$2'/></source>
		</hostdev>
		<serial type='file'><source path='$share/$1.log' append='on'/></serial>
		<serial type='unix'><source mode='bind' path='$share/$1.port'/></serial>
	END
}

# listen_libvirt: its daemon runs, and listens for the other one of two hosts
listen_libvirt()
{
	cat >>/etc/libvirt/libvirtd.conf <<-END
		listen_tls = 0
		listen_tcp = 1
		auth_tcp = "none"
	END
	# No systemd runs here, thus no virtlogd, and no udev.
	echo 'stdio_handler = "file"' >>/etc/libvirt/qemu.conf
	chmod 666 /dev/kvm
	# What QEMU can do is a minute's work to find out: let one host do it for both.
	if [ "$OPENVGPU_MACHINE" = 2 ]; then
		within 300 test -e /peer/capabilities
		mkdir -p /var/cache/libvirt/qemu
		cp -a /peer/capabilities /var/cache/libvirt/qemu/
	fi
	libvirtd --daemon --listen
	within 120 virsh uri
}

# tell_capabilities: the other host need not find them out
tell_capabilities()
{
	cp -a /var/cache/libvirt/qemu/capabilities /peer/found
	mv /peer/found /peer/capabilities
}

# share_consoles: what the guest vm1 says on either host, both see: in
# /peer/console.1.log and /peer/console.2.log
share_consoles()
{
	local log=/peer/console.$OPENVGPU_MACHINE.log

	: >"$log"
	chmod 666 "$log"
	ln -s "$log" "$share/vm1.log"
}

# start_moving NAME: until its guest computes
start_moving() { start_until "$1" computes "$share/$1"; }

# ups CONSOLE...: how often guests have booted
ups() { cat "${@/%/.log}" | grep -c '^guest: up '; }

# is_same_guest CONSOLE...: none has booted since there were $ups. Emulated, the processor
# resets a guest now and then, without a word of its kernel: that is said, and forgiven
# twice. What is lost on the way is lost each time.
resets=0
is_same_guest()
{
	local now

	now=$(ups "$@")
	[ "$now" != "$ups" ] || return 0
	! cat "${@/%/.log}" | grep -E 'Kernel panic|BUG:|Oops' || return
	echo "let-down: guest: that of vm1 was reset without a word" >&2
	ups=$now resets=$((resets + 1))
	[ "$resets" -le 2 ]
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
