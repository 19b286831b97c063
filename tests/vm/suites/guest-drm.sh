#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 4G" --timeout 2400
# own machine: its guests need both processors
# kernels: 6.12
#
# guest-drm.sh [PART]...: the guest's driver on a vGPU, of the pool and of a GPU instance:
# buffers, jobs, processes that attack each other, hangs, unbinding and unloading with
# and without users, memory that the VMM takes away, heads of two guests, a driver and a
# host of different age, hot-plug and hot-unplug, a reset by the host's administrator,
# machines that sleep. When a GPU dies, QEMU stops its guests for good, so no guest sees
# that.
# The guest counts its own tests. Parts are the functions named at the end, by default
# those named there, in this order.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}
types=/sys/bus/pci/drivers/openvgpu/0000:01:00.0/mdev_supported_types

kernel=${GUEST_KERNEL:-6.12} memory=512 times=(--timeout 600)
# It is large, and slow.
[ "$kernel" != debug ] || memory=1024 times=(--timeout 1800 --boot-time 300)

# payload FOLDER, its run on standard input. Beside that is unload: rmmod refgpu, when the
# last fence of its users has been freed, a moment after they ended.
payload()
{
	mkdir -p "$1"
	cp /src/build/tests/guest/{compute,drm,hostile,kms} "$1/"
	cat >"$1/unload" <<-'UNLOAD'
		#!/bin/sh
		for i in $(seq 100); do
			[ "$(cat /sys/module/refgpu/refcnt)" != 0 ] || break
			sleep 0.2
		done
		rmmod refgpu
	UNLOAD
	cat >"$1/run"
	chmod +x "$1/unload" "$1/run"
}

# create TYPE: a new vGPU, in $uuid
create()
{
	uuid=$(</proc/sys/kernel/random/uuid)
	echo "$uuid" >"$types/openvgpu-$1/create" ||
		fail "create-$1" "no vGPU: $(cat "$types/../openvgpu/last_error")"
}

# destroy UUID, if it is there still
destroy() { [ ! -e "/sys/bus/mdev/devices/$1" ] || echo 1 >"/sys/bus/mdev/devices/$1/remove"; }

# a_guest NAME [ARG...]: a guest of /tmp/NAME
a_guest()
{
	local name=$1

	shift
	guest --name "$name" --kernel "$kernel" --payload "/tmp/$name" --module refgpu \
		--mem "$memory" "${times[@]}" "$@"
}

# boot NAME [ARG...]: a guest of /tmp/NAME; its tests count
boot()
{
	local name=$1 status=0

	shift
	a_guest "$name" "$@" >"/tmp/$name.log" 2>&1 || status=$?
	sed 's/^\[[^]]*\] //' "/tmp/$name.log" >"/tmp/$name.said"
	cat "/tmp/$name.log"
	grep -qE '^(ok|not ok) ' "/tmp/$name.said" || status="$status, no test"
	passed=$((passed + $(grep -c '^ok ' "/tmp/$name.said")))
	failed=$((failed + $(grep -c '^not ok ' "/tmp/$name.said")))
	same "$name-status" 0 "$status"
}

# in_guest NAME TYPE [ARG...]: the same, on a new vGPU
in_guest()
{
	local name=$1 uuid

	create "$2" || return
	shift 2
	boot "$name" --vgpu "$uuid" "$@"
	destroy "$uuid"
}

# beside NAME CMD...: runs CMD, which counts, while a guest runs; beside_ends counts then
beside()
{
	local name=$1

	shift
	: >"/tmp/$name.log"
	(
		passed=0 failed=0
		"$@"
		finish
	) >"/tmp/$name.beside" 2>&1 &
	beside=$!
}

# The guest has ended: what it has not said by now it never says.
beside_ends()
{
	within 20 sh -c "! kill -0 $beside 2>/dev/null" || kill "$beside"
	wait "$beside"
	cat "/tmp/$1.beside"
	add "$1-beside" "/tmp/$1.beside"
}

# when NAME TEXT CMD...: runs CMD when the guest has said TEXT
when()
{
	local name=$1 text=$2

	shift 2
	within 300 grep -qsF "$text" "/tmp/$name.log" || {
		fail "$name-says" "it never said '$text'"
		return
	}
	"$@" && pass "$name-$1"
}

