#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G" --gpu "--vram 256M" --timeout 900 --qemu-arg -device --qemu-arg bochs-display,vgamem=64M
# own machine: two GPUs of different size and a bochs-display
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# openvgpu apply and assert against the real module, and metrics as promtool and
# the scheduler's counters see them. Plans, files and messages in general are
# tests/unit/cli/test_cli_apply.py's.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit 1

# vgpus GPU: types and UUIDs of its vGPUs
vgpus()
{
	openvgpu list 2>/dev/null | awk -v gpu="$1" '$3 == gpu { print $2, $1 }' | sort
}

# config ENTRIES: a file with them
config()
{
	printf 'version: v1\nvgpu-configs:\n  default:\n%s\n' "$1" >config.yaml
}

run "apply without the module" 3 openvgpu apply - <<<'{version: v1, vgpu-configs: {a: [{devices: all}]}}'
modprobe openvgpu || { fail "modprobe openvgpu" "status $?"; finish; }
openvgpu show --json | sed -nE 's/^ *"gpu": ?"([^"]*)".*/\1/p' | sort -u >gpus
# There is no /dev/fd in the host machine.
while read -r gpu; do
	if [ "$(cat "/sys/bus/pci/devices/$gpu/openvgpu/framebuffer_total")" -gt $((256 << 20)) ]; then big=$gpu; else small=$gpu; fi
done <gpus
a=11111111-1111-4111-8111-111111111111 b=22222222-2222-4222-8222-222222222222

# ------------------------------------------------------------ from nothing

config "    - devices: [$big]
      settings:
        scheduler: equal_share
        timeslice_us: 3000
        fault_limit: 7
      vgpu-devices:
        256mq:
          - {uuid: $a, weight: 250, cap_percent: 60, timeslice_us: 500}
        32ma:
          - {uuid: $b, display: off}
    - devices: [$small]
      vgpu-devices: {\"64mq\": 3}"
run "dry run" 0 openvgpu apply --dry-run config.yaml
cp "$out" planned
contains "dry run: creates" planned "GPU $big: create openvgpu-256mq $a"
contains "dry run: sets what does not exist yet" planned "vGPU $a: weight: 250"
same "dry run: nothing exists" "" "$(vgpus "$big")$(vgpus "$small")"
contains "dry run: no policy was set" "/sys/bus/pci/devices/$big/openvgpu/scheduler" "[best_effort]"
run "assert before" 1 openvgpu assert config.yaml
run "apply" 0 openvgpu apply config.yaml
same "apply prints what the dry run did" "$(grep -v ' create openvgpu-64mq' planned)" "$(grep -v ' create openvgpu-64mq' "$out")"
same "vGPUs of the one GPU" "openvgpu-256mq $a openvgpu-32ma $b" "$(vgpus "$big" | tr '\n' ' ' | sed 's/ $//')"
same "of the other" 3 "$(vgpus "$small" | grep -c openvgpu-64mq)"
same "weight" 250 "$(cat /sys/bus/mdev/devices/$a/openvgpu/weight)"
same "timeslice_us of the vGPU" 500 "$(cat /sys/bus/mdev/devices/$a/openvgpu/timeslice_us)"
contains "display" "/sys/bus/mdev/devices/$b/openvgpu/display" "[off]"
contains "scheduler" "/sys/bus/pci/devices/$big/openvgpu/scheduler" "[equal_share]"
run "assert after" 0 openvgpu assert config.yaml
run "apply again" 0 openvgpu apply config.yaml
same "apply again changes nothing" "" "$(cat "$out" "$err")"

# Every setting that can be written down reads as it was written, or the second
# apply would change it again.
config "    - devices: [$big]
      settings: {scheduler: fixed_share, sched_hz: 77, averaging_factor: 9,
                 preempt_timeout_us: 123456, fault_limit: 0, fault_window_s: 3600}"
run "all settings" 0 openvgpu apply config.yaml
run "all settings are as written" 0 openvgpu assert config.yaml
for slice in "sched_hz: 10000" "sched_hz: 1" "sched_hz: 9999" "sched_hz: 333" "timeslice_us: 100" \
	"timeslice_us: 1000000" "timeslice_us: 2999" "sched_hz: 0" "timeslice_us: 0"; do
	config "    - devices: [$big]
      settings: {$slice}"
	openvgpu apply config.yaml >"$out" 2>"$err"
	run "$slice is as written" 0 openvgpu assert config.yaml
done

# What is there can be written down, and is as written then.
run "export" 0 openvgpu export --output exported.yaml
contains "export: what was set" exported.yaml "fault_window_s: 3600"
contains "export: a vGPU" exported.yaml "$a"
run "what was exported is so" 0 openvgpu assert exported.yaml
openvgpu set "$a" weight=9
run "and what was changed is found" 1 openvgpu assert exported.yaml
contains "the change" "$out" "vGPU $a: weight: 9 -> 250"
openvgpu set "$a" weight=250

# -------------------------------------------------------------- the console

config "    - devices: [$big]
      settings: {console: $b, averaging_factor: 10}"
run "console of a GPU without an output" 1 openvgpu apply config.yaml
contains "the driver's reason" "$err" "no physical output"
same "the rest is set" 10 "$(cat "/sys/bus/pci/devices/$big/openvgpu/averaging_factor")"
# One with an output: QEMU's display.
for device in /sys/bus/pci/devices/*; do
	[ "$(cat "$device/vendor" "$device/device" | tr '\n' ' ')" = "0x1234 0x1111 " ] || continue
	display=${device##*/}
	[ ! -e "$device/driver" ] || echo "$display" >"$device/driver/unbind"
	echo openvgpu >"$device/driver_override"
	echo "$display" >/sys/bus/pci/drivers_probe
