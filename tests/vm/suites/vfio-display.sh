#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 1800
#
# What a VMM sees of a vGPU's heads: the display window, its monitor, dma-bufs.
# The GPU is gone after it.
exec /src/tests/vfio/run display monitor dmabuf
