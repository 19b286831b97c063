#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 900
# own machine: it follows the events of the whole machine
# check: 6.12
#
# libopenvgpu and what the command does by it, against the real module: events
# of a vGPU's whole life, every attribute that can be written, a program that
# is not ours. tests/unit/library and tests/unit/cli/test_cli_set.py have the rest.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

# value FILE KEY UUID EVENT: of the first such event in FILE
value()
{
	python3 - "$@" <<'END'
import json, sys
file, key, uuid, event = sys.argv[1:]
for line in open(file):
    entry = json.loads(line)
    if entry.get("uuid") == uuid and entry["event"] == event:
        print(entry[key])
        break
END
}

# words FILE UUID: all events of a vGPU, in order
words()
{
	python3 - "$@" <<'END'
import json, sys
print(*(entry["event"] for entry in map(json.loads, open(sys.argv[1]))
        if entry.get("uuid") == sys.argv[2]))
END
}

# has FILE UUID EVENT: it was told
has()
{
	grep -qF "\"event\":\"$3\",\"uuid\":\"$2\"" "$1"
}

modprobe openvgpu || { fail "modprobe openvgpu" "status $?"; finish; }
gpu=$(basename "$(dirname "$(echo /sys/bus/pci/drivers/openvgpu/*/openvgpu)")")

# --------------------------------------------------------------------- events

openvgpu events --json >told 2>told.err &
follower=$!
within 30 grep -q following told.err
setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v openvgpu)" events --json >told.user 2>user.err &
user=$!
within 30 grep -q following user.err

# Who is told of a new vGPU can use it at once.
cat >react.py <<'END'
import json, subprocess, sys
process = subprocess.Popen(["openvgpu", "events", "--json"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
process.stderr.readline()
open("ready", "w").close()
for line in process.stdout:
    event = json.loads(line)
    if event["event"] == "create":
        folder = f"/sys/bus/mdev/devices/{event['uuid']}"
        try:
            print(open(f"{folder}/openvgpu/weight").read().strip(),
                  open(f"{folder}/stats/run_ns").read().strip())
        except OSError as error:
            print(error)
        process.kill()
        break
END
python3 react.py >reacted 2>&1 &
reactor=$!
within 30 test -e ready

uuid=$(openvgpu create 256mq) || fail "create" "status $?"
wait "$reactor"
same "all attributes are there when 'create' is told" "100 0" "$(cat reacted)"

/src/build/tests/guest/compute --vfio "$uuid" --rounds 100000 >compute.log 2>&1 &
compute=$!
within 30 has told "$uuid" open ||
	fail "open is told" "saw '$(words told "$uuid")'; compute said '$(tail -n 2 compute.log)'"
same "open: by whom" "$compute" "$(value told pid "$uuid" open)"
same "open: GPU" "$gpu" "$(value told gpu "$uuid" open)"
same "open: type" openvgpu-256mq "$(value told type "$uuid" open)"
same "create: nobody's process" None "$(value told pid "$uuid" create)"

# A hang is a fault, seen when another vGPU wants its turn. The first one is too
# many here.
other=$(openvgpu create 256mq)
/src/build/tests/guest/compute --vfio "$other" --rounds 100000 >other.log 2>&1 &
neighbour=$!
openvgpu set "$gpu" fault_limit=1 fault_window_s=1 preempt_timeout_us=100000 || fail "set fault_limit" "status $?"
runs()
{
	[ "$(cat "/sys/bus/mdev/devices/$uuid/stats/busy_ns")" -gt 0 ]
}
within 30 runs || fail "compute runs" "it said '$(tail -n 2 compute.log)'"
within 30 has told "$other" open || fail "the other one is open" "compute said '$(tail -n 2 other.log)'"
exec 9<>/dev/virtio-ports/refgpu-control-0
echo "hang partition=$(cat "/sys/bus/mdev/devices/$uuid/openvgpu/partition")" >&9
within 30 has told "$uuid" faulted ||
	fail "a hang is told" "saw '$(words told "$uuid")'; state $(cat "/sys/bus/mdev/devices/$uuid/openvgpu/state")"
same "the fault has a number" "$(cat "/sys/bus/mdev/devices/$uuid/openvgpu/last_fault")" \
	"$(value told fault "$uuid" faulted)"
if [ -n "$(value told fault_name "$uuid" fault)" ]; then
	pass "and a name"
else
	fail "and a name" "$(cat told)"
fi
kill -9 "$compute" 2>/dev/null
wait "$compute" 2>/dev/null
kill -9 "$neighbour" 2>/dev/null
wait "$neighbour" 2>/dev/null
run "remove the other one" 0 openvgpu remove "$other"
within 30 has told "$uuid" close ||
	fail "close is told of a user that was killed" "saw '$(words told "$uuid")'"
openvgpu set "$gpu" fault_limit=3 fault_window_s=60 preempt_timeout_us=500000 || fail "set fault_limit back" "status $?"
run "the vGPU works again" 0 timeout 120 /src/build/tests/guest/compute --vfio "$uuid" --rounds 2
run "remove" 0 openvgpu remove "$uuid"
within 30 has told "$uuid" remove
sequence=$(words told "$uuid")
if [[ "$sequence" =~ ^create\ open\ (fault\ )+faulted\ .*(recover\ .*)?close\ .*open\ (recover\ )?close\ remove$ ]]; then
	pass "a whole life is told, in order"
else
	fail "a whole life is told, in order" "saw '$sequence'"
fi
same "without root as well" "$sequence" "$(within 30 has told.user "$uuid" remove; words told.user "$uuid")"
kill "$user"

# Many at once: none is lost, and the last is not late.
count=0
while [ "$count" -lt 60 ]; do
	if ! last=$(openvgpu create 64mq) || ! openvgpu remove "$last"; then
		fail "create and remove $count" "it failed"
		break
	fi
	count=$((count + 1))
done
within 30 has told "$last" remove
same "60 created and removed are all told" "62 62" \
	"$(grep -c '"event":"create"' told) $(grep -c '"event":"remove"' told)"
same "nothing was lost" 0 "$(grep -c '"event":"lost"' told)"

# The module goes and comes back under who follows.
one=$(openvgpu create 64mq)
run "rmmod" 0 rmmod openvgpu
within 30 has told "$one" remove || fail "rmmod removes, and tells" "saw '$(words told "$one")'"
modprobe openvgpu
two=$(openvgpu create 64mq)
if within 30 has told "$two" create; then
	pass "it goes on after the module was loaded again"
else
	fail "it goes on after the module was loaded again" "$(tail -n 3 told)"
fi
kill -INT "$follower"
wait "$follower"
same "Ctrl-C is a good end" 0 "$?"
openvgpu remove "$two"

# ------------------------------------------------------------------------ set

uuid=$(openvgpu create 256mq)
folder=/sys/bus/mdev/devices/$uuid/openvgpu

# What can be written is a setting of the library, and the other way round; but
# refuse_opens, which is a step of the removal, hand_over, of a hand-over,
# firmware_mode_next, of a removal of the GPU, and compute_instance, which is where a
# vGPU is: its numbers last no restart.
writable()
{
	find "$1" -maxdepth 1 -type f -perm -200 ! -name refuse_opens ! -name hand_over \
		! -name firmware_mode_next ! -name compute_instance -printf '%f\n' | sort | xargs
}
settings()
{
	openvgpu set --help | sed -n "/^Settings of a $1:/,/^\$/s/^  \([a-z_]*\) .*/\1/p" | sort | xargs
}
same "every attribute of a GPU that can be written is a setting" \
	"$(writable "/sys/bus/pci/devices/$gpu/openvgpu/")" "$(settings GPU)"
same "and of a vGPU" "$(writable "$folder/")" "$(settings vGPU)"

run "set display" 0 openvgpu set "$uuid" display=off weight=50
same "it is set" "region dmabuf [off]" "$(cat "$folder/display")"
run "set frame_rate_limit" 0 openvgpu set "$uuid" frame_rate_limit=30
same "it is set, too" 30 "$(cat "$folder/frame_rate_limit")"
run "set a display there is not" 2 openvgpu set "$uuid" display=vnc
run "set personality" 0 openvgpu set "$uuid" personality=bochs
run "set personality back" 0 openvgpu set "$uuid" personality=native
# The reference GPU has no output; test_cli_set.py sets one, guest-display.sh
# looks at one.
run "set console of a GPU without an output" 1 openvgpu set "$gpu" console="${uuid^^}"
contains "with the driver's reason" "$err" "$(cat "/sys/bus/pci/devices/$gpu/openvgpu/last_error")"
contains "which is about that" "$err" "no physical output"

/src/build/tests/guest/compute --vfio "$uuid" --rounds 100000 >compute.log 2>&1 &
compute=$!
opened()
{
	[ "$(cat "$folder/owner_pid")" != 0 ]
}
within 30 opened
run "set display of a vGPU that is open" 4 openvgpu set "$uuid" display=region
contains "with the driver's reason, too" "$err" "$(cat "/sys/bus/pci/devices/$gpu/openvgpu/last_error")"
same "nothing changed" "region dmabuf [off]" "$(cat "$folder/display")"
run "set weight of a vGPU that is open" 0 openvgpu set "$uuid" weight=77
kill -9 "$compute"
wait "$compute" 2>/dev/null

# -------------------------------------------------------------------- program

run "a program of others builds" 0 cc -Wall -Werror /src/doc/example-list.c -o example \
	-I/src/tools/libopenvgpu -L/src/build/tools -lopenvgpu
LD_LIBRARY_PATH=/src/build/tools ./example >"$out" 2>"$err"
same "it sees the GPU" "GPU $gpu" "$(head -n 1 "$out")"
contains "and the vGPU, with its time" "$out" "  vGPU $uuid openvgpu-256mq, ran for "
contains "and the types" "$out" "  type openvgpu-256mq: 3 more can be created"
openvgpu remove "$uuid"

finish