done
c=33333333-3333-4333-8333-333333333333
config "    - devices: ['$display']
      settings: {console: $c}
      vgpu-devices: {32ma: [{uuid: $c}]}"
run "a console that is created by the same file" 0 openvgpu apply config.yaml
same "console" $c "$(cat "/sys/bus/pci/devices/$display/openvgpu/console")"
run "assert the console" 0 openvgpu assert config.yaml
run "export of a GPU with a console and without an engine" 0 openvgpu export --gpu "$display" --output exported.yaml
contains "export: the console" exported.yaml "$c"
run "it is so" 0 openvgpu assert exported.yaml
config "    - devices: ['$display']
      settings: {console: $a}"
run "console that is another GPU's" 3 openvgpu apply config.yaml
config "    - devices: ['$display']
      settings: {console: none}
      vgpu-devices: {}"
run "no console" 0 openvgpu apply config.yaml
run "assert that" 0 openvgpu assert config.yaml
echo "$display" >/sys/bus/pci/drivers/openvgpu/unbind

# ----------------------------------------------------------------- changes

config "    - devices: [$big]
      vgpu-devices:
        256mq: [{uuid: $a, weight: 300, cap_percent: 100}]
        128mq: [{uuid: $b}]
    - devices: [$small]
      vgpu-devices: {64mq: 1, 128mq: 1}"
run "another type under the same UUID" 0 openvgpu apply config.yaml
same "the first GPU" "openvgpu-128mq $b openvgpu-256mq $a" "$(vgpus "$big" | tr '\n' ' ' | sed 's/ $//')"
same "the second" "openvgpu-128mq openvgpu-64mq" "$(vgpus "$small" | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
run "assert the changes" 0 openvgpu assert config.yaml

config "    - devices: all
      vgpu-devices: {256mq: 2}"
run "more than a GPU has" 5 openvgpu apply config.yaml
contains "it says how much" "$err" "MiB, and it has"
same "nothing was removed" 4 "$(openvgpu list | grep -c openvgpu-)"

# ------------------------------------------------------------------ in use

hold-vgpu $a held &
holder=$!
for _ in $(seq 100); do
	[ ! -s held ] || break
	sleep 0.1
done
same "vGPU $a is open" "$holder" "$(cat /sys/bus/mdev/devices/$a/openvgpu/owner_pid)"
config "    - devices: [$big]
      settings: {fault_limit: 9}
      vgpu-devices: {}"
for more in "" --dry-run; do
	run "removing what is in use $more" 4 openvgpu apply config.yaml $more
	contains "its process is named $more" "$err" "vGPU $a is in use by process $holder (hold-vgpu)"
	same "both are there $more" 2 "$(vgpus "$big" | wc -l)"
	same "nothing else was done $more" 0 "$(cat "/sys/bus/pci/devices/$big/openvgpu/fault_limit")"
done
config "    - devices: [$big]
      vgpu-devices: {256mq: [{uuid: $a, display: off, weight: 5}], 128mq: 1}"
run "display of what is in use" 4 openvgpu apply config.yaml
same "its weight stays" 300 "$(cat /sys/bus/mdev/devices/$a/openvgpu/weight)"
config "    - devices: [$big]
      settings: {scheduler: best_effort}
      vgpu-devices: {256mq: [{uuid: $a, weight: 5}], 64mq: 1}"
