# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What suites share: counting, and looking at what commands say. Sourced, never
# run: on the outer machine, in the root file system or in the host machine.

# shellcheck source=sum.sh
. "$(dirname "${BASH_SOURCE[0]}")/sum.sh"

passed=0 failed=0 skipped=0
# What the last command of run() said.
out=$(mktemp) err=$(mktemp)

pass()
{
	echo "ok $1"
	passed=$((passed + 1))
}

fail()
{
	echo "not ok $1: $2"
	failed=$((failed + 1))
}

# add NAME LOG: counts what a run has counted that ended with such a line
add()
{
	local p f s line

	# There is no /dev/fd in the host machine.
	if line=$(sum_line "$2") && read -r p f s <<<"$line"; then
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	else
		fail "$1" "it ended early: $(tail -n 3 "$2" | tr '\n' ' ')"
	fi
}

# finish: the last line, and the suite's end
finish()
{
	[ $((passed + failed + skipped)) != 0 ] || fail "${0##*/}" "it has run no test"
	print_sum "$passed" "$failed" "$skipped"
	[ "$failed" = 0 ]
	exit
}

# run NAME STATUS CMD...: the command must end with STATUS; what it says is in
# $out and $err then
run()
{
	local name=$1 want=$2 status=0

	shift 2
	"$@" >"$out" 2>"$err" || status=$?
	if [ "$status" = "$want" ]; then
		pass "$name"
	else
		fail "$name" "'$*' ended with $status, not $want; said '$(cat "$out" "$err" | tail -c 500 | tr '\n' ' ')'"
		return 1
	fi
}

# same NAME WANT GOT
same()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "expected '$2', saw '$3'"
		return 1
	fi
}

# contains NAME FILE TEXT
contains()
{
	if grep -qF -e "$3" "$2"; then
		pass "$1"
	else
		fail "$1" "no '$3' in '$(head -c 500 "$2" | tr '\n' ' ')'"
	fi
}

# prints NAME SAID CMD...: CMD must say SAID somewhere; what it says is shown, too
prints()
{
	local name=$1 want=$2

	shift 2
	"$@" >"$out" 2>"$err"
	cat "$out" "$err"
	contains "$name" "$out" "$want"
}

# holds NAME SAW CMD...: CMD must succeed
holds()
{
	local name=$1 saw=$2

	shift 2
	if "$@"; then
		pass "$name"
	else
		fail "$name" "$saw"
	fi
}

# tries_everything: whether what no kernel has a part in is tried on this one: on
# one kernel it is, and with the debug kernel's checks
tries_everything()
{
	case ${OPENVGPU_KERNEL:-} in
	6.12 | debug) ;;
	*) return 1 ;;
	esac
}

# within S CMD...: CMD succeeds within S seconds
within()
{
	local until=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.3
	done
}

# unload_refgpu: when the last fence of its users has been freed, a moment after they ended
unload_refgpu()
{
	within 20 grep -qx 0 /sys/module/refgpu/refcnt
	run unload 0 modprobe -r refgpu
}

# driver_warnings: what refgpu.ko and DRM had to say
driver_warnings()
{
	dmesg --level=emerg,alert,crit,err,warn | grep -E 'refgpu|drm|publish'
}

# attack JOBS: on a whole GPU that refgpu.ko drives, one process attacks another one with
# so many jobs; each run tries others. The driver names the jobs that were stopped, not
# all of them, and has nothing else to say.
attack()
{
	local before

	before=$(driver_warnings | wc -l)
	timeout $((60 + $1 / 70)) /src/build/tests/guest/hostile --jobs "$1" >/tmp/hostile.log 2>&1
	cat /tmp/hostile.log
	add hostile /tmp/hostile.log
	same hostile-log '' "$(driver_warnings | tail -n +$((before + 1)) |
		grep -vE 'refgpu 0000:.* a job of client|publish: .* callbacks suppressed' | head -n 3)"
}
