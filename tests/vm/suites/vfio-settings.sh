#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: it makes the GPU hang, and the scheduler of all vGPUs is changed
#
# The administrator and the scheduler: settings, what is told of its work, and
# vGPUs that hang again and again.
exec /src/tests/vfio/run settings accounts guard
