#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 4G" --mem 4096 --timeout 1500
# own machine: its guests are slow, and need both processors
# kernels: 6.12
# check: none
# guests: debug
#
# The guest's driver on a vGPU, as guest-drm, in guests whose kernel checks itself:
# KASAN, lockdep, DMA, kmemleak. Their logs have nothing of these.

GUEST_KERNEL=debug exec /src/tests/vm/suites/guest-drm.sh computing display unplugged resets \
	asleep_for_a_moment
