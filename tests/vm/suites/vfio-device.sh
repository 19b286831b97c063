#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
#
# What a VMM sees of a vGPU: information, config space, bus mastering, regions,
# mappings, interrupts; and what the administrator sees: types and capacity.
exec /src/tests/vfio/run info config master region mapping irq capacity
