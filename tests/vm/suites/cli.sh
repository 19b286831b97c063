#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G --serial 123456789abcdef" --gpu "--vram 256M" --timeout 600
# own machine: two GPUs of different size
# check: 6.12
#
# The openvgpu command against the real module: what only a kernel can answer.
# Output, arguments and exit statuses in general are tests/unit/cli/test_cli*.py's.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

# get FILE EXPRESSION: a value of JSON output, as Python prints it
get()
{
	python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# doctor_state ID: what the doctor says of one check
doctor_state()
{
	openvgpu doctor --json >"$out" 2>"$err"
	get "$out" "[c['state'] for c in v['checks'] if c['check'] == '$1'][0]"
}

# ------------------------------------------------------- before the module

run "list without the module" 0 openvgpu list
contains "list says that the module is not loaded" "$err" "not loaded"
run "create without the module" 3 openvgpu create 1q
same "doctor: mdev" ok "$(doctor_state mdev)"
same "doctor: module not loaded yet" warn "$(doctor_state module)"
same "doctor: GPU without a driver" fail "$(doctor_state gpu)"
run "doctor fails" 1 openvgpu doctor
contains "doctor says what to do" "$out" "modprobe openvgpu"

modprobe openvgpu || { fail "modprobe openvgpu" "status $?"; finish; }

# ------------------------------------------------------------ with the module

run "doctor with the module" 0 openvgpu doctor || cat "$out"
run "health" 0 openvgpu health || cat "$out"
run "diag" 0 openvgpu diag || cat "$out"
contains "diag zeroed video memory" "$out" "all of its video memory was zeroed"
contains "diag made a vGPU" "$out" "was created and removed"
same "and nothing is left of it" "" "$(openvgpu list --quiet)"
same "doctor: module" ok "$(doctor_state module)"
same "doctor: GPU" ok "$(doctor_state gpu)"

run "types" 0 openvgpu types --json
cp "$out" types.json
get types.json "'\n'.join(sorted({t['gpu'] for t in v['types']}))" >gpus
mapfile -t gpus <gpus
same "two GPUs offer types" 2 "${#gpus[@]}"
openvgpu show --json >"$out"
same "one of them has a serial number" "0123456789abcdef none" \
	"$(get "$out" "' '.join(sorted(g['attributes']['serial'] for g in v['gpus']))")"
same "and a UUID by that" "0123456789abcdef" \
	"$(get "$out" "' '.join(g['attributes']['serial'] for g in v['gpus'] if g['uuid'])")"
big=$(get types.json "max(v['types'], key=lambda t: t['framebuffer_bytes'])['gpu']")
small=$(get types.json "[t['gpu'] for t in v['types'] if t['gpu'] != '$big'][0]")
for gpu in "${gpus[@]}"; do
	wrong=$(get types.json "[t['type'] for t in v['types'] if t['gpu'] == '$gpu' and t['available_instances'] != t['max_instance']]")
	same "an empty GPU $gpu has room for max_instance" "[]" "$wrong"
done

run "create prints" 0 openvgpu create openvgpu-256mq --gpu "$big"
uuid=$(cat "$out")
same "create prints nothing but the UUID" 1 "$(wc -l <"$out")"
holds "the vGPU exists" "no /sys/bus/mdev/devices/$uuid" \
	test -e "/sys/bus/mdev/devices/$uuid/mdev_type"
run "the same UUID again" 4 openvgpu create 256mq --uuid "$uuid"
contains "duplicate: reason" "$err" "exists already"

odd=00000002-0000-0000-0000-000000000100
run "Proxmox' form of a UUID" 0 openvgpu create 128mq --uuid "$odd" --gpu "$big"
run "show" 0 openvgpu show "$odd" --json
same "show: state" closed "$(get "$out" "v['vgpu']['state']")"
same "show: framebuffer_size" $((128 << 20)) "$(get "$out" "v['vgpu']['attributes']['framebuffer_size']")"
same "show: stats are numbers" int "$(get "$out" "type(v['vgpu']['stats']['trapped_writes']).__name__")"
run "list" 0 openvgpu list --json
same "list: both" 2 "$(get "$out" "len(v['vgpus'])")"

# --------------------------------------------------------------- migration

same "doctor: what QEMU needs to migrate is no fault" ok "$(doctor_state migration)"
openvgpu migration describe "$uuid" >described.json 2>"$err" || fail "describe" "$(cat "$err")"
same "describe: framebuffer" $((256 << 20)) "$(get described.json "v['migration']['framebuffer_bytes']")"
same "describe: mode" auto "$(get described.json "v['migration']['mode']")"
other=$(openvgpu create 256mq --gpu "$small")
run "a guest can go to the other GPU" 0 openvgpu migration check "$uuid" "$other"
run "also where only its description is" 0 openvgpu migration check described.json "$other"
run "not to a smaller vGPU" 7 openvgpu migration check "$uuid" "$odd"
contains "check says why" "$err" \
	"migration refused: the source has 256 MiB, this vGPU 128: create openvgpu-256mq"
run "another personality" 0 openvgpu set "$other" personality=bochs migration=off
run "is refused" 7 openvgpu migration check "$uuid" "$other" --json
same "and that migration is off, and no more" \
	"the source has personality native, this vGPU bochs: write native to its openvgpu/personality
the target's migration is off: write auto to its openvgpu/migration while nobody has it open" \
	"$(get "$out" "'\n'.join(v['reasons'])" | sed 's/^migration refused: //')"
run "the other vGPU goes" 0 openvgpu remove "$other"

# --------------------------------------------------------------- scheduler

run "sched show" 0 openvgpu sched show "$big" --json
cp "$out" sched.json
same "sched show: policy" best_effort "$(get sched.json "v['gpus'][0]['scheduler']")"
same "sched show: all settings have a value" "[]" \
	"$(get sched.json "[n for n in v['gpus'][0] if v['gpus'][0][n] is None]")"
same "sched show: so have those of vGPUs" "[]" \
	"$(get sched.json "[n for n in v['gpus'][0]['vgpus'][0] if n != 'owner_pid' and v['gpus'][0]['vgpus'][0][n] is None]")"
same "sched show: all counters too" "[]" \
	"$(get sched.json "[n for n, c in v['gpus'][0]['vgpus'][0]['stats'].items() if c is None]")"
same "sched show: a vGPU's state" closed "$(get sched.json "v['gpus'][0]['vgpus'][0]['sched_state']")"
run "sched show for people" 0 openvgpu sched show "$uuid"

run "sched set on a GPU" 0 openvgpu sched set --gpu "$big" scheduler=equal_share sched_hz=1000
contains "the policy is in force" "/sys/bus/pci/devices/$big/openvgpu/scheduler" "[equal_share]"
same "sched_hz changes timeslice_us" 1000 "$(cat "/sys/bus/pci/devices/$big/openvgpu/timeslice_us")"
run "sched set to the default" 0 openvgpu sched set --gpu "$big" scheduler=best_effort timeslice_us=0
same "480 slices a second" 2083 "$(cat "/sys/bus/pci/devices/$big/openvgpu/timeslice_us")"
run "sched set with two GPUs" 2 openvgpu sched set sched_hz=100
run "sched set on a vGPU" 0 openvgpu sched set "$uuid" weight=200 cap_percent=50
same "its weight" 200 "$(cat "/sys/bus/mdev/devices/$uuid/openvgpu/weight")"
run "sched set with one bad value" 2 openvgpu sched set "$uuid" weight=300 cap_percent=500
same "nothing was changed" 200 "$(cat "/sys/bus/mdev/devices/$uuid/openvgpu/weight")"
run "sched set of a policy there is not" 2 openvgpu sched set --gpu "$big" scheduler=round_robin
run "sched set back" 0 openvgpu sched set "$uuid" weight=100 cap_percent=100

# The command's ranges are the driver's: both ends are taken by both, and one
# beyond by neither.
cat >ranges.py <<'END'
import re, subprocess, sys
folders = {"GPU": f"/sys/bus/pci/devices/{sys.argv[1]}/openvgpu/",
           "vGPU": f"/sys/bus/mdev/devices/{sys.argv[2]}/openvgpu/"}
help = subprocess.run(["openvgpu", "sched", "set", "--help"], check=True,
                      stdout=subprocess.PIPE, text=True).stdout
def takes(file, value):
    try:
        with open(file, "w") as attribute:
            attribute.write(str(value))
        return True
    except OSError:
        return False
seen = 0
for kind, part in re.findall(r"Settings of a (\w+):\n(.*?)\n\n", help, re.S):
    for name, zero, low, high in re.findall(r"^  (\w+) +(0, )?(\d+)-(\d+) ", part, re.M):
        seen += 1
        file = folders[kind] + name
        before = open(file).read()
        low, high = int(low), int(high)
        for value, wanted in ((high + 1, False), (high, True), (low, True),
                              (low - 1, bool(zero) and low == 1), (0, bool(zero) or low == 0)):
            if value >= 0 and takes(file, value) != wanted:
                print(f"{kind} {name}={value}: {'taken' if not wanted else 'refused'}")
        takes(file, 0 if name in ("timeslice_us", "sched_hz") else before)
print(seen)
END
same "ranges are the driver's" 13 "$(python3 ranges.py "$big" "$uuid" 2>&1)"

# compute_state KEY: a value of what top says of the vGPU at work
compute_state()
{
	openvgpu top "$big" --once --json --interval 500 >"$out" 2>"$err"
	get "$out" "[g['$1'] for g in v['gpus'][0]['vgpus'] if g['uuid'] == '$uuid'][0]"
}

/src/build/tests/guest/compute --vfio "$uuid" --rounds 100000 >compute.log 2>&1 &
compute=$!
share=0
for _ in $(seq 60); do
	share=$(compute_state share_percent)
	[ "${share%.*}" -lt 1 ] || break
	sleep 0.5
done
holds "top: a vGPU at work has a share" "share_percent is $share; compute said '$(tail -n 2 compute.log)'" \
	test "${share%.*}" -ge 1
same "top: whose" "$compute" "$(compute_state owner_pid)"
same "top: one that is closed has none" 0.0 \
	"$(get "$out" "[g['share_percent'] for g in v['gpus'][0]['vgpus'] if g['uuid'] == '$odd'][0]")"
run "top for people" 0 openvgpu top --once --interval 100
contains "top: its line" "$out" "$uuid"
run "sched show of a vGPU at work" 0 openvgpu sched show "$uuid" --json
# The driver counts a run when it ends, the hardware all the time.
holds "sched show: it held the GPU" "$(cat "$out")" \
	test "$(get "$out" "v['vgpu']['stats']['resident_ns']")" -gt 0

run "sched set frozen" 0 openvgpu sched set "$uuid" frozen=1
same "frozen: state" frozen "$(compute_state sched_state)"
same "frozen: no share" 0.0 "$(compute_state share_percent)"
openvgpu sched show "$uuid" --json >"$out"
holds "sched show: its run was counted" "$(cat "$out")" \
	test "$(get "$out" "v['vgpu']['stats']['slices']")" -gt 0
run "sched set frozen=0" 0 openvgpu sched set "$uuid" frozen=0
for _ in $(seq 60); do
	share=$(compute_state share_percent)
	[ "${share%.*}" -lt 1 ] || break
done
holds "it goes on" "share_percent is $share" test "${share%.*}" -ge 1

run "sched log" 0 openvgpu sched log "$big" --json
holds "sched log: its runs are there" "$(head -c 300 "$out")" \
	test "$(get "$out" "sum(s['uuid'] == '$uuid' for s in v['gpus'][0]['switches'])")" -gt 0
same "sched log: oldest first" True \
	"$(get "$out" "[s['time_ns'] for s in v['gpus'][0]['switches']] == sorted(s['time_ns'] for s in v['gpus'][0]['switches'])")"
run "sched log for people" 0 openvgpu sched log "$big"
run "sched log without root" 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v openvgpu)" sched log "$big"
contains "it says so" "$err" "run as root"
run "sched set without root" 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v openvgpu)" sched set "$uuid" weight=5
contains "it says so, too" "$err" "run as root"
umount /sys/kernel/debug/tracing 2>/dev/null
umount /sys/kernel/debug
run "sched log without debugfs" 1 openvgpu sched log "$big"
contains "it says what to do" "$err" "mount -t debugfs"
mount -t debugfs none /sys/kernel/debug

