#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
#
# Heads of vGPUs with the native personality, driven as a guest's driver would.
exec /src/tests/vfio/run heads
