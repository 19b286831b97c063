#!/bin/sh
# SPDX-License-Identifier: MIT
#
# mdevctl.sh: the life of a mediated device on a software GPU. As root, after prepare.sh.
set -eu

parent=f000:00:00.0
type=openvgpu-64ma
uuid=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
device=/sys/bus/mdev/devices/$uuid

# same WHAT EXPECTED SEEN
same()
{
	if [ "$2" != "$3" ]; then
		echo "$1: expected '$2', saw '$3'" >&2
		exit 1
	fi
	echo "ok $1"
}

available()
{
	cat "/sys/class/mdev_bus/$parent/mdev_supported_types/$type/available_instances"
}

free=$(available)
mdevctl types --parent "$parent" --dumpjson | grep -q "\"$type\""
mdevctl define --parent "$parent" --type "$type" --uuid "$uuid" --auto
mdevctl modify --uuid "$uuid" --addattr openvgpu/display --value off
mdevctl start --uuid "$uuid"
same "started, with its attribute" "off $((free - 1))" \
	"$(sed 's/.*\[\(.*\)\].*/\1/' "$device/openvgpu/display") $(available)"
same "listed" 1 "$(mdevctl list | grep -c "^$uuid $parent $type auto (defined)")"
mdevctl stop --uuid "$uuid"
same "stopped" "$free" "$(available)"

# What udev has mdevctl do when a parent comes.
mdevctl start-parent-mdevs "$parent"
same "started with its parent" "$((free - 1))" "$(available)"
mdevctl stop --uuid "$uuid"
mdevctl undefine --uuid "$uuid"
same "nothing is left" "$free " "$(available) $(mdevctl list --defined)"