# In a terminal: a key ends it, and what is on the screen is the table.
(sleep 3; printf q) | timeout 60 script -qec "stty columns 130; TERM=vt100 openvgpu top --interval 200" screen.log >"$out" 2>&1
same "top in a terminal ends by q" 0 "$?"
contains "top in a terminal shows the vGPU" screen.log "$uuid"
kill -9 "$compute"
wait "$compute" 2>/dev/null

# Capacity: the reason comes from the driver.
run "too large for what is left" 5 openvgpu create 1q --gpu "$big"
reason=$(cat "/sys/bus/pci/devices/$big/openvgpu/last_error")
holds "the driver gives a reason" "last_error is empty" test -n "$reason"
contains "the reason is printed" "$err" "$reason"
run "the same as JSON" 5 openvgpu create 1q --gpu "$big" --json
same "error object" 5 "$(get "$out" "v['error']['code']")"
# An earlier refusal's reason must not stand beside a duplicate.
openvgpu create 256mq --uuid "$uuid" >"$out" 2>"$err"
if grep -qF "$reason" "$err"; then
	fail "no stale reason" "$(cat "$err")"
else
	pass "no stale reason"
fi

# Without --gpu, the emptiest; when all are full, 5 and nothing created.
count=0
while openvgpu create 64mq >"$out" 2>"$err"; do
	count=$((count + 1))
	[ "$count" -lt 100 ] || break
