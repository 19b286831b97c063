#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: the GPU is gone after it
#
# The end of a vGPU and of its GPU, in every way it can come, and whether guest
# memory is given back too early in any of them.
exec /src/tests/vfio/run lifecycle aer stale removal
