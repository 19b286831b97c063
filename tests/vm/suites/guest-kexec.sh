#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1200
# own machine: its guest starts two kernels, which takes all of the processors
# kernels: 6.12
# check: none
#
# A guest that gives itself to another kernel (kexec) while its vGPU writes to its
# memory: what the new kernel has there stays as it is, and the vGPU works for it.
# vfio-device (master) has what each kernel of the host does about it.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

modprobe -a vfio_iommu_type1 openvgpu || { fail modprobe "status $?"; finish; }
vgpu=$(</proc/sys/kernel/random/uuid)
run create 0 openvgpu create 256mq --uuid "$vgpu"

payload=$(mktemp -d) share=$(mktemp -d)
cp /src/build/tests/guest/{compute,kexec} "$payload/"
cat >"$payload/run" <<'END'
#!/bin/sh
if grep -q second_kernel /proc/cmdline; then
	./kexec --look 3 || exit
	for device in /sys/bus/pci/devices/*; do
		! grep -qx PCI_ID=1234:5248 "$device/uevent" || break
	done
	# As a driver does that finds a device in any state.
	echo 1 >"$device/reset" || exit
	exec ./compute --seed 2
fi
exec ./kexec /out/vmlinuz /out/initramfs.cpio \
	"console=ttyS0 quiet panic=-1 pci=lastbus=0 guestvm_out second_kernel"
END
chmod +x "$payload/run"

# kexec takes the compressed kernel, and the second one needs all of it again.
release=$(</src/build/guest/6.12/release)
kernel=/usr/lib/modules/$release/vmlinuz
[ -e "$kernel" ] || kernel=/boot/vmlinuz-$release
cp "$kernel" "$share/vmlinuz"
mkdir "$share/more"
cp -a "$payload" "$share/more/payload"
{
	cat /src/build/guest/6.12/initramfs.cpio
	(cd "$share/more" && find . | cpio --quiet -o -H newc)
} >"$share/initramfs.cpio"

status=0
guest --vgpu "$vgpu" --payload "$payload" --out "$share" --mem 768 --timeout 600 --name kexec || status=$?
same "the second kernel's memory is its own, and the vGPU works for it" 0 "$status"
same "there were two kernels" 2 "$(grep -c '^guest: up ' /out/guest-kexec.log)"
run remove 0 openvgpu remove "$vgpu"
finish
