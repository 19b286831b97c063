#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --timeout 900
# own machine: an installed system, with systemd and udev
# kernels: 6.12
# check: none
#
# What our udev rule and units do on a running system: the module and the GPU
# come and go, and vGPUs and settings come back with them, whoever else tries
# the same; a failure names the vGPU. A reboot is suite reboot's, which runs this one
# before it.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
auto=11111111-1111-4111-8111-111111111111
manual=22222222-2222-4222-8222-222222222222
large=33333333-3333-4333-8333-333333333333
strange=44444444-4444-4444-8444-444444444444	# of no type of the GPU
seat=55555555-5555-4555-8555-555555555555	# in a GPU instance
devices=/sys/bus/mdev/devices

# check NAME CMD...: the command succeeds
check()
{
	local name=$1 said

	shift
	if said=$("$@" 2>&1); then pass "$name"; else fail "$name" "$(echo "$said" | tail -n 5 | tr '\n' ' ')"; fi
}

# holds NAME FILE TEXT: a file has this in it, soon: where mdevctl's own rule
# was first, our unit may not even have begun when the vGPU is there
holds()
{
	if within 60 grep -qsF -e "$3" "$2"; then
		pass "$1"
	else
		fail "$1" "$2 says '$(cat "$2" 2>&1)', expected '$3'"
	fi
}

# appears FILE, settles UNIT: wait, so that a slow machine does not fail
appears()
{
	local i

	for ((i = 0; i < 600; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.1
	done
	return 1
}

settles()
{
	local i

	for ((i = 0; i < 600; i++)); do
		case $(systemctl show -P ActiveState "$1") in
		activating | deactivating | reloading) sleep 0.1 ;;
		*) return 0 ;;
		esac
	done
	return 1
}

# back NAME: the vGPU is there as it was defined, and its unit is content
back()
{
	if appears "$devices/$auto"; then pass "$1"; else fail "$1" "vGPU $auto did not come back: $(systemctl status "$unit" 2>&1 | tail -n 5 | tr '\n' ' ')"; fi
	settles "$unit"
	holds "$1-weight" "$devices/$auto/openvgpu/weight" 300
	holds "$1-cap" "$devices/$auto/openvgpu/cap_percent" 50
	holds "$1-scheduler" "$gpu_path/openvgpu/scheduler" '[equal_share]'
	case $(systemctl show -P Result "$unit") in
	success) pass "$1-unit" ;;
	*) fail "$1-unit" "$(journalctl -b -u "$unit" -o cat | tail -n 5 | tr '\n' ' ')" ;;
	esac
	if appears "$devices/$seat"; then pass "$1-seat"; else fail "$1-seat" "vGPU $seat did not come back"; fi
	if within 20 grep -qsx train "$gpu_path"/instances/*/name; then pass "$1-instance"
	else fail "$1-instance" "the GPU's instances are $(cat "$gpu_path"/instances/*/name 2>&1 | tr '\n' ' ')"; fi
	if [ -e "$devices/$manual" ]; then fail "$1-manual" "vGPU $manual is there, though it is started by hand"
	else pass "$1-manual"; fi
}

reload()
{
	modprobe -r openvgpu && modprobe openvgpu
}

