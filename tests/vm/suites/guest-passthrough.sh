#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --iommu --timeout 900
# own machine: it has an IOMMU
# kernels: 6.12
#
# A whole GPU given to a guest with vfio-pci: the driver in the guest is the one that
# drives vGPUs, and finds on it what it finds on them.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

address=0000:01:00.0
run vfio-pci 0 modprobe -a vfio-pci vfio_iommu_type1
echo vfio-pci >/sys/bus/pci/devices/$address/driver_override
run bound 0 sh -c "echo $address >/sys/bus/pci/drivers_probe"

mkdir -p /tmp/whole
cp /src/build/tests/guest/{compute,drm,kms} /tmp/whole/
cat >/tmp/whole/run <<'RUN'
#!/bin/sh
rmmod refgpu
insmod /more-modules/refgpu.ko whole=1
dmesg | grep refgpu | tail -n 3
./drm && ./compute --drm && ./kms --frames 3
status=$?
dmesg | tail -n 20
exit $status
RUN
chmod +x /tmp/whole/run
status=0
guest --name whole --payload /tmp/whole --module refgpu --mem 512 \
	--timeout 600 --qemu-arg -device --qemu-arg "vfio-pci,host=$address" \
	>/tmp/whole.log 2>&1 || status=$?
cat /tmp/whole.log
sed -i 's/^\[[^]]*\] //' /tmp/whole.log
passed=$((passed + $(grep -c '^ok ' /tmp/whole.log)))
failed=$((failed + $(grep -c '^not ok ' /tmp/whole.log)))
same guest-status 0 "$status"
contains guest-drives-it /tmp/whole.log 'whole GPU, hardware 1.1'
finish
