#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "--vram 256M" --timeout 1200
# own machine: its guests need all of the GPU and both processors
#
# Real guests under KVM: each computes on its vGPU and compares with its own
# processor. Their machines differ in what a VMM can make of a vGPU: the PCI bus it
# is on, the pages of the guest's memory, how VFIO is told of them.
#
# On every kernel a guest computes, and its successor on the same vGPU is killed at
# work; guests side by side are our module's affair, and are looked at on one.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

# payload FOLDER COMMAND: a folder whose run is COMMAND.
payload()
{
	mkdir -p "$1"
	cp /src/build/tests/guest/compute "$1/"
	printf '#!/bin/sh\n%s\n' "$2" >"$1/run"
	chmod +x "$1/run"
}

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
parent=/sys/bus/pci/drivers/openvgpu/0000:01:00.0
types=$parent/mdev_supported_types
other_types=/sys/bus/pci/drivers/openvgpu/0000:02:00.0/mdev_supported_types
for folder in "$types" "$other_types"; do
	[ -d "$folder" ] || { fail types "no $folder"; finish; }
done

first=$(</proc/sys/kernel/random/uuid)
second=$(</proc/sys/kernel/random/uuid)
third=$(</proc/sys/kernel/random/uuid)
if echo "$first" >"$types/openvgpu-256mq/create" &&
   echo "$second" >"$types/openvgpu-512mc/create" &&
   echo "$third" >"$other_types/openvgpu-128mc/create"; then
	pass create-by-echo
else
	fail create-by-echo "$(cat "$parent/openvgpu/last_error" 2>&1)"
	finish
fi

payload /tmp/one './compute --seed 1'
# Through iommufd, where the kernel has it for emulated devices.
iommufd=() vgpu=$first
modprobe -q iommufd
if [ -c /dev/iommu ] && compgen -G "/sys/bus/mdev/devices/$first/vfio-dev/vfio*/dev" >/dev/null; then
	iommufd=(--qemu-arg -object --qemu-arg "iommufd,id=iommufd0")
	vgpu=$first,iommufd=iommufd0
fi
status=0
guest --vgpu "$vgpu" "${iommufd[@]}" --payload /tmp/one --timeout 180 || status=$?
if [ "$status" = 0 ]; then
	pass "guest-computes${iommufd:+-through-iommufd}"
else
	fail "guest-computes${iommufd:+-through-iommufd}" "exit status $status"
fi

# The first vGPU again, which its next guest finds as if new, and one beside it with
# the other machine that QEMU offers, where a vGPU is no function of PCI Express,
# huge pages as its memory, and vGPUs of two GPUs.
# shellcheck disable=SC2016 # for the guest's shell
payload /tmp/two '
grep -q i440FX /sys/class/dmi/id/product_name || exit 2
count=0
for device in /sys/bus/pci/devices/*; do
	grep -qx PCI_ID=1234:5248 "$device/uevent" || continue
	./compute --pci "${device##*/}" --seed 2 || exit
	count=$((count + 1))
done
echo "computed on $count vGPUs"
[ "$count" = 2 ]'
two_guests()
{
	local pages=160 left right status_left=0 status_right=0

	echo "$pages" >/proc/sys/vm/nr_hugepages
	same huge-pages "$pages" "$(</proc/sys/vm/nr_hugepages)"
	guest --vgpu "$first" --payload /tmp/one --timeout 240 --name left &
	left=$!
	guest --vgpu "$second" --vgpu "$third" --payload /tmp/two --timeout 300 --name right \
		--qemu-arg -object --qemu-arg memory-backend-memfd,id=pages,size=256M,hugetlb=on,hugetlbsize=2M \
		--qemu-arg -machine --qemu-arg pc,memory-backend=pages &
	right=$!
	wait "$left" || status_left=$?
	wait "$right" || status_right=$?
	if [ "$status_left" = 0 ] && [ "$status_right" = 0 ]; then
		pass two-guests-compute-at-once
	else
		fail two-guests-compute-at-once "exit statuses $status_left and $status_right"
	fi
}
! tries_everything || two_guests

# A QEMU killed in the middle of work leaves a vGPU that can be removed at once. Its
# guest, too, has found the first vGPU as if new.
payload /tmp/long './compute --rounds 1000'
guest --vgpu "$first" --payload /tmp/long --timeout 240 --name killed >/tmp/killed.log 2>&1 &
killed=$!
until grep -q '\] ok ' /tmp/killed.log || ! kill -0 "$killed"; do
	sleep 0.5
done
if grep -q '\] ok ' /tmp/killed.log; then
	kill -9 "$(cat /run/guest/killed.pid)"
	wait "$killed"
	if timeout 20 sh -c "echo 1 >/sys/bus/mdev/devices/$first/remove" &&
	   [ ! -e "/sys/bus/mdev/devices/$first" ]; then
		pass remove-after-kill-9
	else
		fail remove-after-kill-9 "the vGPU is still there after 20 s"
	fi
else
	tail -n 5 /tmp/killed.log
	fail remove-after-kill-9 "the guest never computed, so nothing was killed at work"
	kill -9 "$(cat /run/guest/killed.pid)"
	wait "$killed"
fi

echo 1 >"/sys/bus/mdev/devices/$second/remove"
echo 1 >"/sys/bus/mdev/devices/$third/remove"
if modprobe -r openvgpu; then
	pass unload-after-guests
else
	fail unload-after-guests "modprobe -r openvgpu failed; used by $(cat /sys/module/openvgpu/refcnt)"
fi
finish
