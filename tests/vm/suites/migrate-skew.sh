#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# own machine: there are two of them, and their modules are not the same one
# kernels: 6.12
# check: none
#
# libvirt moves a domain whose guest computes to a host with another version of the
# module, and back: to the first one that could do that, if the history has it, and to
# one of tomorrow, with a minor version more. To one with a major version more it is not
# moved, and told why. The suite builds these modules, and then runs on both hosts.

first=a22b304f985ae8728c6a0acea509a41b78fc1586
folder=build/skew	# a module in each NAME/src/openvgpu.ko
gpu=0000:01:00.0
uuid=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
there=qemu+tcp://host2/system

# ---------------------------------------------------------- outside: the modules

# build NAME EDIT...: of the sources and objects of the module that is tested, which
# EDIT changes. It must find something to change.
build()
(
	. tests/vm/lib.sh
	source=$TREE/$folder/$1/src
	rm -rf "$source"
	mkdir -p "$source"
	cp -a "$(module_dir "$KERNEL")/src/." "$source"
	cd "$source"
	"${@:2}"
	! diff -qr -x '*.o' -x '.*' "$TREE/kernel" kernel || die "$1 is no other module"
	in_namespace "$VM_DIR/enter" "$ROOTFS" --bind "${source%/src}" /module -- \
		/usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		make -s -j"$(nproc)" -C "/lib/modules/$(kernel_release "$KERNEL")/build" \
		M=/module/src "${MODULE_CHECKS[@]}" modules
)

# as_first TREE: the sources of then, without their times: what differs is newer than its object
as_first()
{
	local files

	files=$(mktemp -d)
	git -C "$1" archive "$first" Kbuild kernel uapi | tar -x -C "$files"
	rsync -rlc --delete --exclude='*.o' --exclude='.*' --exclude='*.mod*' \
		--exclude='*.order' --exclude='*.symvers' --exclude='*.ko' "$files/" .
	rm -rf "$files"
}

# as_version NUMBER: each record is of that version; one has more in it
as_version()
{
	sed -i "s/^\(#define VERSION\>.*\)0x0100/\1$1/" kernel/host/vgpu/stream.c
	sed -i 's/^\tend(room, STREAM_CORE, &pack);/\tvgpu_pack(\&pack, 4, 1);\n&/' kernel/host/vgpu/migrate_save.c
}

outside()
{
	local log

	cd "$(dirname "$0")/../../.." || exit 1
	# shellcheck source=suite.sh
	. tests/vm/suite.sh
	log=$PWD/$folder/log.txt
	rm -rf "$folder"
	mkdir -p "$folder"
	if git cat-file -e "$first^{commit}" 2>/dev/null; then
		run "the first module that could move" 0 build first as_first "$PWD"
	else
		echo "skip the first module that could move: the history is too short"
		skipped=1
	fi
	run "one with a minor version more" 0 build minor as_version 0x0101
	run "one with a major version more" 0 build major as_version 0x0200
	[ "$failed" = 0 ] || finish
	tests/vm/host --kernel "$KERNEL" --name "$KERNEL-migrate-skew" --peer --mem 2048 \
		--timeout 900 tests/vm/suites/migrate-skew.sh 2>&1 | tee "$log" | grep -vE '^[0-9]+ passed'
	same "both machines have ended well" 0 "${PIPESTATUS[0]}"
	add hosts "$log"
	finish
}

[ -n "${OPENVGPU_MACHINE:-}" ] || outside

# ------------------------------------------------------------------- both hosts

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh
# shellcheck source=moving-domain.sh
. /src/tests/vm/moving-domain.sh

cd "$(mktemp -d)" || exit
modprobe -a vfio_iommu_type1 openvgpu
prepare_moving
share_consoles
console1=/peer/console.1 console2=/peer/console.2
run "libvirt" 0 listen_libvirt

# end_host: nothing is left
end_host()
{
	: >/peer/over
	[ "$failed" = 0 ] || tail -n 30 /var/log/libvirt/qemu/vm1.log
	run "its vGPU can go" 0 openvgpu remove "$uuid"
	run "its module can go" 0 rmmod openvgpu
	kill "$(cat /run/libvirtd.pid)"
	finish
}

# make_vgpu: of the module that is loaded
make_vgpu()
{
	holds "a GPU" "none in /sys/class/mdev_bus" within 20 test -d "/sys/class/mdev_bus/$gpu"
	run "a vGPU" 0 openvgpu create 256mq --uuid "$uuid"
}

# ------------------------------------------------------------- the second host

# called: the first host wants another module, or no more
called() { [ -e /peer/over ] || { [ -s /peer/wanted ] && ! cmp -s /peer/wanted loaded; }; }

if [ "$OPENVGPU_MACHINE" = 2 ]; then
	make_vgpu
	: >loaded
	until [ -e /peer/over ]; do
		within 600 called || fail "the first host" "it wants nothing any more"
		[ ! -e /peer/over ] || break
		cp /peer/wanted loaded
		run "its vGPU goes" 0 openvgpu remove "$uuid"
		run "the module goes" 0 rmmod openvgpu
		run "module $(<loaded)" 0 insmod "/src/$folder/$(<loaded)/src/openvgpu.ko"
		make_vgpu
		cp loaded /peer/loaded
	done
	cat "/sys/class/mdev_bus/$gpu/openvgpu/last_error" >"$said"
	contains "the last one has said why" "of version 1.0 is not known here: update openvgpu on the source's host"
	end_host
fi

# -------------------------------------------------------------- the first host

make_vgpu
define_moving vm1 "$uuid"
tell_capabilities
run "the guest computes" 0 start_moving vm1 || end_host

# has NAME: the other host gets this module
has()
{
	echo "$1" >/peer/new
	mv /peer/new /peer/wanted
	holds "the other host has module $1" "$(cat /peer/loaded)" within 300 cmp -s /peer/wanted /peer/loaded
}

moves_there() { virsh migrate-setmaxdowntime vm1 10000 >/dev/null && virsh migrate vm1 "$there" --live --p2p; }

for name in first minor; do
	[ -e "/src/$folder/$name/src/openvgpu.ko" ] || continue
	has "$name" || end_host
	run "it goes to module $name" 0 moves_there || end_host
	holds "and computes" "$(words "$console2.log")" computes "$console2"
	virsh -c "$there" migrate-setmaxdowntime vm1 10000 >/dev/null
	run "it comes from module $name" 0 virsh -c "$there" migrate vm1 qemu+tcp://host1/system --live --p2p || end_host
	holds "and computes" "$(words "$console1.log")" computes "$console1"
done
has major || end_host
run "it does not go to module major" fails moves_there
cat "$said"
holds "and computes" "$(words "$console1.log")" computes "$console1"
run "it is told to end" 0 end_moving vm1
holds "it has ended" "$(words "$console1.log")" within 120 ended vm1
same "no result was wrong" "" "$(wrong "$console1" "$console2")"
echo "# $(oks "$console1" compute) right here, $(oks "$console2" compute) there"
end_host
