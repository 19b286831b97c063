#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "--slices 7/8" --timeout 900
# own machine: GPUs of two geometries, one of which is gone after it; it measures, too
# check: 6.12
#
# GPU instances: what is created where, on a GPU of 8 compute slices and on one of 7;
# what an administrator does with them; work in several at the same time, hostile
# neighbours among it; and a GPU that is gone while its instances work.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

# on GPU PROGRAM...
on()
{
	local gpu=$1

	shift
	OPENVGPU_GPU=$gpu /src/tests/vfio/run "$@" 2>&1 | tee /tmp/on.log |
		grep --line-buffered -vE '^[0-9]+ passed'
	add "$gpu" /tmp/on.log
}

on 0000:01:00.0 spatial_place spatial_move spatial_control spatial_work \
	spatial_hostile spatial_compute
on 0000:02:00.0 spatial_place spatial_move spatial_control
on 0000:01:00.0 spatial_removal
finish
