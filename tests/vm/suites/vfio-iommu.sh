#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --iommu --timeout 300
# own machine: it has an IOMMU
# check: 6.12
#
# With an IOMMU in the host: every address the GPU uses is a mapped one.
exec /src/tests/vfio/run fastpath dma share
