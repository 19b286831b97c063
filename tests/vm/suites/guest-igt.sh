#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: refgpu.ko has the GPU that elsewhere openvgpu.ko has
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# guest-igt.sh [PROGRAM]...: IGT's tests of DRM drivers, and gputop, judge the guests'
# driver, on a whole GPU in the machine that has it. tests/guest/igt-tests says which
# programs run, and what of them does not; tests/guest/igt-expected, which tests fail,
# and why. A test that fails and is not there is a failure, and so is one that passes
# and is there, one that IGT skips, and a program that is missing.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

lists=/src/tests/guest
programs=/usr/libexec/igt-gpu-tools
seconds=60
# An interrupt may be three frames late here, and IGT compare the frame before.
attempts=3
# Small pictures, and no judgement of times: the processor is emulated.
export IGT_KMS_RESOLUTION=lowest INTEL_SIMULATION=1
# IGT shall not load the drivers of all vendors.
export IGT_FORCE_DRIVER=refgpu IGT_PLAIN_OUTPUT=1

# verdicts PROGRAM LOG: for each test a line: name, result, what was said before
verdicts()
{
	awk -v program="$1" '
		# What was said is repeated there.
		/^\*\*\*\* DEBUG/ { repeats = 1 }
		/^\*\*\*\*  END/ { repeats = 0 }
		repeats { next }
		/^Starting subtest: / { test = "@" $3; said = "" }
		/^Test requirement: |CRITICAL: / {
			sub(/.*CRITICAL: /, "")
			said = said (said == "" ? "" : "; ") $0
		}
		/^Subtest .*: [A-Z]+ \(/ {
			name = $2
			sub(/:$/, "", name)
			print program "@" name, $3, said
			test = said = ""
		}
		/^(SUCCESS|FAIL|SKIP|CRASH|TIMEOUT) \(/ { print program, $1, said }
		END { if (test != "") print program test, "UNFINISHED", said }' "$2"
}

# judge TEST RESULT SAID: counts it, unless it is to be tried again
judge()
{
	local reason=${expected[$1]:-}

	unset "expected[$1]"
	case $2,$reason in
	SUCCESS,) pass "$1" ;;
	SUCCESS,*) fail "$1" "it passes; igt-expected says that it fails: $reason" ;;
	SKIP,*) fail "$1" "IGT skips it, and igt-tests does not leave it out: $3" ;;
	FAIL,?*) pass "$1 (fails, as expected)" ;;
	FAIL,)
		[ "$attempt" = "$attempts" ] || {
			echo "# $1 is tried again: $3"
			again+=("${1#"$program"}")
			return
		}
		fail "$1" "$attempts times, $3"
		;;
	UNFINISHED,*) fail "$1" "$(ending)" ;;
	*) fail "$1" "$2: $3" ;;
	esac
}

# ending: of the program
ending()
{
	case $status in
	124 | 137) echo "not done after $seconds s" ;;
	*) echo "it ended with status $status: $(tail -n 3 "$log" | tr '\n' ' ')" ;;
	esac
}

# run_program PROGRAM [SELECTION]: its tests, or those that the selection matches; in
# $again, what is to be tried again
run_program()
{
	local program=$1 selection=${2:-} log=/out/$1-$attempt.log options=() status=0 before

	[ -z "$selection" ] || options=(--run-subtest "$selection")
	timeout -k 5 "$seconds" "$programs/$program" "${options[@]}" >"$log" 2>&1 </dev/null ||
		status=$?
	verdicts "$program" "$log" >/tmp/verdicts
	# shellcheck disable=SC2154 # suite.sh counts
	before=$failed again=()
	while read -r test result said; do
		judge "$test" "$result" "$said"
	done </tmp/verdicts
	# A test that fails as expected makes it 98, skipped ones 77.
	[[ -s /tmp/verdicts && $status == @(0|98) || $failed != "$before" ]] ||
		fail "$program" "$(ending)"
}

# igt PROGRAM [SELECTION]
igt()
{
	local start=$SECONDS attempt again=() selection=${2:-}

	[ -x "$programs/$1" ] || { fail "$1" "IGT does not have it"; return; }
	for ((attempt = 1; attempt <= attempts; attempt++)); do
		run_program "$1" "$selection"
		[ ${#again[@]} -gt 0 ] || break
		# Nothing of a program that is one test.
		selection=${again[*]#@} selection=${selection// /,}
	done
	echo "# $1: $((SECONDS - start)) s"
}

run load 0 modprobe refgpu whole=1
[ -e /dev/dri/card0 ] || {
	fail bound "refgpu does not drive the GPU: $(dmesg | tail -n 3)"
	finish
}
# gputop reads fdinfo: of a process with a job that does not end, all of the engine's
# time, and its memory.
gputop_shows_jobs()
{
	local tests child kib status=0

	/src/build/tests/guest/drm death >/tmp/death.log 2>&1 &
	tests=$!
	within 60 grep -q '# waits for the end' /tmp/death.log || {
		fail gputop-job "no job runs: $(cat /tmp/death.log)"
		return
	}
	child=$(pgrep -P "$tests")
	timeout 60 gputop -n 4 -d 1 >/out/gputop.log 2>&1 || status=$?
	same gputop-status 0 "$status"
	kib=$(awk '/^drm-total-/ { sum += $2 } END { print sum + 0 }' "/proc/$child"/fdinfo/*)
	# The job outlives the process, until the watchdog ends it.
	echo 1 >/sys/module/refgpu/parameters/hang_seconds
	kill -9 "$child"
	wait "$tests"
	# process, memory, what of it is resident, time, name
	sed -nE 's/^ *([0-9]+) +([0-9]+[BKMG]) +([0-9]+[BKMG]) +\| *([0-9]+)[0-9.]*%.*\| *drm *$/\1 \2 \3 \4/p' \
		/out/gputop.log | tail -n 1 >/tmp/gputop.line
	read -r pid total resident percent </tmp/gputop.line
	same gputop-client "$child" "${pid:-none: $(tail -n 5 /out/gputop.log)}" || return
	holds gputop-memory "fdinfo has a total of $kib KiB, gputop $total, resident $resident" \
		[ "$kib" -gt 0 ] && [ "$total $resident" = "${kib}K ${kib}K" ]
	holds gputop-time "a job that does not end has $percent % of the engine" [ "$percent" -ge 90 ]
}
[ $# -gt 0 ] || gputop_shows_jobs

# Two monitors are as good a test as four, in half of the time.
for head in 3 4; do
	echo off >"/sys/class/drm/card0-Virtual-$head/status"
done

declare -A expected
while IFS=' ' read -r test reason; do
	[[ $test == '#'* || -z $test ]] || expected[$test]=$reason
done <$lists/igt-expected

while read -r program selection; do
	[[ $program != '#'* && -n $program ]] || continue
	[ $# = 0 ] || [[ " $* " == *" $program "* ]] || continue
	igt "$program" "$selection"
done <$lists/igt-tests
for test in "${!expected[@]}"; do
	[ $# != 0 ] || fail "$test" "igt-expected names it, and it did not run"
done

unload_refgpu
finish
