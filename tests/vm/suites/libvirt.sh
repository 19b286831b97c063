#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --timeout 1800
# own machine: an installed system, with systemd, udev and libvirt
# kernels: 6.12 7.2
# check: 6.12
#
# Real libvirt, as Debian has it, with AppArmor around each QEMU: node devices, and
# domains whose guests compute on vGPUs, reboot, die, and get vGPUs while they run.
# The commands are those of doc/clients/libvirt.md.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=domain.sh
. /src/tests/vm/domain.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
first=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
second=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10
display=5b0fae62-3f0d-4c7b-8f5a-6a5d6c9a1e11

# node UUID: libvirt's name of the vGPU
node()
{
	echo "mdev_${1//-/_}_0000_01_00_0"
}

qemu_pid()
{
	cat "/run/libvirt/qemu/$1.pid" 2>/dev/null
}

install_openvgpu || { fail install "status $?"; finish; }
prepare_guests
# libvirt takes AppArmor only if its daemon has a profile itself.
run "libvirt's AppArmor profiles" 0 \
	apparmor_parser -r /etc/apparmor.d/usr.sbin.libvirtd /etc/apparmor.d/usr.lib.libvirt.virt-aa-helper
run "a daemon that has one" 0 systemctl restart libvirtd
split_document /src/doc/clients/libvirt.md
# What suites migrate-libvirt and managedsave run.
grep -lE 'virsh (migrate|managedsave)|save_image_format' block.* | xargs rm

# ------------------------------------------------------------------ node devices

holds "udev has loaded the module" "no GPU in /sys/class/mdev_bus" within 20 test -d "/sys/class/mdev_bus/$gpu"
do_block "the GPU is listed" "virsh nodedev-list --cap mdev_types"
contains "by its address" pci_0000_01_00_0
# figures: what libvirt says of the types is what sysfs says
cat >figures.py <<'END'
import os, re, subprocess, sys
def text(*path):
    return open(os.path.join(*path)).read().strip()
folder = "/sys/class/mdev_bus/%s/mdev_supported_types" % sys.argv[1]
out = subprocess.run(["virsh", "nodedev-dumpxml", "pci_0000_01_00_0"], check=True,
                     stdout=subprocess.PIPE, text=True).stdout
told = {t[0]: t[1:] for t in re.findall(r"<type id='(.*?)'>\s*<name>(.*?)</name>\s*<deviceAPI>(.*?)</deviceAPI>"
                                        r"\s*<availableInstances>(.*?)</availableInstances>\s*</type>", out)}
true = {t: (text(folder, t, "name"), text(folder, t, "device_api"), text(folder, t, "available_instances"))
        for t in os.listdir(folder)}
wrong = ["%s: %s, not %s" % (t, told.get(t), true.get(t)) for t in {**told, **true} if told.get(t) != true.get(t)]
print("; ".join(wrong) or "right, %d types" % len(told))
END
same "libvirt's figures of an empty GPU" "right, $(find "/sys/class/mdev_bus/$gpu/mdev_supported_types/" -mindepth 1 -maxdepth 1 | wc -l) types" \
	"$(python3 figures.py "$gpu" 2>&1)"

do_block "define, autostart, start" "virsh nodedev-define vgpu.xml"
same "the vGPU is there, with its weight" 512 "$(attribute "$first" weight)"
same "figures with a vGPU" "right, 106 types" "$(python3 figures.py "$gpu" 2>&1)"
same "one less can be had" "3 0" "$(available "$gpu" openvgpu-256mq) $(available "$gpu" openvgpu-1q)"
run "info" 0 virsh nodedev-info "$(node "$first")"
same "active, persistent, autostarted" "yes yes yes" \
	"$(awk '/^(Active|Persistent|Autostart):/ { printf "%s%s", s, $2; s = " " }' "$said")"
run "its XML" 0 virsh nodedev-dumpxml "$(node "$first")"
contains "type" "<type id='openvgpu-256mq'/>"
contains "settings of one that runs are shown" "<attr name='openvgpu/weight' value='512'/>"

cat >bad.xml <<END
<device><parent>pci_0000_01_00_0</parent><capability type='mdev'><type id='openvgpu-256mq'/>
<uuid>11111111-1111-4111-8111-111111111111</uuid><attr name='openvgpu/weight' value='heavy'/></capability></device>
END
run "a setting that can't be" fails virsh nodedev-define bad.xml
contains "it says which and what would be right" "openvgpu/weight can't be 'heavy': it takes 1 to 10000"
run "nothing was defined" fails virsh nodedev-info mdev_11111111_1111_4111_8111_111111111111_0000_01_00_0
sed -i 's/256mq/1q/; s/heavy/100/' bad.xml
run "a vGPU for which there is no room" fails virsh nodedev-create bad.xml
contains "it says so" "has no room for another vGPU of type openvgpu-1q"

# ---------------------------------------------------------------------- a domain