done
same "64mq on all GPUs until full" $(((1024 - 384 + 256) / 64)) "$count"
run "all full" 5 openvgpu create 64mq
same "nothing is available now" 0 "$(openvgpu types --json >"$out"; get "$out" "sum(t['available_instances'] for t in v['types'] if t['framebuffer_bytes'] >= 64 << 20)")"

# ------------------------------------------------------------------- in use

hold()
{
	rm -f held
	hold-vgpu "$1" held &
	holder=$!
	for _ in $(seq 100); do
		[ ! -s held ] || return 0
		sleep 0.1
	done
	fail "open $1" "not open after 10 s"
	return 1
}

hold "$odd"
run "remove of a vGPU in use" 4 openvgpu remove "$odd"
contains "its user is named" "$err" "process $holder (hold-vgpu)"
run "list names the user" 0 openvgpu list --json
same "owner_pid" "$holder" "$(get "$out" "[g['owner_pid'] for g in v['vgpus'] if g['uuid'] == '$odd'][0]")"
holds "it is still there" "gone" test -e "/sys/bus/mdev/devices/$odd"
same "it can be opened still" 0 "$(cat "/sys/bus/mdev/devices/$odd/openvgpu/refuse_opens")"

timeout 60 openvgpu remove --force "$odd" >"$out" 2>"$err" &
remover=$!
sleep 2
holds "--force waits for the user" "ended: $(cat "$err")" kill -0 "$remover"
kill -9 "$holder"
wait "$remover"
same "--force ends when the user has gone" 0 "$?"
run "removed" 3 openvgpu show "$odd"
run "remove again" 3 openvgpu remove "$odd"

