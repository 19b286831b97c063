#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: whatever it leaves behind, nobody else is to find
# check: 6.12
#
# VMMs that do anything, for a while, with a fixed seed. `fuzz-vmm.sh MINUTES SEED`
# goes on that long, a seed after the other; tests/fuzz/campaign calls it so.

modprobe -q fuse
minutes=${1:-} FUZZ_SEED=${2:-1}
export FUZZ_SEED
[ -n "$minutes" ] || exec /src/tests/vfio/run ../fuzz/vmm

passed=0 failed=0 log=/tmp/fuzz-vmm.log
while [ "$SECONDS" -lt $((minutes * 60)) ]; do
	FUZZ_SECONDS=50 /src/tests/vfio/run ../fuzz/vmm | tee "$log"
	[[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || break
	passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
	[ "$failed" = 0 ] || break
	FUZZ_SEED=$((FUZZ_SEED + 1))
done
[ "$((passed + failed))" != 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
