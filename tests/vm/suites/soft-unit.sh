#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --systemd --no-gpu --timeout 900
# own machine: an installed system without a GPU
# kernels: 6.12
# check: none
#
# openvgpu-soft@.service: systemd keeps the engine of a software GPU in a sandbox, and
# the GPU is there as long as the unit is up.

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh

cd "$(mktemp -d)" || exit
one=openvgpu-soft@256M.service
other=openvgpu-soft@lab.service
vgpu=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f

gpus()
{
	# shellcheck disable=SC2012 # PCI addresses
	ls /sys/class/mdev_bus 2>/dev/null | tr '\n' ' '
}

# there are N: GPUs
number()
{
	[ "$(gpus | wc -w)" = "$1" ]
}

# property UNIT NAME
property()
{
	systemctl show -P "$2" "$1"
}

# of_process UNIT FIELD: of its main process
of_process()
{
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$(property "$1" MainPID)/status"
}

if ! { install_openvgpu && install -m 755 /src/build/tools/refgpu /usr/bin/refgpu && systemctl daemon-reload; }; then
	fail install "there is no unit"
	finish
fi
modprobe -r openvgpu 2>/dev/null
run "it starts, and loads the module" 0 systemctl start "$one" || cat "$said" <(journalctl -u "$one" --no-pager)
same "it is ready when it has said so" "active running" "$(property "$one" ActiveState) $(property "$one" SubState)"
within 30 number 1
same "a GPU" 1 "$(gpus | wc -w)"
gpu=$(gpus)
gpu=${gpu% }
contains_types()
{
	[ -d "/sys/class/mdev_bus/$gpu/mdev_supported_types/openvgpu-64mq" ]
}
holds "it has types with engines" "$(ls "/sys/class/mdev_bus/$gpu/mdev_supported_types")" within 20 contains_types

same "its process is nobody's, and may do nothing" "yes 0000000000000000 1" \
	"$([ "$(of_process "$one" Uid)" -ge 60000 ] && echo yes) $(of_process "$one" CapBnd) $(of_process "$one" NoNewPrivs)"
run "systemd finds it safe" 0 systemd-analyze security --threshold=25 --no-pager "$one"
tail -n 1 "$said"

# It computes in there.
echo "$vgpu" >"/sys/class/mdev_bus/$gpu/mdev_supported_types/openvgpu-64mq/create"
modprobe vfio_iommu_type1
run "a vGPU computes" 0 timeout 120 /src/build/tests/guest/compute --vfio "$vgpu"
cat "$said"
run "its control socket" 0 python3 -c "
import socket
s = socket.socket(socket.AF_UNIX)
s.connect('/run/openvgpu-soft-256M/control')
s.sendall(b'stats\n')
print(s.makefile().readline())"
contains "and what it says" '"function_level_resets"'

mkdir -p /etc/openvgpu
printf 'SIZE=128M\nOPTIONS=--slices 7/8 --board LAB\n' >/etc/openvgpu/soft-lab.conf
run "another one, from a file" 0 systemctl start "$other"
within 30 number 2
same "two GPUs" 2 "$(gpus | wc -w)"
holds "with its options" "$(cat /sys/class/mdev_bus/*/openvgpu/board)" grep -qx LAB /sys/class/mdev_bus/*/openvgpu/board

run "it stops" 0 systemctl stop "$one"
within 30 number 1
same "its GPU is gone, with its vGPU" "1 " "$(gpus | wc -w) $(ls /sys/bus/mdev/devices 2>/dev/null)"
systemctl kill -s KILL "$other"
within 30 number 0
same "killed, too" "0 failed" "$(gpus | wc -w) $(property "$other" ActiveState)"
run "and started again" 0 systemctl start "$other"
within 30 number 1
same "it is there again" 1 "$(gpus | wc -w)"
gpu=$(gpus)
run "the machine removes it" 0 eval "echo 1 >/sys/bus/pci/devices/${gpu% }/remove"
same "its unit waits" "0 active" "$(gpus | wc -w) $(property "$other" ActiveState)"
run "a scan of the bus" 0 eval "echo 1 >/sys/bus/pci/rescan"
within 30 number 1
same "finds it again" 1 "$(gpus | wc -w)"
run "it stops, too" 0 systemctl stop "$other"
unload()
{
	modprobe -r openvgpu
}
holds "the module can be unloaded" "used by $(cat /sys/module/openvgpu/refcnt)" within 30 unload
finish
