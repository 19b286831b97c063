#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: a minute and a half of work, so that two suites run at a time
#
# What a VMM sees of a vGPU: information, config space, bus mastering, regions,
# mappings, a processor of KVM that uses them, interrupts; what the administrator sees:
# types, capacity and work mode. Then vGPUs at work: the path without traps, guest
# memory, reset, many at once, errors of the GPU, and a guest that attacks its neighbours.

# What takes long and is no matter of the kernel's version runs on two of them.
case ${OPENVGPU_KERNEL:-} in
6.12 | debug) capacity='capacity work_mode tenant' ;;
*) capacity='' ;;
esac
# shellcheck disable=SC2086 # words
exec /src/tests/vfio/run info config master region mapping processor irq $capacity \
	fastpath dma reset share errors isolation stress
