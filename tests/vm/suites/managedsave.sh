#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --timeout 1800
# own machine: it reboots an installed system
# kernels: 6.12
# check: none
#
# libvirt saves a domain whose guest computes on a vGPU, and starts it again: at once,
# and after a reboot of the host. The guest goes on where it was. The suite runs twice,
# before and after the reboot. The commands are those of doc/clients/libvirt.md.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=moving-domain.sh
. /src/tests/vm/moving-domain.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
uuid=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f	# of the document

# is_saved WHEN: it does not run, and its vGPU is free
is_saved()
{
	same "$1: it does not run" "shut off" "$(virsh domstate vm1 | xargs)"
	holds "$1: its vGPU is free" "$(attribute "$uuid" state)" within 20 closed "$uuid"
	echo "# $(stat -c '%s bytes' /var/lib/libvirt/qemu/save/vm1.save)"
}

# goes_on WHEN: what was saved is started, and computes where it was
goes_on()
{
	run "$1: it is started" 0 virsh start vm1
	same "$1: on its vGPU" "$(cat /run/libvirt/qemu/vm1.pid)" "$(attribute "$uuid" owner_pid)"
	holds "$1: its guest computes" "$(words "$share/vm1.log")" computes "$share/vm1"
	holds "$1: it has not booted again" "$(words "$share/vm1.log")" is_same_guest "$share/vm1"
}

before_reboot()
{
	install_openvgpu
	run "enable, as the package does" 0 systemctl enable openvgpu-restore.service
	prepare_moving
	do_block "a vGPU that is there after every boot" "virsh nodedev-define vgpu.xml"
	define_moving vm1 "$uuid" >/dev/null
	run "the guest computes" 0 start_moving vm1 || finish
	ups=$(ups "$share/vm1")
	do_block "another format of files" save_image_format
	do_block "it is saved" "virsh managedsave vm1" || finish
	is_saved "saved"
	goes_on "back"
	run "a domain that is paused" 0 virsh suspend vm1
	run "it is saved, too" 0 virsh managedsave vm1 --running
	is_saved "saved again"
	echo "$ups" >/out/ups
	reboot_machine
}

after_reboot()
{
	rebooted
	ups=$(</out/ups)
	holds "the vGPU is back" "$(ls /sys/bus/mdev/devices)" within 60 test -e "/sys/bus/mdev/devices/$uuid"
	goes_on "after the reboot"
	run "it is told to end" 0 end_moving vm1
	holds "it has ended" "$(words "$share/vm1.log")" within 120 ended vm1
	same "no result was wrong" "" "$(wrong "$share/vm1")"
	echo "# $(oks "$share/vm1" compute) right"
	finish
}

holds "udev has loaded the module" "no GPU" within 20 test -d "/sys/class/mdev_bus/$gpu"
split_document /src/doc/clients/libvirt.md
case $OPENVGPU_BOOT in
1) before_reboot ;;
*) after_reboot ;;
esac
