#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
# own machine: half a minute of work, so that two suites run at a time
#
# What a VMM sees of a vGPU: information, config space, bus mastering, regions,
# mappings, interrupts; and what the administrator sees: types and capacity.
exec /src/tests/vfio/run info config master region mapping irq capacity
