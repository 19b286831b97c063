#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800 --qemu-arg -device --qemu-arg cirrus-vga --append iomem=relaxed
# own machine: it has a cirrus-vga and a kernel that shows its memory; the GPU is gone after it
#
# What guests show: heads of the native personality and the bochs personality,
# driven as firmware and drivers do, the choice between the two, the frame-rate
# limit; and what a VMM sees of it: the display window, its monitor, dma-bufs, these
# also on another GPU, which this machine has for it.

# What takes long and is no matter of the kernel's version runs on two of them.
case ${OPENVGPU_KERNEL:-} in
6.12 | debug) pacing=pacing ;;
*) pacing='' ;;
esac
exec /src/tests/vfio/run heads bochs personality $pacing display monitor import dmabuf
