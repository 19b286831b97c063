#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: it makes errors of the GPU
#
# vGPUs at work: the path without traps, guest memory, reset, many at once,
# errors of the GPU, and a guest that attacks its neighbours.
exec /src/tests/vfio/run fastpath dma reset share errors isolation stress