warnings() { dmesg --level=emerg,alert,crit,err,warn | grep -E 'openvgpu|vfio|mdev|iommu'; }

computing()
{
	local before

	payload /tmp/computing <<-'RUN'
		#!/bin/sh
		dmesg | grep -i -E 'refgpu|drm' | tail -n 5
		ls /dev/dri
		./drm && ./compute --drm && ./hostile --jobs 1000 && ./drm revoked params
		status=$?
		dmesg | tail -n 20
		exit $status
	RUN
	before=$(warnings | wc -l)
	# The test "revoked" hides what is behind.
	in_guest computing 256mc --append "mem=$((memory - 32))M"
	same host-says-nothing '' "$(warnings | tail -n +$((before + 1)))"
}

# A vGPU in a GPU instance of two slices, which goes with it.
instance()
{
	payload /tmp/instance <<-'RUN'
		#!/bin/sh
		./compute --drm && ./drm params fill-and-copy dispatch
	RUN
	in_guest instance 2-256mc
	same instance-is-gone '' "$(find "$types/../instances" -mindepth 1 -maxdepth 1 -type d)"
}

# The console, the KMS program as it is, and the ways out.
display()
{
	payload /tmp/display <<-'RUN'
		#!/bin/sh
		said() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2: $3"; fi; }
		device=$(cd /sys/class/drm/card0/device && pwd -P)
		cat /sys/class/drm/card0-*/status | tr '\n' ' '
		head -n 3 /sys/class/drm/card0-Virtual-1/modes
		# The debug kernel has no driver that has the console's part of DRM built.
		if [ ! -e /proc/lockdep_stats ]; then
			[ "$(cat /sys/class/graphics/fb0/name)" = refgpudrmfb ]
			said $? console "fb0 is $(cat /sys/class/graphics/fb0/name)"
		fi
		mount -t debugfs debugfs /sys/kernel/debug
		./kms --frames 3
		said $? kms "the program ended with $?"
		./kms --mode 640x480 --frames 6 --crc /sys/kernel/debug/dri/0 --edge
		said $? kms-crc "the program ended with $?"
		./drm params buffers fill-and-copy
		said $? drm "it ended with $?"
		./kms --frames 100000 >/dev/null &
		sleep 2
		echo "${device##*/}" >"$device/driver/unbind"
		said $? unbind-with-users "it failed"
		kill %1
		wait
		echo "${device##*/}" >/sys/bus/pci/drivers/refgpu/bind
		said $? bind-again "it failed"
		# A former node keeps its number until the last fence of its users is freed.
		on_node() { ./drm "/dev/dri/$(cd "$device/drm" && echo renderD*)" "$@"; }
		on_node params buffers fill-and-copy
		said $? drm-again "it ended with $?"
		for test in unbind-fences unbind-picture unbind-memory; do
			on_node $test
			echo "${device##*/}" >/sys/bus/pci/drivers/refgpu/bind
		done
		./unload
		said $? rmmod "refgpu is used by $(cat /sys/module/refgpu/refcnt)"
		dmesg | tail -n 20
	RUN
	in_guest display 256mq
}

reset_gpu() { echo 1 >/sys/bus/pci/devices/0000:01:00.0/reset; }

resets_beside() { when resets '# waits for a reset' reset_gpu; }

resets()
{
	payload /tmp/resets <<-'RUN'
		#!/bin/sh
		./drm reset-by-host && ./kms --frames 3 && ./drm params fill-and-copy
		status=$?
		dmesg | tail -n 20
		exit $status
	RUN
	beside resets resets_beside
	in_guest resets 256mq
	beside_ends resets
}

