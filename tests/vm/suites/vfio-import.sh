#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 300 --qemu-arg -device --qemu-arg cirrus-vga --append iomem=relaxed
# own machine: it has a cirrus-vga, and a kernel that shows its memory
#
# Dma-bufs of a vGPU on another GPU, which this machine has for it.
exec /src/tests/vfio/run import
