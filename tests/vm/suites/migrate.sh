#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "" --gpu "" --timeout 900
# own machine: its guests need both processors
# kernels: 6.12 7.2
# check: 6.12
#
# A guest whose driver computes on a vGPU is moved by QEMU: to a vGPU of another type,
# which is refused; to one of another GPU; to a file, and back to the first. It goes on
# computing, every result is right, and in the end it powers off where it is.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit

modprobe -a vfio_iommu_type1 openvgpu || {
	fail modprobe "modprobe openvgpu failed: $(dmesg | tail -n 1)"
	finish
}

# create GPU TYPE: a new vGPU, in $uuid
create()
{
	uuid=$(</proc/sys/kernel/random/uuid)
	echo "$uuid" >"/sys/bus/pci/drivers/openvgpu/0000:$1:00.0/mdev_supported_types/openvgpu-$2/create" ||
		fail "create $2" "$(cat "/sys/bus/pci/drivers/openvgpu/0000:$1:00.0/openvgpu/last_error")"
}

# of VGPU FILE: what the vGPU's attribute says
of() { cat "/sys/bus/mdev/devices/$1/$2"; }

mkdir guest
cp /src/build/tests/guest/{compute,drm} guest/
cat >guest/run <<'END'
#!/bin/sh
./compute --drm --rounds 1000000 &
read -r _ </dev/ttyS1
kill $!
wait $!
./drm params buffers fill-and-copy
status=$?
dmesg | tail -n 5
exit $status
END
chmod +x guest/run

# start NAME VGPU [ARG...]: a guest, or a QEMU that one can come to
start()
{
	local name=$1 vgpu=$2

	shift 2
	guest --name "$name" --vgpu "$vgpu,enable-migration=on" --payload guest --module refgpu \
		--mem 512 --control --timeout 600 "$@" >"$name.log" 2>&1 &
	pids[$name]=$!
}
declare -A pids

# qmp NAME COMMAND...: gives its QEMU commands, as `name` or `name={ARGUMENTS}`; prints
# what each returned. `over` waits for the end of a migration and prints how it ended;
# `type=TEXT` is typed at the guest's second console.
cat >qmp.py <<'END'
import json, os, socket, sys, time
name, commands = sys.argv[1], sys.argv[2:]
monitor = socket.socket(socket.AF_UNIX)
monitor.settimeout(120)
monitor.connect(f"/run/guest/{name}.qmp")
lines = monitor.makefile("rw")
lines.readline()

def ask(command, **arguments):
    lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    lines.flush()
    for line in lines:
        answer = json.loads(line)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            print("refused:", answer["error"]["desc"])
            sys.exit(1)
    print("QEMU has ended")
    sys.exit(1)

ask("qmp_capabilities")
for command in commands:
    command, _, arguments = command.partition("=")
    if command == "type":
        control = socket.socket(socket.AF_UNIX)
        control.connect(f"/run/guest/{name}.control")
        control.sendall(arguments.encode() + b"\n")
    elif command == "over":
        until = time.monotonic() + 300
        while time.monotonic() < until:
            state = ask("query-migrate")
            if state.get("status") in ("completed", "failed", "cancelled"):
                break
            time.sleep(0.3)
        print(state.get("status"), state.get("error-desc", ""))
        print(json.dumps(state), file=sys.stderr)
    else:
        print(json.dumps(ask(command, **json.loads(arguments or "{}"))))
END
qmp() { timeout 330 python3 qmp.py "$@"; }

listens() { [ -S "/run/guest/$1.qmp" ]; }

oks() { grep -cE '(^|\] )ok ' "$1.log"; }

has_oks() { [ "$(oks "$1")" -ge "$2" ]; }

# computes NAME: a whole round of work and more, from now on
computes()
{
	within 120 has_oks "$1" $(($(oks "$1") + 10))
}

# says NAME SAID CMD...: CMD must say SAID somewhere
says()
{
	local name=$1 want=$2

	shift 2
	"$@" >"$out" 2>"$err"
	cat "$out" "$err"
	contains "$name" "$out" "$want"
}

# capabilities true|false: what has QEMU hear of a refusal before it stops its guest
capabilities()
{
	printf 'migrate-set-capabilities={"capabilities": [{"capability": "return-path", "state": %s},
		{"capability": "switchover-ack", "state": %s}]}' "$1" "$1" | tr -d '\n'
}

# goes FROM URI ANSWERS: moves the guest, however long the emulated machine takes
goes()
{
	qmp "$1" "$(capabilities "$3")" \
		'migrate-set-parameters={"downtime-limit": 100000, "max-bandwidth": 1099511627776}' \
		"migrate={\"uri\": \"$2\"}" over
}

