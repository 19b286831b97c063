#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 2400
# own machine: software GPUs with engines, which end badly
# kernels: 6.12 debug
# check: none
#
# A process that is the engine of a software GPU: it works as any reference GPU does;
# killed, stopped or lying while vGPUs work, it harms its own GPU and nothing else. A
# neighbour computes all the time, on the reference GPU that is a real function of this
# machine. Each part can be asked for: soft-engine.sh work suspend mode pages storm
# hand remove kill stop lie probe fuzz

# shellcheck source=clients.sh
. /src/tests/vm/clients.sh

cd "$(mktemp -d)" || exit
built=/src/build/tests
neighbours=0000:01:00.0
address=''
parts=("$@")
[ $# -gt 0 ] || parts=(work suspend mode pages storm hand remove kill stop lie probe fuzz)
[[ ${OPENVGPU_KERNEL:-} != debug ]] || patience=4

# What ends, ends within so many seconds: each register is read for one at most.
bound=$((20 * ${patience:-1}))

# ------------------------------------------------------------------ an engine

# plug COMMAND...: starts an engine, $engine, of a GPU at $address
plug()
{
	"$@" >engine.out 2>engine.err </dev/null &
	engine=$!
	if within "$bound" plugged; then
		pass "$part: a GPU is plugged in"
	else
		fail "$part: a GPU is plugged in" "$(words engine.out) $(words engine.err) $(dmesg | tail -n 3)"
		return 1
	fi
}

# plugged: it has said where it is, and offers vGPUs
plugged()
{
	address=$(grep -hoE '[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.0' engine.out engine.err | head -n 1)
	[ -n "$address" ] && [ -d "/sys/class/mdev_bus/$address" ]
}

gone()
{
	[ ! -e "/sys/bus/pci/devices/$address" ]
}

over()
{
	! kill -0 "$1" 2>/dev/null
}

# unplug: the engine is told to end, and does
unplug()
{
	kill "$engine" 2>/dev/null
	within "$bound" over "$engine" || fail "$part: the engine ends" "it does not"
	wait "$engine" 2>/dev/null
	within "$bound" gone || fail "$part: its GPU is gone" "$(cat "/sys/bus/pci/devices/$address/openvgpu/state" 2>&1)"
}

# shared: KiB of memory of the host that is files without a name
shared()
{
	awk '/^Shmem:/ { print $2 }' /proc/meminfo
}

# given_back: all video memory is, but for what other programs do with files
given_back()
{
	[ $(($(shared) - shared_before)) -lt 8192 ]
}

vgpu()
{
	cat /proc/sys/kernel/random/uuid
}

create()
{
	echo "$3" >"/sys/class/mdev_bus/$1/mdev_supported_types/openvgpu-$2/create"
}

# load: vGPUs of the engine's GPU compute until they fail, $loads
load()
{
	local type uuid

	loads=()
	for type in 64mq 64mq 64mc; do
		uuid=$(vgpu)
		create "$address" "$type" "$uuid" || { fail "$part: a vGPU" "$(dmesg | tail -n 1)"; continue; }
		"$built/guest/compute" --vfio "$uuid" --rounds 1000000 >"load.${#loads[@]}" 2>&1 &
		loads+=($!)
	done
	within "$((bound * 3))" computed || fail "$part: vGPUs compute" "$(words load.0) $(words load.1) $(words load.2)"
}

computed()
{
	[ "$(cat load.[012] | grep -c '^ok ')" -ge 6 ]
}

# load_ends: and how
load_ends()
{
	local pid

	for pid in "${loads[@]}"; do
		[ "${1:-}" != by-force ] || kill -9 "$pid" 2>/dev/null
		within "$((bound * 3))" over "$pid" || fail "$part: who uses a vGPU comes to an end" "process $pid: $(cat "/proc/$pid/stack")"
		wait "$pid" 2>/dev/null
	done
}

# bounded NAME CMD...: the command ends within $bound seconds, whatever it says
bounded()
{
	local name=$1 begin=$SECONDS status=0

	shift
	timeout -s KILL "$bound" "$@" >"$said" 2>&1 || status=$?
	holds "$part: $name takes no longer than $bound s" "status $status after $((SECONDS - begin)) s" test "$status" != 137
}

# aftermath: what everybody else is owed when a GPU has ended
aftermath()
{
	within "$bound" given_back
	holds "$part: its memory is given back" "$shared_before KiB before, $(shared) KiB now" given_back
	same "$part: the neighbour's GPU is up" up "$(cat "/sys/bus/pci/devices/$neighbours/openvgpu/state")"
	rounds_before=$(rounds)
	within "$((bound * 3))" further
	holds "$part: the neighbour computes" "$(words neighbour.log)" further
}

rounds()
{
	grep -c '^ok ' neighbour.log
}

further()
{
	[ "$(rounds)" -gt "$rounds_before" ] && ! grep -q '^not ok' neighbour.log
}

# ----------------------------------------------------------------- the parts

# refgpu_soft [SIZE [OPTION...]]: of its video memory
refgpu_soft()
{
	plug /src/build/tools/refgpu --soft --vram "${1:-256M}" --control "$PWD/control" "${@:2}"
}

# tell LINE: to the control socket
tell()
{
	python3 - "$PWD/control" "$1" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		s.sendall(sys.argv[2].encode() + b"\n")
		print(s.makefile().readline().strip())
	END
}

# What the VFIO layer asks of any reference GPU. Its programs clear all vGPUs away, so
# the neighbour comes later.
work()
{
	local program tests

	refgpu_soft 1G || return
	same "work: types" "64mc 64mq" "$(cd "/sys/class/mdev_bus/$address/mdev_supported_types" && echo openvgpu-64m[qc] | sed 's/openvgpu-//g')"
	for program in ${PROGRAMS:-conform reset isolation errors dma spatial_work migrate}; do
		# How long a switch takes a GPU that is a process, and how much of the clock it
		# gets, is its host's affair.
		tests=$("$built/vfio/$program" --list | grep -vxE 'own_policy|own_slices')
		# shellcheck disable=SC2086 # words
		OPENVGPU_GPU=$address OPENVGPU_CONTROL=$PWD/control "$built/vfio/$program" $tests >program.log 2>&1
		cat program.log
		add "work: $program" program.log
	done
	unplug
	holds "work: the engine has said nothing bad" "$(words engine.err)" test "$(wc -l <engine.err)" -le 2
	within "$bound" given_back
	holds "work: its memory is given back" "$shared_before KiB before, $(shared) KiB now" given_back
}

# The process sleeps before the driver does, which then has nobody to ask.
suspend()
{
	refgpu_soft || return
	echo devices >/sys/power/pm_test
	run "suspend: the machine does" 0 eval "echo mem >/sys/power/state"
	within "$bound" gone
	holds "suspend: its GPU is gone" "$(cat "/sys/bus/pci/devices/$address/openvgpu/state" 2>&1)" gone
	within "$bound" over "$engine"
	holds "suspend: the engine ends" "$(words engine.err)" over "$engine"
	unplug
	within "$bound" given_back
	holds "suspend: its memory is given back" "$shared_before KiB before, $(shared) KiB now" given_back
	same "suspend: the other GPU is up" up "$(cat "/sys/bus/pci/devices/$neighbours/openvgpu/state")"
	refgpu_soft && unplug
}

# looks MODE CLASS NAME: the GPU has the mode, and the class that goes with it
looks()
{
	same "mode: $3" "$1 $2" "$(sed 's/.*\[\(.*\)\].*/\1/' "/sys/bus/pci/devices/$address/openvgpu/firmware_mode") $(cat "/sys/bus/pci/devices/$address/class")"
}

# A firmware mode, which a reset of the function takes; and engines that end in one.
mode()
{
	refgpu_soft 256M --mode graphics || return
	looks graphics 0x038000 "it begins with one"
	run "mode: another one" 0 /src/build/tools/openvgpu mode set compute --firmware --gpu "$address"
	looks compute 0x120000 "another one"
	unplug
	plug "$built/fuzz/engine" --at-once resets || return
	echo compute >"/sys/bus/pci/devices/$address/openvgpu/firmware_mode_next"
	bounded "the removal, when the engine ends in it" sh -c "echo 1 >/sys/bus/pci/devices/$address/remove"
	within "$bound" gone
	holds "mode: the GPU is gone with its engine" "$(ls /sys/class/mdev_bus)" gone
	unplug
	plug "$built/fuzz/engine" --at-once resets || return
	bounded "a reset, when the engine ends in it" sh -c "echo 1 >/sys/bus/pci/devices/$address/reset"
	within "$bound" gone
	holds "mode: that GPU is gone, too" "$(ls /sys/class/mdev_bus)" gone
	unplug
	holds "mode: its memory is given back" "$shared_before KiB before, $(shared) KiB now" within "$bound" given_back
}

# Pages that it may only read it writes to, while they are taken away.
pages()
{
	plug "$built/fuzz/engine" overwrite || return
	kill -USR1 "$engine"
	OPENVGPU_GPU=$address "$built/vfio/dma" read_only >program.log 2>&1
	cat program.log
	add pages program.log
	unplug
	holds "pages: its memory is given back" "$shared_before KiB before, $(shared) KiB now" within "$bound" given_back
}

# An honest engine of which a VMM asks more than one can.
storm()
{
	refgpu_soft || return
	OPENVGPU_GPU=$address OPENVGPU_THREADS=512 "$built/vfio/hostile_vmm" write_storm >program.log 2>&1
	cat program.log
	add storm program.log
	unplug
}

# Handed over and reset at the same time, with pages that the engine has made.
hand()
{
	local round

	plug "$built/fuzz/engine" holes || return
	kill -USR1 "$engine"
	for ((round = 0; round < 50; round++)); do
		echo 1 >"/sys/bus/pci/devices/$address/reset" &
		# What it finds is not zero, or it is being reset.
		echo 1 >"/sys/bus/pci/devices/$address/openvgpu/hand_over"
		wait $!
		echo 0 >"/sys/bus/pci/devices/$address/openvgpu/hand_over"
	done 2>hand.log
	same "hand: the GPU is up" up "$(cat "/sys/bus/pci/devices/$address/openvgpu/state")"
	unplug
	holds "hand: its memory is given back" "$shared_before KiB before, $(shared) KiB now" within "$bound" given_back
}

# Surprise removal, and the same GPU again.
remove()
{
	refgpu_soft || return
	load
	same "remove: it is told to" '{"ok":true}' "$(tell remove)"
	within "$bound" gone
	holds "remove: the GPU is gone" "$(ls /sys/class/mdev_bus)" gone
	load_ends
	same "remove: it comes back" '{"ok":true}' "$(tell insert)"
	within "$bound" plugged
	holds "remove: it offers vGPUs" "$(ls /sys/class/mdev_bus)" plugged
	load
	# An administrator who removes a GPU that works waits for its users.
	load_ends by-force
	run "remove: by the machine" 0 eval "echo 1 >/sys/bus/pci/devices/$address/remove"
	same "remove: then it is gone, and the engine waits" "gone waits" \
		"$(gone && echo gone) $(over "$engine" || echo waits)"
	run "remove: the bus is scanned again" 0 eval "echo 1 >/sys/bus/pci/rescan"
	within "$bound" plugged
	holds "remove: it offers vGPUs again" "$(ls /sys/class/mdev_bus)" plugged
	unplug
	aftermath
}

kill_it()
{
	refgpu_soft || return
	load
	kill -9 "$engine"
	within "$bound" gone
	holds "kill: the GPU is gone" "$(ls /sys/class/mdev_bus)" gone
	load_ends
	unplug
	aftermath
}

# dead: nothing waits for the GPU any more
dead()
{
	# A driver that is being unbound shows nothing, and waits for who uses vGPUs.
	gone || [ ! -e "/sys/bus/pci/devices/$address/openvgpu" ] ||
		[ "$(cat "/sys/bus/pci/devices/$address/openvgpu/state")" = dead ]
}

stop_it()
{
	refgpu_soft || return
	load
	kill -STOP "$engine"
	within "$bound" dead
	holds "stop: the GPU is gone, or dead" "$(cat "/sys/bus/pci/devices/$address/openvgpu/state" 2>&1)" dead
	bounded "openvgpu list" /src/build/tools/openvgpu list
	bounded "a look at all of sysfs" sh -c "cat /sys/bus/pci/devices/$address/openvgpu/*"
	load_ends
	kill -CONT "$engine"
	within "$bound" over "$engine"
	holds "stop: the engine ends when it goes on" "$(words engine.err)" over "$engine"
	unplug
	aftermath
}

none_unread()
{
	! grep -q 'nobody has read' engine.out
}

# lie_with MISCHIEF...: while vGPUs compute
lie_with()
{
	part="lie: $*"
	plug "$built/fuzz/engine" --seed "${SEED:-1}" "$@" || return
	load
	kill -USR1 "$engine"
	# For so long everything is looked at, again and again.
	for _ in 1 2 3; do
		bounded "openvgpu list" /src/build/tools/openvgpu list
		bounded "a look at all of sysfs" sh -c "cat /sys/bus/pci/devices/$address/openvgpu/*"
		bounded "a vGPU more" sh -c "echo $(vgpu) >/sys/class/mdev_bus/$address/mdev_supported_types/openvgpu-64mq/create"
	done
	holds "$part: what it has not read it can't answer" "$(words engine.out)" none_unread
	if [ "$1" = late ]; then
		within "$((bound * 3))" dead
		holds "$part: the GPU is gone, or dead" "$(cat "/sys/bus/pci/devices/$address/openvgpu/state" 2>&1)" dead
	fi
	load_ends by-force
	kill -9 "$engine" 2>/dev/null
	within "$bound" gone
	holds "$part: the GPU is gone with its engine" "$(ls /sys/class/mdev_bus)" gone
	wait "$engine" 2>/dev/null
	aftermath
}

lie()
{
	lie_with values
	lie_with ones
	lie_with answers
	lie_with guess
	lie_with slow
	lie_with late
	lie_with silent
	lie_with deaf
	lie_with events interrupts
	lie_with memory
	lie_with holes
	lie_with leave
	lie_with values answers events interrupts memory holes
}

# A driver that is bound to a GPU that lies from the beginning.
probe()
{
	local seed tries=${TRIES:-10}

	for ((seed = 1; seed <= tries; seed++)); do
		part="probe $seed"
		address=''
		"$built/fuzz/engine" --seed "$seed" --at-once values events interrupts answers memory \
			>engine.out 2>engine.err </dev/null &
		engine=$!
		if within 5 plugged; then
			bounded "a vGPU" sh -c "echo $(vgpu) >/sys/class/mdev_bus/$address/mdev_supported_types/openvgpu-64mq/create"
		fi
		kill -9 "$engine"
		wait "$engine" 2>/dev/null
		[ -z "$address" ] || within "$bound" gone
		holds "$part: no GPU is left" "$address" test ! -e "/sys/bus/pci/devices/${address:-none}"
	done
	part=probe
	aftermath
}

fuzz()
{
	run "fuzz: ${FUZZ_SECONDS:-30} s" 0 timeout -s KILL $((${FUZZ_SECONDS:-30} + 6 * bound)) \
		"$built/fuzz/soft_device" "${FUZZ_SECONDS:-30}" "${SEED:-1}"
	cat "$said"
	no_soft_gpu()
	{
		! compgen -G '/sys/bus/pci/devices/f*' >/dev/null
	}
	within "$bound" no_soft_gpu
	holds "fuzz: no GPU is left" "$(echo /sys/bus/pci/devices/f*)" no_soft_gpu
	aftermath
	refgpu_soft && unplug
}

# --------------------------------------------------------------------- start

modprobe -q iommufd
modprobe -a vfio_iommu_type1 openvgpu || { fail modprobe "$(dmesg | tail -n 1)"; finish; }
within "$bound" test -c /dev/openvgpu-soft || { fail device "there is no /dev/openvgpu-soft"; finish; }
same "the device is root's alone" "600 0" "$(stat -c '%a %u' /dev/openvgpu-soft)"
within "$bound" test -d "/sys/class/mdev_bus/$neighbours" || fail neighbour "no GPU at $neighbours"
shared_before=$(shared)

wants()
{
	[[ " ${parts[*]} " = *" $1 "* ]]
}

# With no vGPU in use.
for part in work suspend mode pages storm hand; do
	! wants "$part" || "$part"
done

neighbour=$(vgpu)
create "$neighbours" 256mq "$neighbour" || fail "the neighbour's vGPU" "$(dmesg | tail -n 1)"
"$built/guest/compute" --vfio "$neighbour" --rounds 1000000 >neighbour.log 2>&1 &
neighbour_pid=$!
for part in remove kill stop lie probe fuzz; do
	wants "$part" || continue
	case $part in
	kill | stop) "${part}_it" ;;
	*) "$part" ;;
	esac
done
part=end
kill "$neighbour_pid"
wait "$neighbour_pid" 2>/dev/null
same "the neighbour has seen no error" "" "$(grep '^not ok' neighbour.log)"
echo 1 >"/sys/bus/mdev/devices/$neighbour/remove"
unload()
{
	modprobe -r openvgpu
}
holds "the module can be unloaded" "used by $(cat /sys/module/openvgpu/refcnt)" within "$bound" unload
finish
