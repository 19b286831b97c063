#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: it measures how long others wait
# check: 6.1 6.12
#
# VMMs that stand in everybody's way: what the administrator and other tenants
# notice of it.
modprobe -q fuse
exec /src/tests/vfio/run hostile_vmm
