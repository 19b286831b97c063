#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: it measures, so nobody else may use the GPU
#
# The scheduler on the real module, judged by the GPU's counters: shares,
# changes under load, hostile neighbours, vGPUs that come and go. The whole of
# it where shares are not a matter of the kernel's version; elsewhere, what
# talks to the kernel.

# What of it a kernel with its checks on has the time for, too.
case ${OPENVGPU_KERNEL:-} in
6.12) exec /src/tests/vfio/run sched_shares sched_live sched_hostile sched_churn ;;
*) exec /src/tests/vfio/run sched_live sched_churn ;;
esac