run "define a domain" 0 define_domain vm1
# The second half of the block, virsh start, is start_domain's: it watches.
virsh()
{
	if [ "$1" = start ] && [ -z "${watched:-}" ]; then
		watched=1 start_domain "$2"
	else
		command virsh "$@"
	fi
}
export -f virsh start_domain start_until boots_again within booted boots words
export share
do_block "the domain gets the vGPU and starts" "virsh attach-device vm1 hostdev.xml --config"
unset -f virsh
run "the guest computes" 0 in_guest vm1 120 'all 1'
contains "all is right" " 0 failed"
same "QEMU has it open" "$(qemu_pid vm1)" "$(attribute "$first" owner_pid)"
same "AppArmor holds QEMU to its domain's profile" "libvirt-$(virsh domuuid vm1 | xargs) (enforce)" \
	"$(cat "/proc/$(qemu_pid vm1)/attr/current")"

run "destroy of a vGPU in use" fails virsh nodedev-destroy "$(node "$first")"
contains "it says so" "device in use"
run "who uses it" 0 openvgpu list
contains "is told by our command" "$(qemu_pid vm1) (qemu-system-x86)"
do_block "a live change" "virsh nodedev-update"
same "is in force" 200 "$(attribute "$first" weight)"
holds "and kept" "$(cat "/etc/mdevctl.d/$gpu/$first")" grep -q '"200"' "/etc/mdevctl.d/$gpu/$first"
sed "s|name='openvgpu/weight' value='[0-9]*'|name='openvgpu/weight' value='0'|" changed.xml >wrong.xml
run "a live change that can't be" fails virsh nodedev-update "$(node "$first")" wrong.xml --live --config
contains "it says why" "it takes 1 to 10000"
same "it changed nothing" 200 "$(attribute "$first" weight)"
run "no saving to disk" fails virsh managedsave vm1
holds "it says why" "$(words "$said")" grep -qE "cannot migrate domain: .*$first: VFIO device doesn't support device and IOMMU dirty tracking" "$said"
holds "its domain runs on" "$(virsh domstate vm1)" test "$(virsh domstate vm1)" = running
run "suspend it" 0 virsh suspend vm1
same "it has its vGPU" "paused $(qemu_pid vm1)" "$(virsh domstate vm1) $(attribute "$first" owner_pid)"
run "resume it" 0 virsh resume vm1

# The guest's own reboot, and the reset button: the same QEMU, a vGPU as if new.
for how in "in_guest vm1 5 'reboot -f'" "virsh reset vm1"; do
	ok='' before=$(boots vm1) pid=$(qemu_pid vm1)
	for _ in 1 2 3; do
		eval "$how" >"$said" 2>&1
		! within 90 booted vm1 "$before" || { ok=1; break; }
		echo "# the guest does not run 90 s after a reboot: $(words "$share/vm1.log")" >&2
		[ "$(virsh domstate vm1)" != paused ] || { virsh reset vm1; virsh resume vm1; }
		how="virsh reset vm1"
	done
	holds "${how%% *}: the guest is up again" "$(words "$share/vm1.log")" test -n "$ok"
	same "in the same QEMU" "$pid" "$(qemu_pid vm1)"
	run "and computes" 0 in_guest vm1 120 'all 2'
done

# ------------------------------------------------------------------- hot-plug

do_block "plug a second vGPU in" "virsh attach-device vm1 second-hostdev.xml --live"
holds "the guest sees it" "$(words "$share/vm1.log")" within 30 guest_has vm1 2
run "the guest computes on both" 0 in_guest vm1 120 'all 3' ||
	in_guest vm1 20 'dmesg | tail -n 40; cat /proc/iomem | grep 0000:'
same "twice" 2 "$(grep -c ' passed, 0 failed' "$said")"
do_block "plug it out" "virsh detach-device vm1 second-hostdev.xml --live"
holds "the guest sees it go" "$(words "$share/vm1.log")" within 30 guest_has vm1 1
holds "it is closed" "$(openvgpu list)" within 20 closed "$second"
do_block "it can be removed" "virsh nodedev-destroy mdev_0d2c1f6e"
holds "it is gone" "still there" test ! -e "/sys/bus/mdev/devices/$second"
run "the other computes on" 0 in_guest vm1 120 'all 4'

# -------------------------------------------------------------------- kill -9

work=$(($(cat "$share/vm1/jobs") + 1))
(in_guest vm1 200 'compute --rounds 1000' >killed.log) &
job=$!
within 60 grep -qs '^ok' "$share/vm1/said.$work" || fail "it is at work" "$(cat killed.log)"
kill -9 "$(qemu_pid vm1)"
kill "$job"
wait "$job"
rm -f "$share"/vm1/do.*
holds "libvirt sees that it died" "$(virsh domstate vm1)" within 20 bash -c '[ "$(virsh domstate vm1)" = "shut off" ]'

# ------------------------------------------------------- several, and a display

