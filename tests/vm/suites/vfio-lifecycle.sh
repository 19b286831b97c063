#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: it makes the GPU hang, and the GPU is gone after it
#
# The administrator and the scheduler: settings, what is told of its work, and
# vGPUs that hang again and again. Then the end of a vGPU and of its GPU, in every
# way it can come, and whether guest memory is given back too early in any of them.

# What takes long and is no matter of the kernel's version runs on two of them.
case ${OPENVGPU_KERNEL:-} in
6.12 | debug) guard=guard ;;
*) guard='' ;;
esac
exec /src/tests/vfio/run settings accounts $guard lifecycle aer stale removal