run "what a running VM takes" 0 openvgpu apply config.yaml
same "its weight changed" 5 "$(cat /sys/bus/mdev/devices/$a/openvgpu/weight)"
same "it is still open" "$holder" "$(cat /sys/bus/mdev/devices/$a/openvgpu/owner_pid)"
# Counting keeps the one that is in use.
config "    - devices: [$big]
      vgpu-devices: {256mq: 1}"
openvgpu create 256mq --gpu "$big" >"$out" 2>"$err"
run "one too many" 0 openvgpu apply config.yaml
same "the one in use was kept" "openvgpu-256mq $a" "$(vgpus "$big")"

# ---------------------------------------------------------------- half way

# Free memory in pieces: every second 32 MiB. What lies between is in use, or it
# would move.
kill -9 "$holder"
wait "$holder" 2>/dev/null
config "    - devices: [$small]
      vgpu-devices: {32mq: 8}"
run "eight" 0 openvgpu apply config.yaml
for uuid in $(for vgpu in $(vgpus "$small" | cut -d' ' -f2); do
	echo "$(cat "/sys/bus/mdev/devices/$vgpu/openvgpu/framebuffer_offset") $vgpu"
done | sort -n | awk 'NR % 2 { print $2 }'); do
	openvgpu remove "$uuid"
done
holders=()
for uuid in $(vgpus "$small" | cut -d' ' -f2); do
	hold-vgpu "$uuid" "held-$uuid" &
	holders+=($!)
	for _ in $(seq 100); do
		[ ! -s "held-$uuid" ] || break
		sleep 0.1
	done
done
config "    - devices: [$small]
      settings: {fault_limit: 42}
      vgpu-devices: {32mq: 4, 64mq: 1}"
run "memory that is not in one piece" 5 openvgpu apply config.yaml
contains "how far it came" "$err" "1 of 2 changes were made"
same "what was done stays" 42 "$(cat "/sys/bus/pci/devices/$small/openvgpu/fault_limit")"
same "and so do the vGPUs" 4 "$(vgpus "$small" | wc -l)"
kill -9 "${holders[@]}"
wait "${holders[@]}" 2>/dev/null
run "those that nobody uses make room" 0 openvgpu apply config.yaml

# ------------------------------------------------------------- who may, where

run "apply without root" 1 setpriv --reuid=65534 --regid=65534 --clear-groups "$(command -v openvgpu)" apply - <<END
version: v1
vgpu-configs:
  default:
    - devices: [$small]
      settings: {fault_limit: 3}
END
contains "it says so" "$err" "run as root"
run "one GPU of the file" 0 openvgpu apply --gpu "$big" - <<END
version: v1
vgpu-configs:
  default:
    - devices: all
      settings: {fault_limit: 11}
END
same "that one" 11 "$(cat "/sys/bus/pci/devices/$big/openvgpu/fault_limit")"
same "not the other" 42 "$(cat "/sys/bus/pci/devices/$small/openvgpu/fault_limit")"

# ----------------------------------------------------------------- metrics

config "    - devices: all
      vgpu-devices: {}"
run "none" 0 openvgpu apply config.yaml
same "no vGPU is left" "" "$(vgpus "$big")$(vgpus "$small")"
openvgpu create 256mq --uuid $a --gpu "$big" >/dev/null
# metric NAME LABEL: its value in metrics.prom
metric()
{
	awk -v name="$1{" -v label="$2" 'index($0, name) == 1 && index($0, label) { print $NF }' metrics.prom
}
/src/build/tests/guest/compute --vfio $a --rounds 100000 >compute.log 2>&1 &
compute=$!
busy=0
for _ in $(seq 60); do
	openvgpu metrics --output metrics.prom
	busy=$(metric openvgpu_vgpu_engine_busy_seconds_total $a)
	[ "${busy%.*}" -lt 1 ] || break
	sleep 0.5
done
same "metrics: a vGPU at work was busy" yes "$([ "${busy%.*}" -ge 1 ] && echo yes || echo "$busy s; compute said $(tail -n 1 compute.log)")"
if promtool check metrics <metrics.prom >"$out" 2>&1; then
	pass "promtool takes the metrics of a real module"
else
	fail "promtool takes the metrics of a real module" "$(cat "$out")"
fi
contains "metrics: who uses it" metrics.prom "pid=\"$compute\",process=\"compute\""
same "metrics: framebuffer" $((256 << 20)) "$(metric openvgpu_vgpu_framebuffer_bytes $a)"
same "metrics: allocated" $((256 << 20)) "$(metric openvgpu_gpu_framebuffer_allocated_bytes "$big")"
same "metrics: the GPU is up" 1 "$(metric openvgpu_gpu_state "gpu=\"$big\",state=\"up\"")"
kill -9 "$compute"
wait "$compute" 2>/dev/null

finish
