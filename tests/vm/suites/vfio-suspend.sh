#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
#
# System suspend and resume with vGPUs and instances that nobody has open, and with a
# software GPU. The machine's 9p file systems are dead after it, so the end of this run
# is judged from outside.

set -u

tree=$(cd "$(dirname "$0")/../../.." && pwd)
build=${BUILD:-$tree/build}
name=${KERNEL:?the name of a kernel}-suspend
# shellcheck source=suite.sh
. "$tree/tests/vm/suite.sh"

# 98: the machine is switched off without a word to host.
"$tree/tests/vm/host" --kernel "$KERNEL" --name "$name" --timeout 200 \
	"$tree/tests/vfio/run-suspend" >"$out" 2>&1
grep -E '^(ok|not ok|skip|#) ' "$out"
add suspend "$out"
if complaint=$(grep -m 1 -E -f "$tree/tests/vm/splat-patterns" "$build/vm/$name/console.log"); then
	fail suspend.kernel_log "$complaint"
fi
finish
