#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G" --gpu "--vram 256M" --timeout 900
# own machine: two GPUs of different size
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# Real mdevctl on the real module: the commands of doc/clients/mdevctl.md, what
# it refuses, and several administrators at once. What the script for mdevctl
# answers in detail is the unit test cli_callout's.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh

cd "$(mktemp -d)" || exit
gpu=0000:01:00.0
first=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
second=0d2c1f6e-6f43-4d3b-8f0a-2b6c7d8e9f10
other=33333333-3333-4333-8333-333333333333

install_openvgpu || { fail install "status $?"; finish; }
modprobe -a vfio_iommu_type1 openvgpu || { fail modprobe "status $?"; finish; }
split_document /src/doc/clients/mdevctl.md

# json EXPRESSION: of the last command's output
json()
{
	python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$said" "$1"
}

# ------------------------------------------------------------------ the document

do_block "types" "mdevctl types"
contains "description" "Description: num_heads="
do_block "types as JSON" "--dumpjson"
same "one GPU" "['$gpu']" "$(json '[p for o in v for p in o]')"
cat >figures.py <<'END'
import json, os, sys
parent = sys.argv[2]
folder = "/sys/class/mdev_bus/%s/mdev_supported_types" % parent
told = {t: f for o in json.load(open(sys.argv[1])) for types in o[parent] for t, f in types.items()}
wrong = set(told) ^ set(os.listdir(folder))
for t in told:
    for name, value in told[t].items():
        if str(value) != open("%s/%s/%s" % (folder, t, name)).read().strip():
            wrong.add((t, name, value))
print(sorted(map(str, wrong)) or "right, %d types of %d figures" % (len(told), sum(map(len, told.values()))))
END
same "its figures are the driver's" "right, 106 types of 424 figures" "$(python3 figures.py "$said" "$gpu" 2>&1)"

do_block "start" "mdevctl start -p"
contains "it is listed" "$first $gpu openvgpu-256mq manual"
contains "with its settings" '@{0}: {"openvgpu/personality":"native"}'
same "one less" 3 "$(available "$gpu" openvgpu-256mq)"
run "a weight by hand" 0 openvgpu set "$first" weight=150
do_block "define what runs" "mdevctl define -u $first --auto"
holds "its settings are kept" "$(cat "/etc/mdevctl.d/$gpu/$first")" grep -q '"openvgpu/weight": "150"' "/etc/mdevctl.d/$gpu/$first"

do_block "define, with settings, and start" "mdevctl define -p"
contains "it is listed as one that starts by itself" "$second $gpu openvgpu-256mq auto (active)"
same "its settings" "200 30" "$(attribute "$second" weight) $(attribute "$second" frame_rate_limit)"
do_block "the definition" "cat /etc/mdevctl.d"
same "is what mdevctl promises" "{'mdev_type': 'openvgpu-256mq', 'start': 'auto', 'attrs': [{'openvgpu/weight': '200'}, {'openvgpu/frame_rate_limit': '30'}]}" "$(json v)"

/src/build/tests/guest/compute --vfio "$second" --rounds 100000 >compute.log 2>&1 &
user=$!
in_use()
{
	[ "$(attribute "$second" owner_pid)" = "$user" ]
}
within 20 in_use || fail "a user" "$(words compute.log)"
do_block "live change" "--live --defined"
same "is in force while it is used" "400 50" "$(attribute "$second" weight) $(attribute "$second" cap_percent)"
holds "and kept" "$(cat "/etc/mdevctl.d/$gpu/$second")" grep -q '"openvgpu/cap_percent": "50"' "/etc/mdevctl.d/$gpu/$second"
do_block "change through the driver" "openvgpu set"
same "in force" 300 "$(attribute "$second" weight)"
sed 's/"400"/"600"/; s|"openvgpu/cap_percent": "50"|"openvgpu/display": "off"|' settings.json >wrong.json
run "live change of what must not change in use" fails mdevctl modify -u "$second" --live --defined --jsonfile wrong.json
contains "it names the setting and who uses it" "openvgpu/display can't be changed from 'region' to 'off' while process $user (compute) uses it"
same "nothing was changed, not even what could be" "300 region" "$(attribute "$second" weight) $(attribute "$second" display)"
holds "nor was the definition" "$(cat "/etc/mdevctl.d/$gpu/$second")" grep -q '"400"' "/etc/mdevctl.d/$gpu/$second"
run "stop of one in use" fails mdevctl stop -u "$second"
contains "it names the process" "process $user (compute) uses it; end that first"
holds "it is still there" "gone" test -e "/sys/bus/mdev/devices/$second"
same "and can be opened again" 0 "$(attribute "$second" refuse_opens)"
kill -9 "$user"
wait "$user" 2>/dev/null
do_block "stop and undefine" "mdevctl undefine"
holds "it is gone" "still there" test ! -e "/sys/bus/mdev/devices/$second"
holds "so is its definition" "still there" test ! -e "/etc/mdevctl.d/$gpu/$second"
if [ -e /run/systemd/system ]; then
	echo "# systemd runs: restore.sh has the document's systemctl"
fi
rm -f "$(grep -lF 'systemctl status' block.*[0-9])"	# restore.sh's
blocks_done

# -------------------------------------------------------------- what it refuses