# Two guests, whose four heads each show pictures of their own at the same time.
heads()
{
	local guest uuids=()

	for guest in left right; do
		mkdir -p /tmp/heads
		payload "/tmp/$guest" <<-'RUN'
			#!/bin/sh
			mount -t debugfs debugfs /sys/kernel/debug
			touch "/out/$(cat /payload/name)"
			until [ -e /out/left ] && [ -e /out/right ]; do sleep 1; done
			seed=$(wc -c </payload/name)
			./kms --mode 640x480 --heads 4 --seed "$seed" --frames 5 \
				--crc /sys/kernel/debug/dri/0
			status=$?
			if [ $status = 0 ]; then echo "ok four-heads"; else echo "not ok four-heads: see above"; fi
			exit $status
		RUN
		echo "$guest" >"/tmp/$guest/name"
		create 1q || return
		uuids+=("$uuid")
	done
	# shellcheck disable=SC2030 # they are added below
	(
		passed=0 failed=0
		boot left --vgpu "${uuids[0]}" --out /tmp/heads
		finish
	) >/tmp/heads.left 2>&1 &
	boot right --vgpu "${uuids[1]}" --out /tmp/heads
	wait $!
	cat /tmp/heads.left
	add left /tmp/heads.left
	for uuid in "${uuids[@]}"; do
		destroy "$uuid"
	done
}

# other_age FILE NUMBER: writes the driver as one of another age: it differs in what it
# says to the host of itself, its version and the interfaces that it knows
other_age()
{
	xzcat -f "$(modinfo -n refgpu)" >/tmp/refgpu.ko
	python3 - "$1" "$2" <<-'END'
		import sys
		ours, other = 0x0100000001000102, int(sys.argv[2], 16)
		with open("/tmp/refgpu.ko", "rb") as file:
		    module = file.read()
		if not module.count(ours.to_bytes(8, "little")):
		    sys.exit("refgpu.ko does not say 1.0.0, 1.0 to 1.2")
		with open(sys.argv[1], "wb") as file:
		    file.write(module.replace(ours.to_bytes(8, "little"), other.to_bytes(8, "little")))
	END
}

