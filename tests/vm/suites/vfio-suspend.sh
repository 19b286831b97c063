#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
#
# System suspend and resume with vGPUs that nobody has open. The machine's 9p
# file systems are dead after it, so the end of this run is judged from outside.

set -uo pipefail

tree=$(cd "$(dirname "$0")/../../.." && pwd)
build=${BUILD:-$tree/build}
name=${KERNEL:?the name of a kernel}-suspend
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# 98: the machine is switched off without a word to host.
"$tree/tests/vm/host" --kernel "$KERNEL" --name "$name" --timeout 200 \
	"$tree/tests/vfio/run-suspend" >"$log" 2>&1
status=$?
grep -E '^(ok|not ok|skip|#) ' "$log"
if ! grep -qE '^[0-9]+ passed, [0-9]+ failed' "$log"; then
	tail -n 30 "$log"
	echo "not ok suspend: the program did not end (machine's status $status)"
	echo "0 passed, 1 failed"
	exit 1
fi
line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
if complaint=$(grep -m 1 -E -f "$tree/tests/vm/splat-patterns" "$build/vm/$name/console.log"); then
	echo "not ok suspend.kernel_log: $complaint"
	echo "0 passed, 1 failed"
	exit 1
fi
echo "$line"
[[ $line == *", 0 failed"* ]]
