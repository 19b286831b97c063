#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: allocations of its whole machine fail
# kernels: debug
#
# Each allocation of create, open, map, the ioctls, and of saving and loading fails once.
exec /src/tests/vfio/run ../fuzz/alloc
