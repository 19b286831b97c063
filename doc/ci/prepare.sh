#!/bin/sh
# SPDX-License-Identifier: MIT
#
# prepare.sh [DEB]...: two software GPUs of 256 MiB, for a job that tests what manages
# vGPUs. DEB are OpenVGPU's packages, unless they are installed already. As root, on a
# Debian machine that is thrown away afterwards.
set -eu

if [ $# != 0 ]; then
	apt-get update
	apt-get install -y "linux-headers-$(uname -r)" "$@"
fi
modprobe vfio_iommu_type1
# There may be a module without them.
modprobe -r openvgpu
modprobe openvgpu soft_gpus=2 soft_vram=256
udevadm settle
openvgpu doctor
openvgpu types