refused()
{
	local name=$1 text=$2

	shift 2
	run "$name" fails "$@" && contains "$name: why" "$text"
	holds "$name: nothing is left" "$(ls /sys/bus/mdev/devices)" test ! -e "/sys/bus/mdev/devices/$other"
}
start=(mdevctl start -p "$gpu" -u "$other" -t)
refused "type there is not" "has no type openvgpu-3q" "${start[@]}" openvgpu-3q
refused "no room" "has no room for another vGPU of type openvgpu-1q: too little memory is free; 768 MiB are free" "${start[@]}" openvgpu-1q
refused "GPU there is not" "no GPU 0000:99:00.0 is bound" mdevctl start -p 0000:99:00.0 -u "$other" -t openvgpu-1q
for value in 0 10001 '' -1 1x 99999999999999999999 $'\xff\xfe' "$(head -c 4000 /dev/zero | tr '\0' 9)"; do
	printf '{"mdev_type":"openvgpu-256mq","start":"manual","attrs":[{"openvgpu/weight":"%s"}]}' "$value" >bad.json
	run "weight '$(printf %.20q "$value")'" fails mdevctl start -p "$gpu" -u "$other" --jsonfile bad.json
	holds "weight '$(printf %.20q "$value")': nothing is left" "there" test ! -e "/sys/bus/mdev/devices/$other"
done
printf '{"mdev_type":"openvgpu-256mq","start":"manual","attrs":[{"openvgpu/../remove":"1"}]}' >bad.json
run "an attribute that is a path" fails mdevctl start -p "$gpu" -u "$other" --jsonfile bad.json

# ------------------------------------- restart: with our command, and without it

run "restore with all there" 0 openvgpu restore
run "stop" 0 mdevctl stop -u "$first"
run "restore" 0 openvgpu restore "$gpu"
same "it is back, with its weight" 150 "$(attribute "$first" weight)"
run "again" 0 openvgpu restore "$gpu"
run "mdevctl does the same" 0 mdevctl start-parent-mdevs "$gpu"
rmmod openvgpu 2>/dev/null
modprobe openvgpu
within 5 test -d "/sys/class/mdev_bus/$gpu"
holds "unloading takes vGPUs away" "there" test ! -e "/sys/bus/mdev/devices/$first"
run "restore after it" 0 openvgpu restore
same "back again" 150 "$(attribute "$first" weight)"
mdevctl define -p "$gpu" -t openvgpu-1q -u "$other" --auto
run "one that does not fit" fails openvgpu restore "$gpu"
contains "it is named" "$other"
contains "with the reason" "has no room for another vGPU of type openvgpu-1q"
same "the others stay" 150 "$(attribute "$first" weight)"
run "undefine it" 0 mdevctl undefine -u "$other"
run "stop and undefine the first" 0 bash -c "mdevctl stop -u $first && mdevctl undefine -u $first"
all_free "all room is back" "$gpu"

# ----------------------------------------- other clients' protocols, see there

other_clients "$gpu"

# ----------------------------------------------------- administrators who race

# Three of them, with three tools, take what there is of both GPUs at once. Each
# must get a vGPU or a refusal, and there must be as many as there is room for.
by_hand()
{
	cat /proc/sys/kernel/random/uuid >"/sys/class/mdev_bus/$1/mdev_supported_types/openvgpu-64mq/create"
}

administrator()
{
	local tool=$1 got=0 parent

	while :; do
		for parent in "$gpu" "$small"; do
			case $tool in
			openvgpu) openvgpu create 64mq --gpu "$parent" ;;
			mdevctl) mdevctl start -p "$parent" -t openvgpu-64mq ;;
			echo) by_hand "$parent" ;;
			esac >>"race.$tool" 2>&1 && got=$((got + 1))
		done
		[ $(($(available "$gpu" openvgpu-64mq) + $(available "$small" openvgpu-64mq))) != 0 ] || break
	done
	echo "$got" >"got.$tool"
}
small=$(cd /sys/class/mdev_bus && for parent in *; do [ "$parent" = "$gpu" ] || echo "$parent"; done)
for round in 1 2; do
	for tool in openvgpu mdevctl echo; do
		administrator "$tool" 2>/dev/null &
	done
	wait
	got=$(cat got.openvgpu got.mdevctl got.echo | awk '{ sum += $1 } END { print sum }')
	there=$(find /sys/bus/mdev/devices/ -mindepth 1 | wc -l)
	same "round $round: as many as there is room for, each told to one" "20 20" "$got $there"
	echo "# openvgpu $(<got.openvgpu), mdevctl $(<got.mdevctl), echo $(<got.echo)"
	same "round $round: no two share memory" "" \
		"$(for at in /sys/bus/mdev/devices/*/openvgpu; do echo "$(readlink -f "$at" | cut -d/ -f5-6) $(<"$at/framebuffer_offset")"; done | sort | uniq -d)"
	for at in /sys/bus/mdev/devices/*; do
		echo 1 >"$at/remove"
	done
done
for uuid in 1 2; do
	# One UUID, wanted by all at once: one gets it.
	for tool in 1 2 3 4; do
		(openvgpu create 64mq --gpu "$gpu" --uuid $uuid$uuid$uuid$uuid$uuid$uuid$uuid$uuid-0000-0000-0000-000000000100 >"same.$tool" 2>&1 && echo yes >>won.$uuid) &
	done
	wait
	same "one UUID for four: one gets it" yes "$(cat won.$uuid)"
done
for at in /sys/bus/mdev/devices/*; do
	echo 1 >"$at/remove"
done
all_free "all room is back at the end" "$gpu"
run "the module can go" 0 modprobe -r openvgpu

# ------------------------------------------------------------- a software GPU

run "it comes with two software GPUs" 0 modprobe openvgpu soft_gpus=2 soft_vram=256
run "doc/ci: mdevctl and a software GPU" 0 sh /src/doc/ci/mdevctl.sh
contains "all of it" "ok nothing is left"
finish
