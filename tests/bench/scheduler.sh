#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scheduler.sh [FILE...]: how well the scheduler shares. Writes
# build/bench/scheduler.json: the simulator's results, and those of each FILE
# (comma-separated result objects, as measured on the module). make bench gives
# it build/bench/scheduler-module.results if there is one. A line for each
# figure goes to standard error; MISSED says that a target is not met.

set -euo pipefail

case ${1:-} in
-h | --help) sed -n '4,/^[^#]/{/^#/{s/^# \{0,1\}//;p}}' "$0"; exit 0 ;;
esac

tree=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$tree/build}
make -s -C "$tree/tests/sim" BUILD="$build"
mkdir -p "$build/bench" "$build/tests/bench"
${CC:-gcc} -O2 -g -std=gnu11 -Wall -Wextra -Wno-missing-field-initializers -D_GNU_SOURCE \
	-I"$tree/kernel/host" -I"$tree/uapi" "$tree/tests/bench/scheduler.c" \
	"$build/tests/sim/libsim.a" -o "$build/tests/bench/scheduler"
# shellcheck disable=SC1003 # a backslash for tr
model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1 | tr -d '"\\')
{
	printf '{"schema":1,"machine":{"kernel":"%s","processor":"%s","processors":%d,' \
		"$(uname -r)" "$model" "$(nproc)"
	printf '"gpu":"simulator: tests/sim; module: refgpu"},\n"results":[\n'
	"$build/tests/bench/scheduler"
	for file in "$@"; do
		printf ',\n'
		cat "$file"
	done
	printf ']}\n'
} >"$build/bench/scheduler.json.new"
python3 -m json.tool "$build/bench/scheduler.json.new" /dev/null
mv "$build/bench/scheduler.json.new" "$build/bench/scheduler.json"
echo "bench: $build/bench/scheduler.json"
