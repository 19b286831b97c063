#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
#
# Every family of GPUs in one host machine, each tested by the conformance
# programs (tests/vfio/families). Here, outside, screenshots of their physical
# outputs are taken when a test asks for one: they are what a person would see.

set -uo pipefail

tree=$(cd "$(dirname "$0")/../../.." && pwd)
build=${BUILD:-$tree/build}
name=${KERNEL:?the name of a kernel}-family
machine=$build/vm/$name

arguments=()
while read -r family _ _ _ words; do
	[[ -n $family && $family != \#* && $words != - ]] || continue
	for word in $words; do
		arguments+=(--qemu-arg "$word")
	done
done <"$tree/tests/vfio/families"

"$tree/tests/vm/host" --kernel "$KERNEL" --name "$name" --timeout "${TIMEOUT:-900}" \
	"${arguments[@]}" "$tree/tests/vfio/run-families" "$@" &
host=$!
python3 "$tree/tests/vfio/screenshots.py" "$machine/qmp.sock" "$machine/out/screenshots" \
	/vm/out/screenshots "$host" &
shooter=$!
wait "$host"
status=$?
wait "$shooter" || status=$?
exit "$status"
