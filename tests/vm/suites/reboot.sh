#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --timeout 1800
# own machine: it reboots an installed system
# kernels: 6.12 7.2
# check: 6.12
#
# What is defined comes back after a reboot of the machine, through real systemd,
# udev, mdevctl and libvirt and our rule and units. The suite runs twice, before
# and after the reboot. Before it, what needs none: suite restore, which would take
# another start of an installed system.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=domain.sh
. /src/tests/vm/domain.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
auto=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f	# by mdevctl
virt=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10	# by libvirt, in the domain vm1
seat=55555555-5555-4555-8555-555555555555	# by mdevctl, in the GPU instance "train"
manual=22222222-2222-4222-8222-222222222222	# defined, not to be started
passing=33333333-3333-4333-8333-333333333333	# never defined
unit=openvgpu-restore@$gpu.service

there()
{
	[ -e "/sys/bus/mdev/devices/$1" ]
}

# as_defined NAME: the vGPUs that are to be there are, as they were defined, and
# no others are
as_defined()
{
	holds "$1: they are back" "$(ls /sys/bus/mdev/devices); $(journalctl -b --no-pager -n 20 -u "$unit" -o cat | tr '\n' ' ')" \
		within 30 eval "there $auto && there $virt && there $seat"
	within 20 settled || fail "$1: the unit ends" "$(systemctl show -p ActiveState "$unit")"
	same "$1: with their settings" "150 300 25" \
		"$(attribute "$auto" weight) $(attribute "$virt" weight) $(attribute "$virt" cap_percent)"
	same "$1: and no others" "$(printf '%s\n' "$auto" "$virt" "$seat" | sort)" "$(ls /sys/bus/mdev/devices)"
	same "$1: in its instance" "train 2g.256m 1 [fixed_share]" "$(instance "$(attribute "$seat" instance)")"
	same "$1: the GPU's settings" "[equal_share] 5000" \
		"$(grep -o '\[.*\]' "/sys/class/mdev_bus/$gpu/openvgpu/scheduler") $(<"/sys/class/mdev_bus/$gpu/openvgpu/timeslice_us")"
}

# instance NUMBER: what is said of it
instance()
{
	local folder=/sys/class/mdev_bus/$gpu/instances/$1

	echo "$(cat "$folder"/{name,profile,reserved} | tr '\n' ' ')$(grep -o '\[.*\]' "$folder/scheduler")"
}

settled()
{
	! systemctl is-active "$unit" | grep -q activating
}

before_reboot()
{
	# It installs what the packages install, and leaves nothing defined.
	/src/tests/vm/suites/restore.sh 2>&1 | tee "$out" | grep -vE '^[0-9]+ passed'
	add restore "$out"
	modprobe -r openvgpu
	run "the module comes back" 0 modprobe openvgpu
	udevadm settle

	run "the rule is valid" 0 udevadm verify /usr/lib/udev/rules.d/61-openvgpu.rules
	run "the units are valid" 0 systemd-analyze verify \
		/usr/lib/systemd/system/openvgpu-restore@.service openvgpu-restore.service
	run "enable, as the package does" 0 systemctl enable openvgpu-restore.service
	cat >/etc/openvgpu/config.yaml <<-END
		version: v1
		vgpu-configs:
		  default:
		    - devices: all
		      settings:
		        scheduler: equal_share
		        timeslice_us: 5000
		      instances:
		        train: {profile: 2g.256m, scheduler: fixed_share}
	END

	mdevctl define -p "$gpu" -t openvgpu-256mq -u "$auto" --auto
	mdevctl modify -u "$auto" --addattr openvgpu/weight --value 150
	mdevctl define -p "$gpu" -t openvgpu-128mq -u "$manual"
	mdevctl define -p "$gpu" -t openvgpu-2-64mq -u "$seat" --auto
	cat >vgpu.xml <<-END
		<device>
		  <parent>pci_0000_01_00_0</parent>
		  <capability type='mdev'>
		    <type id='openvgpu-256mq'/>
		    <uuid>$virt</uuid>
		    <attr name='openvgpu/weight' value='300'/>
		    <attr name='openvgpu/cap_percent' value='25'/>
		  </capability>
		</device>
	END
	run "a vGPU of libvirt's" 0 virsh nodedev-define vgpu.xml
	run "that starts by itself" 0 virsh nodedev-autostart "mdev_${virt//-/_}_0000_01_00_0"
	run "nothing is there yet" 1 there "$auto"

	# ------------------------------------------------------------- a domain
	prepare_guests
	define_domain vm1 >/dev/null
	cat >hostdev.xml <<-END
		<hostdev mode='subsystem' type='mdev' model='vfio-pci'>
		  <source><address uuid='$virt'/></source>
		</hostdev>
	END
	run "a domain has it" 0 virsh attach-device vm1 hostdev.xml --config
	run "and starts by itself" 0 virsh autostart vm1
	mdevctl start -p "$gpu" -t openvgpu-64mq -u "$passing"
	run "one is there that was never defined" 0 there "$passing"

	reboot_machine
}

after_reboot()
{
	local from

	rebooted
	from=$(boots vm1)
	same "the second boot" 2 "$OPENVGPU_BOOT"
	as_defined reboot
	run "the restore of the boot has worked" 0 systemctl is-active openvgpu-restore.service
	run "no unit has failed" 0 systemctl --failed --no-legend
	same "none" "" "$(<"$said")"
	same "libvirt came after it" True "$(python3 -c 'import sys; print(0 < int(sys.argv[1]) <= int(sys.argv[2]))' \
		"$(systemctl show -P ActiveEnterTimestampMonotonic openvgpu-restore.service)" \
		"$(systemctl show -P ExecMainStartTimestampMonotonic libvirtd.service)")"
	run "the doctor has nothing against it" 0 openvgpu doctor

	# Its guest may have booted before this job began.
	if [ "$from" = 0 ]; then
		within 90 booted vm1 0
	fi
	if [ "$(boots vm1)" = 0 ]; then
		echo "# the guest that was started at boot does not run: $(words "$share/vm1.log")"
		virsh destroy vm1
		start_domain vm1
	fi
	same "the domain has started by itself" running "$(virsh domstate vm1)"
	run "its guest computes" 0 in_guest vm1 120 'all 7'
	same "on the vGPU" "$(cat /run/libvirt/qemu/vm1.pid)" "$(attribute "$virt" owner_pid)"
	virsh destroy vm1
	finish
}

holds "udev has loaded the module" "no GPU" within 20 test -d "/sys/class/mdev_bus/$gpu"
case $OPENVGPU_BOOT in
1) before_reboot ;;
*) after_reboot ;;
esac
