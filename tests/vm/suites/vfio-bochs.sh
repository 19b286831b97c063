#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
#
# The bochs personality, driven as firmware and guest drivers do, the choice
# between personalities, and the frame-rate limit.
exec /src/tests/vfio/run bochs personality pacing
