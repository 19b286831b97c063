#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --no-gpu --timeout 1200
# own machine: an installed system without a GPU, which is rebooted
# kernels: 6.12
# check: none
#
# Software GPUs on an installed system, as doc/software-gpu.md has it for good: what
# doc/ci.md has for the tests of other projects, and vGPUs of mdevctl's and libvirt's
# that are back after a reboot, one of them in a domain with a display. The suite runs
# twice, before and after the reboot.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=domain.sh
. /src/tests/vm/domain.sh

cd "$(mktemp -d)" || exit
one=f000:00:00.0
two=f000:00:01.0
auto=33333333-3333-4333-8333-333333333333	# by mdevctl
virt=44444444-4444-4444-8444-444444444444	# by libvirt
manual=55555555-5555-4555-8555-555555555555	# defined, not to be started
node=mdev_${virt//-/_}_f000_00_01_0

gpus()
{
	(cd /sys/class/mdev_bus 2>/dev/null && echo *:*) | sed 's/^\*:\*$//'
}

there()
{
	[ -e "/sys/bus/mdev/devices/$1" ]
}

before_reboot()
{
	install_openvgpu || { fail install "status $?"; finish; }
	run "enable, as the package does" 0 systemctl enable openvgpu-restore.service
	same "there is no GPU" "" "$(gpus)"
	run "the doctor finds none" 1 openvgpu doctor
	contains "and says what there could be" "modprobe openvgpu soft_gpus=1"

	# ------------------------------------------------------------ doc/ci.md
	split_document /src/doc/ci.md
	# The packages are suite deb's.
	sed -i 's/ [^ ]*\.deb//g' block.*
	ln -s /src/doc/ci ci
	do_block "two GPUs for a job" prepare.sh
	same "they are there" "$one $two" "$(gpus)"
	contains "and their types" openvgpu-256ma
	do_block "mdevctl and libvirt" mdevctl.sh
	contains "the domain showed a picture" "ok: the picture is"
	sed -n 's/^ok: the picture is //p' "$said" | xargs -I {} cp {} /out/
	run "settings of Nova and KubeVirt are true of these GPUs" 0 python3 /src/tests/unit/host/clients.py --settings /src/doc/ci
	do_block "away with all" "modprobe -r openvgpu"
	same "nothing is left" " " "$(gpus) $(ls /sys/bus/mdev/devices 2>/dev/null)"
	blocks_done

	# ------------------------------------------------- for good, and a reboot
	split_document /src/doc/software-gpu.md
	do_block "for good" "/etc/modprobe.d/openvgpu-soft.conf"
	run "the module takes the number from there" 0 modprobe openvgpu
	same "two of them" "$one $two" "$(gpus)"
	run "mdevctl: define one that starts by itself" 0 mdevctl define -p $one -t openvgpu-256ma -u $auto --auto
	run "mdevctl: with a setting" 0 mdevctl modify -u $auto --addattr openvgpu/display --value off
	run "mdevctl: define one that does not" 0 mdevctl define -p $one -t openvgpu-128ma -u $manual
	cat >vgpu.xml <<-END
		<device>
		  <parent>pci_f000_00_01_0</parent>
		  <capability type='mdev'><type id='openvgpu-256mb'/><uuid>$virt</uuid></capability>
		</device>
	END
	holds "libvirt sees the GPU" "$(virsh nodedev-list --cap mdev_types | xargs)" \
		within 60 eval "virsh nodedev-list --cap mdev_types | grep -q pci_f000_00_01_0"
	run "libvirt: define" 0 virsh nodedev-define vgpu.xml
	run "libvirt: that starts by itself" 0 virsh nodedev-autostart "$node"
	prepare_guests
	define_domain vm1 >/dev/null
	cat >hostdev.xml <<-END
		<hostdev mode='subsystem' type='mdev' model='vfio-pci' display='on'>
		  <source><address uuid='$virt'/></source>
		</hostdev>
	END
	run "a domain has it, with a display" 0 virsh attach-device vm1 hostdev.xml --config
	echo "$passed $failed" >/out/before
	echo "# reboot"
	systemctl reboot
	sleep 60
	fail reboot "the machine is still up after 60 s"
	finish
}

after_reboot()
{
	read -r passed failed </out/before
	same "the second boot" 2 "$OPENVGPU_BOOT"
	same "the GPUs are there" "$one $two" "$(gpus)"
	holds "and their vGPUs" "$(ls /sys/bus/mdev/devices)" within 60 eval "there $auto && there $virt"
	same "no others" "$(printf '%s\n' $auto $virt | sort)" "$(ls /sys/bus/mdev/devices)"
	same "as they were defined" "off openvgpu-256ma openvgpu-256mb" \
		"$(attribute $auto display) $(for uuid in $auto $virt; do basename "$(readlink "/sys/bus/mdev/devices/$uuid/mdev_type")"; done | xargs)"
	run "no unit has failed" 0 systemctl --failed --no-legend
	same "none" "" "$(<"$said")"
	run "the doctor has nothing against it" 0 openvgpu doctor
	contains "and finds them" "2 GPUs bound to openvgpu"
	run "the domain starts" 0 start_domain vm1
	same "with its vGPU" "$(cat /run/libvirt/qemu/vm1.pid)" "$(attribute $virt owner_pid)"
	run "its guest has a display" 0 in_guest vm1 20 'grep -l "PCI_ID=1234:1111" /sys/bus/pci/devices/*/uevent'
	run "libvirt shows its picture" 0 virsh screenshot vm1 /out/vm1.ppm
	run "a vGPU in use stays" fails virsh nodedev-destroy "$node"
	virsh destroy vm1
	# udev would load the module again for functions that were announced and not seen yet.
	udevadm settle
	run "the module can go" 0 modprobe -r openvgpu
	finish
}

case $OPENVGPU_BOOT in
1) before_reboot ;;
*) after_reboot ;;
esac
