# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the suites of clients (mdevctl, libvirt, reboot, qemu) share: commands out
# of a document, and vGPUs seen from sysfs. Sourced, never run.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
# What the last command said, as its reader sees it: errors among the rest.
said=$(mktemp)

# words FILE: its end as one line, for a message
words()
{
	tail -c 700 "$1" | tr '\r\n' '  '
}

# run NAME STATUS CMD...: the command must end with STATUS ("fails": any but 0);
# what it says is in $said then.
run()
{
	local name=$1 want=$2 status=0

	shift 2
	"$@" >"$said" 2>&1 </dev/null || status=$?
	if [ "$status" = "$want" ] || { [ "$want" = fails ] && [ "$status" != 0 ]; }; then
		pass "$name"
	else
		fail "$name" "'$*' ended with $status, not $want; said '$(words "$said")'"
		return 1
	fi
}

# contains NAME TEXT: the last command has said it
contains()
{
	if grep -qF -e "$2" "$said"; then
		pass "$1"
	else
		fail "$1" "no '$2' in '$(words "$said")'"
	fi
}

# ------------------------------------------------------ commands of a document

# split_document FILE: every block of indented lines becomes a file block.N of
# the current folder, numbered from 1. XML that is only shown is none.
split_document()
{
	rm -f block.*
	awk '/^    / { if (!inside) { inside = 1; n++ } print substr($0, 5) >"block." n; next }
	     { inside = 0 }' "$1"
	grep -l '^<domain' block.* | xargs -r rm -f
}

# do_block NAME TEXT: runs the block that has this line; its output is in $said.
# A block that is done is renamed, so that blocks_done can tell.
do_block()
{
	local name=$1 file

	file=$(grep -lF -e "$2" block.*[0-9] 2>/dev/null | head -n 1)
	if [ -z "$file" ]; then
		fail "$name" "the document has no (other) command '$2'"
		return 1
	fi
	mv "$file" "$file.done"
	run "$name" 0 bash -e "$file.done"
}

# blocks_done: nothing in the document was left out
blocks_done()
{
	local left

	left=$(cat block.*[0-9] 2>/dev/null | tr '\n' ';')
	holds "every command of the document was run" "left: $left" test -z "$left"
}

# -------------------------------------------------------------------- vGPUs

# attribute UUID NAME: prints it; of a choice, the one in force
attribute()
{
	sed 's/.*\[\(.*\)\].*/\1/' "/sys/bus/mdev/devices/$1/openvgpu/$2"
}

closed()
{
	[ "$(attribute "$1" state)" = closed ]
}

# available GPU TYPE
available()
{
	cat "/sys/class/mdev_bus/$1/mdev_supported_types/$2/available_instances"
}

# all_free NAME GPU: no vGPU is left on it, and all of its memory is free
all_free()
{
	local left

	left=$(cd "/sys/class/mdev_bus/$2" && echo *-*-*-*-*)
	same "$1" "*-*-*-*-* $(cat "/sys/class/mdev_bus/$2/openvgpu/framebuffer_total")" \
		"$left $(cat "/sys/class/mdev_bus/$2/openvgpu/framebuffer_free")"
}

# other_clients GPU: what Nova, KubeVirt and Proxmox VE read of a GPU without vGPUs and
# what they make there, see clients.py
other_clients()
{
	local line log

	log=$(mktemp)
	python3 /src/tests/unit/host/clients.py "$1" >"$log" 2>&1
	while read -r line; do
		case $line in
		"ok "*) pass "${line#ok }, $1" ;;
		"not ok "*) fail "clients, $1" "${line#not ok }" ;;
		esac
	done <"$log"
	holds "clients: all of them were tried, $1" "$(words "$log")" grep -Eqx '([0-9]+) of \1' "$log"
	all_free "clients: all room is back, $1" "$1"
}

# install_openvgpu: what the packages install, below /usr and /etc
install_openvgpu()
{
	make -s -C /src/tools/dist install BUILD=/run/openvgpu-build PREFIX=/usr &&
		install -m 755 /src/build/tools/openvgpu /usr/bin/openvgpu
}

# ------------------------------------------------------- a reboot of the machine

# reboot_machine: the suite runs anew then, and calls rebooted to go on counting
reboot_machine()
{
	echo "$passed $failed $skipped" >/out/before
	echo "# reboot"
	systemctl reboot
	sleep 60
	fail reboot "the machine is still up after 60 s"
	finish
}

rebooted() { read -r passed failed skipped </out/before; }
