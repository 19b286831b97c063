#!/bin/sh
# SPDX-License-Identifier: MIT
#
# libvirt.sh [kvm|qemu]: a node device on a software GPU, and a domain that shows its
# picture; without KVM it is of type qemu. As root, after prepare.sh.
set -eu

accel=${1:-qemu}
parent=pci_f000_00_01_0
uuid=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10
device=mdev_0d2c1f6e_6f43_4d3b_8f0a_2b6c7d8e9f10_f000_00_01_0
cd "$(mktemp -d)"

# until_it S CMD...: CMD succeeds within S seconds
until_it()
{
	end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$end" ] || { echo "in vain: $*" >&2; exit 1; }
		sleep 1
	done
}

parent_is_listed()
{
	virsh nodedev-list --cap mdev_types | grep -qx "$parent"
}

is_active()
{
	virsh nodedev-info "$device" | grep -q '^Active: *yes'
}

# Another picture than before the domain ran: that of its BIOS.
draws()
{
	virsh screenshot openvgpu-ci after >/dev/null && ! cmp -s before after
}

until_it 60 parent_is_listed
virsh nodedev-dumpxml "$parent" | grep -q "<type id='openvgpu-64ma'>"
cat >device.xml <<END
<device>
  <parent>$parent</parent>
  <capability type='mdev'>
    <type id='openvgpu-64ma'/>
    <uuid>$uuid</uuid>
  </capability>
</device>
END
virsh nodedev-define device.xml
virsh nodedev-start "$device"
# libvirt hears of it from udev.
until_it 60 is_active

# libvirt itself does not pass on a <rom> of a mediated device.
cat >domain.xml <<END
<domain type='$accel' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>openvgpu-ci</name>
  <memory unit='MiB'>128</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <controller type='usb' model='none'/>
    <graphics type='vnc'><listen type='socket'/></graphics>
    <video><model type='none'/></video>
    <hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on'>
      <source><address uuid='$uuid'/></source>
    </hostdev>
    <memballoon model='none'/>
  </devices>
  <qemu:override>
    <qemu:device alias='hostdev0'>
      <qemu:frontend>
        <qemu:property name='romfile' type='string' value='/usr/share/seabios/vgabios-bochs-display.bin'/>
      </qemu:frontend>
    </qemu:device>
  </qemu:override>
</domain>
END
virsh define domain.xml
virsh start openvgpu-ci --paused
virsh screenshot openvgpu-ci before
virsh resume openvgpu-ci
until_it 300 draws
! virsh nodedev-destroy "$device" || { echo "a device in use was destroyed" >&2; exit 1; }
virsh destroy openvgpu-ci
virsh undefine openvgpu-ci
virsh nodedev-destroy "$device"
virsh nodedev-undefine "$device"
echo "ok: the picture is $PWD/after"