# waits NAME: QEMU listens at the socket NAME for a guest
waits()
{
	holds "QEMU $1 is there" "$(tail -n 3 "$1.log")" within 120 listens "$1"
	says "it waits for a guest" '{}' qmp "$1" "$(capabilities true)" \
		"migrate-incoming={\"uri\": \"unix:$PWD/$1\"}"
}

create 01 256mc
first=$uuid
create 02 256mc
second=$uuid
create 02 128mc
smaller=$uuid

# What each is told of the other, before anything is open.
check() { openvgpu migration check "$@"; }
described=$(openvgpu migration describe "$first") || fail "the first vGPU is described" "exit status $?"
run "a guest could go to the other GPU" 0 check "$first" "$second"
contains "it needs an option of QEMU" "$err" "enable-migration=on"
cat "$out" "$err"
start here "$first"

# While that starts: what QEMU says if nobody has told it to migrate.
timeout 60 qemu-system-x86_64 -S -accel kvm -cpu host -machine q35 -m 128 -nodefaults -display none \
	-only-migratable -device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$smaller" >default.log 2>&1
cat default.log
start there "$second" --incoming --boot-time 900
start small "$smaller" --incoming --boot-time 900
same "doctor knows it beforehand" 1 "$(openvgpu doctor | grep -c 'this kernel has no device DMA logging')"
contains "on this kernel, migration is not QEMU's default" default.log \
	"VFIO device doesn't support device and IOMMU dirty tracking"
holds "the guest computes" "$(tail -n 5 here.log)" within 300 has_oks here 10

# ------------------------------------------------------ a vGPU of another type

waits small
same "the description is that of a vGPU in use, too" "$described" "$(openvgpu migration describe "$first")"
run "the check refuses another type beforehand" 7 check - "$smaller" <<<"$described"
foretold=$(sed -n 's/^openvgpu: \(migration refused: .*\)/\1/p' "$err" | head -n 1)
contains "and warns of the QEMU that waits" "$err" "process $(of "$smaller" openvgpu/owner_pid) (qemu-system-x86) has the target open"
cat "$err"
says "another type is refused" failed goes here "unix:$PWD/small" true
wait "${pids[small]}"
cat small.log
said="vGPU $smaller: migration refused: the source has 256 MiB, this vGPU 128: create openvgpu-256mc"
same "the check had said so" "$said" "vGPU $smaller: $foretold"
same "last_error says why" "$said" "$(cat /sys/bus/pci/drivers/openvgpu/0000:02:00.0/openvgpu/last_error)"
says "the log says so" "$said" sh -c 'dmesg | grep refused'
says "the guest runs on" '"running"' qmp here query-status
holds "and computes" "$(tail -n 5 here.log)" computes here

# ----------------------------------------------------------- to the other GPU

waits there
says "the guest goes to the other GPU" completed goes here "unix:$PWD/there" true
says "all was sent" "remaining 0" of "$first" stats/migration
same "the one that it left stands still" paused "$(of "$first" openvgpu/state)"
holds "the guest computes there" "$(tail -n 5 there.log)" computes there
says "it runs there" '"running"' qmp there query-status
says "the first QEMU ends" '{}' qmp here quit
wait "${pids[here]}"

# ------------------------------------------------------- to a file, and back

says "the guest goes to a file" completed goes there "exec:cat >$PWD/file" false
says "all was written" "remaining 0" of "$second" stats/migration
ls -l file
# As a user would whose file turns out to be of no use.
says "the one that was left can go on, too" '{}' qmp there cont
holds "and computes" "$(tail -n 5 there.log)" computes there
says "the second QEMU ends" '{}' qmp there quit
wait "${pids[there]}"
start back "$first" --incoming --boot-time 900
holds "a third QEMU waits" "$(tail -n 3 back.log)" within 120 listens back
says "it reads the file" completed qmp back "migrate-incoming={\"uri\": \"exec:cat $PWD/file\"}" over
holds "the guest computes again" "$(tail -n 5 back.log)" computes back
run "it is told to end" 0 qmp back type=end
status=0
wait "${pids[back]}" || status=$?
same "it has ended well" 0 "$status"
contains "its driver is as it was" back.log "ok fill-and-copy"
cat here.log there.log back.log >all.log
same "no result was wrong" '' "$(grep -E '(^|\] )not ok' all.log)"
tail -n 12 back.log
for uuid in "$first" "$second" "$smaller"; do
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove"
done
run "the module can go" 0 modprobe -r openvgpu
finish