hold "$uuid"
kill -9 "$holder"
wait "$holder" 2>/dev/null
run "remove right after its user was killed" 0 openvgpu remove "$uuid"

# ----------------------------------------------------------------- the rest

run "small GPU shown alone" 0 openvgpu show "$small" --json
same "one GPU" "['$small']" "$(get "$out" "[g['gpu'] for g in v['gpus']]")"
openvgpu list --json >"$out"
for uuid in $(get "$out" "' '.join(g['uuid'] for g in v['vgpus'])"); do
	openvgpu remove "$uuid" || fail "remove $uuid" "status $?"
done
openvgpu types --json >"$out"
same "all room is back" "True" "$(get "$out" "v == json.load(open('types.json'))")"

# Everything goes and comes back while top looks on.
mkfifo top-keys
exec 9<>top-keys
script -qec "stty columns 130; TERM=vt100 openvgpu top --interval 50" screen.log <top-keys >top.out 2>&1 &
top=$!
openvgpu remove "$(openvgpu create 64mq --gpu "$big")" ||
	fail "create and remove under top" "status $?"
echo "$big" >"/sys/bus/pci/drivers/openvgpu/unbind"
run "create on a GPU that was unbound" 3 openvgpu create 1q --gpu "$big"
contains "it says so" "$err" "not bound"
same "doctor: one of two GPUs has no driver" warn "$(doctor_state gpu)"
echo "$big" >"/sys/bus/pci/drivers/openvgpu/bind"
run "create after binding it again" 0 openvgpu create 1q
openvgpu remove "$(cat "$out")"
holds "rmmod" "refused" rmmod openvgpu
sleep 1
holds "top goes on without the module" "ended: $(tail -c 500 screen.log)" kill -0 "$top"
printf q >&9
wait "$top"
same "top ends by q" 0 "$?"
contains "top saw the GPU go" screen.log "NO GPU"

finish