sed -i "s/$second/22222222-2222-4222-8222-222222222222/; s/256mq/128mc/" second.xml
run "a second vGPU, for compute" 0 virsh nodedev-create second.xml
sed -i "s/$second/22222222-2222-4222-8222-222222222222/" second-hostdev.xml
run "attach it" 0 virsh attach-device vm1 second-hostdev.xml --config
do_block "a third, with a display" "virsh attach-device vm1 display-hostdev.xml --config"
# The first is that of the QEMU that was killed.
run "a domain with three vGPUs starts" 0 start_domain vm1
run "it computes on those that do, a killed QEMU's too" 0 in_guest vm1 120 'all 6'
same "on two" 2 "$(grep -c ' passed, 0 failed' "$said")"
run "the third is a display" 0 in_guest vm1 20 'grep -l "PCI_ID=1234:1111" /sys/bus/pci/devices/*/uevent'
same "one process has all three" "$(qemu_pid vm1) $(qemu_pid vm1) $(qemu_pid vm1)" \
	"$(for uuid in "$first" 22222222-2222-4222-8222-222222222222 "$display"; do attribute "$uuid" owner_pid; done | xargs)"
run "libvirt shows its picture" 0 virsh screenshot vm1 picture
run "destroy it" 0 virsh destroy vm1

# ------------------------------------------------------------------ put away

run "detach" 0 virsh detach-device vm1 second-hostdev.xml --config
run "detach the display" 0 virsh detach-device vm1 display-hostdev.xml --config
run "destroy the second" 0 virsh nodedev-destroy mdev_22222222_2222_4222_8222_222222222222_0000_01_00_0
run "destroy the display" 0 virsh nodedev-destroy "$(node "$display")"
do_block "take it away" "virsh nodedev-undefine"
undefined()
{
	! virsh nodedev-info "$(node "$first")" >"$said" 2>&1
}
# libvirt learns of it from the file's folder.
holds "it is not defined any more" "$(virsh nodedev-info "$(node "$first")" | tr '\n' ' ')" \
	within 60 undefined
blocks_done
all_free "all room is back" "$gpu"

# ----------------------------------------- administrators with three tools at once

administrator()
{
	local got=0

	while [ "$(available "$gpu" openvgpu-128mq)" != 0 ]; do
		case $1 in
		openvgpu) openvgpu create 128mq ;;
		mdevctl) mdevctl start -p "$gpu" -t openvgpu-128mq ;;
		virsh) virsh nodedev-create race.xml ;;
		esac >>"race.$1" 2>&1 && got=$((got + 1))
		# So that the slower tools get some too.
		[ "$1" = virsh ] || sleep 1
	done
	echo "$got" >"got.$1"
}
cat >race.xml <<END
<device><parent>pci_0000_01_00_0</parent><capability type='mdev'><type id='openvgpu-128mq'/></capability></device>
END
for tool in openvgpu mdevctl virsh; do
	administrator "$tool" &
done
wait
raced=$SECONDS
same "as many vGPUs as there is room for, each told to one" "8 8" \
	"$(cat got.* | awk '{ sum += $1 } END { print sum }') $(find /sys/bus/mdev/devices/ -mindepth 1 | wc -l)"
echo "# openvgpu $(<got.openvgpu), mdevctl $(<got.mdevctl), virsh $(<got.virsh)"
same "no two share memory" "" \
	"$(cat /sys/bus/mdev/devices/*/openvgpu/framebuffer_offset | sort | uniq -d)"
# It has mdevctl list all of them for each that comes.
within 150 bash -c '[ "$(virsh nodedev-list --cap mdev | grep -c ^mdev_)" = 8 ]'
same "libvirt sees all of them" 8 "$(virsh nodedev-list --cap mdev | grep -c ^mdev_)" ||
	journalctl --no-pager -n 30 -u libvirtd -o short-monotonic
echo "# seen $((SECONDS - raced)) s after"
for uuid in /sys/bus/mdev/devices/*; do
	run "remove one" 0 openvgpu remove "${uuid##*/}"
done
all_free "all room is back again" "$gpu"
# Or udev loads the module again for what was announced and not seen yet.
udevadm settle
run "the module can go" 0 modprobe -r openvgpu

# ------------------------------------------------------------- a software GPU

soft=5b7e2d90-4a1c-4f3e-9d62-7c0b8e1a2f34
soft_node=mdev_${soft//-/_}_f000_00_00_0
run "it comes with a software GPU" 0 modprobe openvgpu soft_gpus=1
listed()
{
	virsh nodedev-list --cap mdev_types >"$said" 2>&1 && grep -q pci_f000_00_00_0 "$said"
}
holds "libvirt sees it" "$(words "$said")" within 150 listed
cat >soft.xml <<END
<device><parent>pci_f000_00_00_0</parent><capability type='mdev'><type id='openvgpu-256ma'/><uuid>$soft</uuid></capability></device>
END
run "define a vGPU" 0 virsh nodedev-define soft.xml
run "start it" 0 virsh nodedev-start "$soft_node"
same "it is there" 3 "$(available f000:00:00.0 openvgpu-256ma)"
run "destroy it" 0 within 60 virsh nodedev-destroy "$soft_node"
run "undefine it" 0 virsh nodedev-undefine "$soft_node"
all_free "nothing is left" f000:00:00.0
finish
