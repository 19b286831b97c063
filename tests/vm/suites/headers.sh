#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.12
#
# The module compiles against the headers of every kernel, and against headers
# with backports; once for all kernels.

exec "$(dirname "$0")/../check-headers"
