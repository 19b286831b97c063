#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: refgpu.ko has the GPU that elsewhere openvgpu.ko has
# kernels: 6.12
# check: none
#
# 100,000 jobs of a process that attacks another one, in one run, on a whole GPU: whole-gpu
# has as many as there is time for in every run.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

run load 0 modprobe refgpu whole=1
attack 100000
unload_refgpu
finish