mismatch_beside()
{
	local age shown advice attributes

	for age in old new; do
		case $age in
		old) shown='0.9.0 0.1-0.255 guest_too_old' advice='update the driver in the guest' ;;
		new) shown='9.0.0 2.0-2.1 host_too_old' advice='update openvgpu on the host' ;;
		esac
		within 300 grep -qsF "# the $age driver is there" /tmp/mismatch.log || {
			fail "$age-is-there" 'the guest never said it'
			return
		}
		attributes=$(echo /sys/bus/mdev/devices/*/openvgpu)
		same "$age-guest-driver" "$shown" "$(cat "$attributes/guest_driver")"
		contains "$age-last-error" "$types/../openvgpu/last_error" "$advice"
		run "$age-list" 0 openvgpu list
		# shellcheck disable=SC2154 # run sets it
		contains "$age-list-advises" "$err" "$advice"
		touch "/tmp/mismatch-out/$age"
		# The next one may have said its version already.
		holds "$age-guest-driver-ends" "it is still there" \
			within 60 eval "! grep -qxF '$shown' $attributes/guest_driver"
	done
}

mismatch()
{
	payload /tmp/mismatch <<-'RUN'
		#!/bin/sh
		said() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2: $3"; fi; }
		rmmod refgpu
		for age in old new; do
			insmod /payload/refgpu-$age.ko
			said $? $age-insmod "it failed"
			case $age in
			old) advice='update refgpu in this guest' ;;
			new) advice='have openvgpu updated on the host' ;;
			esac
			dmesg | grep -F "$advice"
			said $? $age-says "it says $(dmesg | grep refgpu)"
			[ "$(cat /sys/class/graphics/fb0/name)" = refgpudrmfb ]
			said $? $age-console "fb0 is $(cat /sys/class/graphics/fb0/name)"
			./kms --frames 3
			said $? $age-kms "the program ended with $?"
			./drm fill-and-copy >/tmp/jobs
			grep -F 'set-up: Operation not supported' /tmp/jobs >/dev/null
			said $? $age-takes-no-jobs "$(cat /tmp/jobs)"
			echo "# the $age driver is there"
			until [ -e /out/$age ]; do sleep 1; done
			rmmod refgpu
			said $? $age-rmmod "refgpu is used by $(cat /sys/module/refgpu/refcnt)"
		done
		insmod /more-modules/refgpu.ko
		./drm params fill-and-copy
		said $? driver-of-today "it ended with $?"
	RUN
	mkdir -p /tmp/mismatch-out
	run old 0 other_age /tmp/mismatch/refgpu-old.ko 00090000000100ff || return
	run new 0 other_age /tmp/mismatch/refgpu-new.ko 0900000002000201 || return
	beside mismatch mismatch_beside
	in_guest mismatch 256mq --out /tmp/mismatch-out
	beside_ends mismatch
}

plug_in()
{
	guest-screen qmp unplugged device_add driver=vfio-pci id=gpu bus=root1 display=off \
		sysfsdev="/sys/bus/mdev/devices/$uuid"
}
gone() { ! guest-screen qmp unplugged qom-list path=/machine/peripheral/gpu >/dev/null 2>&1; }

# The guest lets go of the slot after its driver has let go of the GPU; until then QEMU
# has no room for another one.
unplug() { guest-screen qmp unplugged device_del id=gpu && within 120 gone; }

unplugged_beside()
{
	local time

	for time in 1 2; do
		when unplugged "# waits for a GPU, $time" plug_in
		within 300 eval "[ \$(grep -c '# waits for the end' /tmp/unplugged.log) = $time ]"
		holds unplug "$(tail -n 3 /tmp/unplugged.log)" unplug
	done
}

# A vGPU comes and goes, as PCIe functions do, with a process that uses it; twice.
unplugged()
{
	payload /tmp/unplugged <<-'RUN'
		#!/bin/sh
		status=0
		for time in 1 2; do
			echo "# waits for a GPU, $time"
			for i in $(seq 60); do
				node=$(echo /dev/dri/renderD*)
				[ ! -e "$node" ] || break
				sleep 1
			done
			./drm "$node" params fill-and-copy || status=1
			./drm "$node" death || status=1
		done
		./unload || status=2
		dmesg | tail -n 20
		exit $status
	RUN
	create 256mq || return
	beside unplugged unplugged_beside
	boot unplugged --qemu-arg -device \
		--qemu-arg pcie-root-port,id=root1,chassis=1,slot=1,pref64-reserve=512M
	beside_ends unplugged
	destroy "$uuid"
}

# The guest is in suspend to idle: the power button wakes it up.
wake_up() { guest-screen qmp asleep system_powerdown; }

# slept TIMES: it sleeps that often by now
slept() { [ "$(grep -c 'PM: suspend-to-idle' /tmp/asleep.log)" = "$1" ]; }

asleep_beside()
{
	when asleep 'PM: suspend-to-idle' wake_up
	within 300 slept 2
	run reset-asleep 0 reset_gpu
	run wake-up-again 0 wake_up
}

# A machine that sleeps, with jobs under way and a picture on its display. Suspend to
# memory can't be tried: no guest comes back from it on the emulated processor, with a
# vGPU or without.
asleep()
{
	payload /tmp/asleep <<-'RUN'
		#!/bin/sh
		said() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2: $3"; fi; }
		mount -t debugfs debugfs /sys/kernel/debug
		crc=/sys/kernel/debug/dri/0/crtc-0/crc
		echo auto >$crc/control
		# What the head shows: the third frame from now on.
		shown()
		{
			timeout 10 dd if=$crc/data bs=64 count=3 2>/dev/null | tr -d '\0' |
				tail -n 1 | cut -d' ' -f2
		}
		mkfifo /tmp/next
		exec 3<>/tmp/next
		./kms --mode 640x480 --control /tmp/next >/tmp/kms &
		until grep -q 'frame 0 is shown' /tmp/kms; do sleep 0.2; done
		before=$(shown)
		# The console tells how far it gets, and us when to wake it up.
		echo 8 >/proc/sys/kernel/printk
		echo 1 >/sys/power/pm_debug_messages
		./drm sleep-refused sleep-freeze
		after=$(shown)
		[ -n "$before" ] && [ "$before" = "$after" ]
		said $? picture-is-back "CRC '$after', not '$before'"
		echo >&3
		until grep -q 'frame 1 is shown' /tmp/kms || ! kill -0 %1; do sleep 0.2; done
		next=$(shown)
		[ -n "$next" ] && [ "$next" != "$before" ]
		said $? next-picture "CRC '$next' after '$before'"
		echo quit >&3
		wait %1
		said $? kms "the program ended with $?"
		./drm sleep-reset
		./drm params fill-and-copy dispatch
		said $? drm "it ended with $?"
	RUN
	beside asleep asleep_beside
	in_guest asleep 256mq --module button --append no_console_suspend
	beside_ends asleep
}

# The same for kernels that have no power button, as the debug kernel: they wake up by
# themselves, a step before the machine would stand still.
asleep_for_a_moment()
{
	payload /tmp/moment <<-'RUN'
		#!/bin/sh
		echo platform >/sys/power/pm_test
		./drm sleep-freeze sleep-refused && ./kms --frames 3 && ./drm params fill-and-copy
	RUN
	in_guest moment 256mq
}

# Each time the machine falls asleep the host's administrator resets the GPU, twice.
asleep_under_resets_beside()
{
	local round

	for round in 1 2 3 4; do
		within 300 eval "[ \"\$(grep -cs '# goes to sleep' /tmp/under_resets.log)\" = $round ]" || {
			fail "sleep-$round" 'the guest never said it'
			return
		}
		run "reset-$round" 0 reset_gpu
		run "reset-$round-again" 0 reset_gpu
	done
}

asleep_under_resets()
{
	payload /tmp/under_resets <<-'RUN'
		#!/bin/sh
		./drm sleep-resets && ./kms --frames 3 && ./drm params fill-and-copy
	RUN
	beside under_resets asleep_under_resets_beside
	in_guest under_resets 256mq
	beside_ends under_resets
}

# Hibernation: another QEMU, whose guest goes on with what the first one's had, on a
# vGPU that is zero.
hibernated()
{
	local status=0

	payload /tmp/hibernated <<-'RUN'
		#!/bin/sh
		# A system that has been stored: from here on it is that one.
		if dd if=/dev/vda bs=4086 count=2 2>/dev/null | grep -q S1SUSPEND; then
			cat /sys/block/vda/dev >/sys/power/resume
			echo "not ok resume: it did not go on"
			exit 1
		fi
		mkswap /dev/vda && swapon /dev/vda
		echo shutdown >/sys/power/disk
		echo 0 >/sys/power/image_size
		echo 8 >/proc/sys/kernel/printk
		./drm sleep-disk && ./kms --frames 3 && ./drm params fill-and-copy dispatch
	RUN
	truncate -s 512M /tmp/disk
	create 256mq || return
	set -- --vgpu "$uuid" --module virtio_blk --append 'no_console_suspend nokaslr' --qemu-arg -drive \
		--qemu-arg file=/tmp/disk,if=virtio,format=raw
	a_guest hibernated "$@" || status=$?
	# It is switched off, and so says nothing at its end.
	same stored 98 "$status"
	boot hibernated "$@"
	destroy "$uuid"
	rm /tmp/disk
}

# let_down FILE: what a part said; did the emulated processor let a guest of it down, which
# was started again, or was reset without a word of its kernel?
let_down()
{
	grep -q '^let-down: guest' "$1" && return
	grep -q "FAILED: guest .* died (QEMU's status 0)" "$1" &&
		! grep -qE 'WARNING:|BUG:|Oops|panic|protection fault' "$1" &&
		echo 'let-down: a guest was reset without a word' >&2
}

# attempt PART: twice, if a test fails and a guest was let down: what goes on beside a
# guest does not begin anew with it.
# shellcheck disable=SC2031 # no shell within counts here
attempt()
{
	local before="passed=$passed failed=$failed skipped=$skipped" ok=$failed

	"$1" >/tmp/part.said 2>&1
	if [ "$failed" != "$ok" ] && let_down /tmp/part.said; then
		sed 's/^not ok /# let down: &/' /tmp/part.said
		eval "$before"
		"$1"
	else
		cat /tmp/part.said
	fi
}

[ $# -gt 0 ] || set -- computing instance display heads mismatch unplugged resets asleep hibernated
for part; do
	attempt "$part"
done
if modprobe -r openvgpu; then
	pass unload
else
	fail unload "openvgpu is used by $(cat /sys/module/openvgpu/refcnt)"
fi
finish