make -s -C /src/tools/dist install O=/tmp/dist PREFIX=/usr >/dev/null || exit 1
install -m 755 /src/build/tools/openvgpu /usr/bin/openvgpu
systemctl daemon-reload
udevadm control --reload
modprobe openvgpu
gpu=$(basename /sys/class/mdev_bus/*)
gpu_path=/sys/bus/pci/devices/$gpu
unit=openvgpu-restore@$gpu.service

mkdir -p "/etc/mdevctl.d/$gpu"
cat >"/etc/mdevctl.d/$gpu/$auto" <<-END
	{"mdev_type":"openvgpu-256mq","start":"auto",
	 "attrs":[{"openvgpu/weight":"300"},{"openvgpu/cap_percent":"50"}]}
END
echo '{"mdev_type":"openvgpu-256mq","start":"manual"}' >"/etc/mdevctl.d/$gpu/$manual"
echo '{"mdev_type":"openvgpu-2-64mq","start":"auto"}' >"/etc/mdevctl.d/$gpu/$seat"
cat >/etc/openvgpu/config.yaml <<-END
	version: v1
	vgpu-configs:
	  default:
	    - devices: all
	      settings:
	        scheduler: equal_share
	      instances:
	        train: {profile: 2g.256m}
END

reload
back reload

# A GPU that is taken out and put in again is a new one to udev.
echo 1 >"$gpu_path/remove"
sleep 1
echo 1 >/sys/bus/pci/rescan
back replug

# What was stopped on purpose stays stopped when udev is asked to look again.
mdevctl stop -u $auto
udevadm trigger --subsystem-match=pci --action=change
udevadm trigger --subsystem-match=pci --action=add
udevadm settle
settles "$unit"
if [ -e "$devices/$auto" ]; then fail stays-stopped "vGPU $auto is there again"
else pass stays-stopped; fi

# The unit for all GPUs, twice, is content with what it finds.
check boot-unit systemctl start openvgpu-restore.service
holds boot-unit-weight "$devices/$auto/openvgpu/weight" 300
echo 400 >$devices/$auto/openvgpu/weight
check boot-unit-again systemctl restart openvgpu-restore.service
holds boot-unit-changes-nothing "$devices/$auto/openvgpu/weight" 400
for who in libvirtd.service virtqemud.service; do
	for whose in openvgpu-restore.service "$unit"; do
		case " $(systemctl show -P Before "$whose") " in
		*" $who "*) pass "before-$who" ;;
		*) fail "before-$who" "$whose is not ordered before it, only before: $(systemctl show -P Before "$whose")" ;;
		esac
	done
done

# One that has no room, and one of a type that is not there any more, as after the
# GPU was exchanged for a smaller one, do not keep the other from it, and are named.
echo '{"mdev_type":"openvgpu-1q","start":"auto"}' >"/etc/mdevctl.d/$gpu/$large"
echo '{"mdev_type":"openvgpu-2q","start":"auto"}' >"/etc/mdevctl.d/$gpu/$strange"
if systemctl restart openvgpu-restore.service 2>/dev/null; then
	fail failure "the unit is content though vGPU $large has no room"
else
	pass failure
fi
said=$(journalctl -b -u openvgpu-restore.service -o cat)
case $said in
*"vGPU $large, type openvgpu-1q of GPU $gpu is not there: "*room*) pass failure-says-why ;;
*) fail failure-says-why "the journal says '$(echo "$said" | tail -n 4 | tr '\n' ' ')'" ;;
esac
case $said in
*"vGPU $strange, type openvgpu-2q of GPU $gpu is not there: "*"has no type openvgpu-2q"*) pass no-such-type-says-why ;;
*) fail no-such-type-says-why "the journal says '$(echo "$said" | tail -n 4 | tr '\n' ' ')'" ;;
esac
holds failure-other "$devices/$auto/openvgpu/weight" 400
rm "/etc/mdevctl.d/$gpu/$large" "/etc/mdevctl.d/$gpu/$strange"
systemctl reset-failed openvgpu-restore.service

# Without the module, and after the GPU got another address, it says which vGPUs
# are not there, and why.
modprobe -r openvgpu
if systemctl restart openvgpu-restore.service 2>/dev/null; then
	fail no-module "the unit is content though the module is not loaded"
else
	pass no-module
fi
said=$(journalctl -b -u openvgpu-restore.service -o cat | tail -n 12)
for text in "vGPU $auto, type openvgpu-256mq of GPU $gpu is not there: the module openvgpu is not loaded" \
	'config.yaml is not in force: openvgpu: no GPU is bound' 'modprobe openvgpu'; do
	case $said in
	*"$text"*) pass "no-module-says '${text:0:30}'" ;;
	*) fail "no-module-says" "no '$text' in '$(echo "$said" | tr '\n' ' ')'" ;;
	esac
done
systemctl reset-failed openvgpu-restore.service
modprobe openvgpu
back with-module-again
mv "/etc/mdevctl.d/$gpu" /etc/mdevctl.d/0000:99:00.0
if openvgpu restore >/run/said 2>&1; then fail moved "it is content though no GPU is 0000:99:00.0"
else pass moved; fi
holds moved-says /run/said "of GPU 0000:99:00.0 is not there: there is no such GPU"
advice=$(openvgpu doctor | grep -o 'mv /etc/mdevctl.d/.* && openvgpu restore .*')
check moved-advice-is-a-command test -n "$advice"
check moved-advice sh -c "$advice"
check moved-back openvgpu restore

# mdevctl's own rule, where it finds its program, starts the same vGPUs.
ln -s /usr/bin/mdevctl /usr/sbin/mdevctl
for i in 1 2; do
	reload
	back "two-rules-$i"
done
rm /usr/sbin/mdevctl

# No mdevctl: the same files, read by ourselves.
mv /usr/bin/mdevctl /usr/bin/mdevctl.away
reload
back without-mdevctl
said=$(openvgpu restore)
case $said in
*"$auto openvgpu-256mq: present"*) pass by-hand ;;
*) fail by-hand "it says '$said'" ;;
esac
mv /usr/bin/mdevctl.away /usr/bin/mdevctl

# A file that can't be used: the vGPUs come back all the same, and it is said.
echo 'version: v9' >/etc/openvgpu/config.yaml
reload
appears $devices/$auto
settles "$unit"
if [ -e $devices/$auto ] && [ "$(systemctl show -P Result "$unit")" != success ]; then
	pass bad-configuration
else
	fail bad-configuration "the vGPU is $(ls $devices), the unit says $(systemctl show -P Result "$unit")"
fi
case $(journalctl -b -u "$unit" -o cat) in
*"config.yaml is not in force on GPU $gpu"*) pass bad-configuration-says-why ;;
*) fail bad-configuration-says-why "$(journalctl -b -u "$unit" -o cat | tail -n 3 | tr '\n' ' ')" ;;
esac
systemctl status --no-pager -l "$unit" >/run/said
same "a failed unit's status" 3 "$?"
holds bad-configuration-in-status /run/said "config.yaml is not in force on GPU $gpu"
rm /etc/openvgpu/config.yaml

# Metrics, with all that the unit is not allowed to do.
metrics=/var/lib/prometheus/node-exporter/openvgpu.prom
rm -rf /var/lib/prometheus/node-exporter
systemctl start openvgpu-metrics.service
if [ -e "$metrics" ]; then fail metrics-unwanted "it made the folder of an exporter that is not installed"
else pass metrics-unwanted; fi
mkdir -p /var/lib/prometheus/node-exporter
chown prometheus: /var/lib/prometheus/node-exporter
check metrics systemctl start openvgpu-metrics.service
holds metrics-gpu "$metrics" "$gpu"
holds metrics-vgpu "$metrics" "$auto"
check metrics-promtool sh -c "promtool check metrics <$metrics"
rm "$metrics"
check metrics-timer systemctl start openvgpu-metrics.timer
if appears "$metrics"; then pass metrics-timer-writes; else fail metrics-timer-writes "no file within a minute"; fi
systemctl stop openvgpu-metrics.timer

# A machine that wants nothing does not wait for udev when it starts.
rm -rf "/etc/mdevctl.d/$gpu"
systemctl stop openvgpu-restore.service
systemctl start openvgpu-restore.service
same "nothing wanted, nothing waited for" no "$(systemctl show -P ConditionResult openvgpu-restore.service)"

finish
