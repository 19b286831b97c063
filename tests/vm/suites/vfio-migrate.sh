#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G" --gpu "--vram 1G" --timeout 900
# own machine: it has two GPUs, and one is gone after it
# check: 6.12
#
# vGPUs that are saved and loaded: states, registers, guests that work all the while,
# streams that are damaged or for another vGPU, VMMs and GPUs that fail meanwhile.
# `vfio-migrate.sh N` moves each guest that is busy N times.

# What released versions saved; and what this one saves, for tests/vfio/streams.
export OPENVGPU_STREAMS=/tmp/streams OPENVGPU_STREAMS_OUT=/out/streams
mkdir -p "$OPENVGPU_STREAMS" "$OPENVGPU_STREAMS_OUT"
for stream in /src/tests/vfio/streams/*.gz; do
	[ ! -e "$stream" ] || zcat "$stream" >"$OPENVGPU_STREAMS/$(basename "$stream" .gz)"
done
[ $# = 0 ] || export OPENVGPU_MOVES=$1
exec /src/tests/vfio/run migrate_plain migrate migrate_precopy migrate_hostile migrate_faults migrate_log migrate_golden migrate_removal
