#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --gpu "--vram 1G" --timeout 600
# own machine: a GPU that is divisible
# check: 6.12
#
# openvgpu instance, apply, export and restore with GPU instances against the real
# module. Messages in general are tests/unit/cli/test_cli_instance.py's; what is
# placed where is suite spatial's.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit 1

# instances: number, name, profile and vGPUs of each, the pool's name included
instances()
{
	openvgpu instance list --no-legend --columns id,name,profile,vgpus,reserved | tr -s ' '
}

# config ENTRY: a file with one entry for the GPU
config()
{
	printf 'version: v1\nvgpu-configs:\n  default:\n    - devices: all\n%s\n' "$1" >config.yaml
}

modprobe openvgpu || { fail "modprobe openvgpu" "status $?"; finish; }
a=11111111-1111-4111-8111-111111111111 b=22222222-2222-4222-8222-222222222222

# ---------------------------------------------------- create, list and remove

run "profiles" 0 openvgpu instance profiles
same "as many usual profiles as compute slices" \
	"$(openvgpu instance list --json | sed -nE 's/^ *"compute_slices": ?([0-9]+),.*/\1/p' | head -n 1)" \
	"$(openvgpu instance profiles --json | grep -c '"usual": *true')"
same "nothing but the pool" "0 pool - 0 -" "$(instances)"
run "a plan" 0 openvgpu instance plan "4g 2g 1g"
cp "$out" planned
run "create" 0 openvgpu instance create 4g --name train
same "create prints the name" train "$(cat "$out")"
run "create a second one" 0 openvgpu instance create 2g
run "create a third one" 0 openvgpu instance create 1g --name small
openvgpu instance list --no-legend --columns profile,compute | grep -v '^-' | tr -s ' ' >made
sed -nE 's/^([^ :]+): new GPU instance [0-9]+, compute ([^,]+),.*/\1 \2/p' planned >wanted
same "what was planned was made" "$(sort wanted)" "$(sort made)"
run "a name twice" 4 openvgpu instance create 1g --name train
run "more than there is" 5 openvgpu instance create 4g
run "a plan of more than there is" 5 openvgpu instance plan 4g
run "a bad name" 2 openvgpu instance create 1g --name 'a b'
run "no such profile" 3 openvgpu instance create 9g
run "remove by number" 0 openvgpu instance remove 2
run "remove by name" 0 openvgpu instance remove small
same "one is left" "0 pool - 0 - 1 train 4g.512m 0 yes" "$(instances | tr '\n' ' ' | sed 's/ $//')"

# ------------------------------------------------------------- with vGPUs

run "a vGPU joins it" 0 openvgpu create 4-512mc --uuid $a
same "it is there" "1" "$(openvgpu list --no-legend --columns instance)"
run "it is not removed with a vGPU" 4 openvgpu instance remove train
run "a type makes its own" 0 openvgpu create 2-256mc --uuid $b
same "and it is not reserved" "2g.256m 1 no" "$(openvgpu instance list --no-legend --columns profile,vgpus,reserved | tail -n 1 | tr -s ' ')"
run "the scheduler of one of them" 0 openvgpu sched set "$(openvgpu show --json | sed -nE 's/^ *"gpu": ?"([^"]*)".*/\1/p' | head -n 1)/train" scheduler=fixed_share timeslice_us=3000
same "it has it" "pool best_effort train fixed_share" \
	"$(openvgpu instance list --no-legend --columns name,scheduler | head -n 2 | tr -s ' \n' ' ' | sed 's/ $//')"
run "metrics" 0 openvgpu metrics
contains "metrics name the instance" "$out" 'openvgpu_instance_info{'
contains "metrics of a vGPU name it" "$out" 'gpu_instance="1"'
run "top" 0 openvgpu top --interval 100
contains "top has the instance" "$out" "instance 1 train"
run "doctor" 0 sh -c 'openvgpu doctor | grep instances'
contains "doctor counts them" "$out" "2 GPU instances"
run "types" 0 openvgpu types
contains "types says why not" "$out" "slices"

# ------------------------------------------------ as a file says, and restore

run "export" 0 openvgpu export --output exported.yaml
contains "the reserved one is in it" exported.yaml 'train'
run "what is exported changes nothing" 0 openvgpu apply --dry-run exported.yaml
same "nothing" "" "$(cat "$out")"
run "remove the vGPUs" 0 sh -c "openvgpu remove $a && openvgpu remove $b"
same "the type's went with it" "0 pool 1 train" \
	"$(openvgpu instance list --no-legend --columns id,name | tr -s ' \n' ' ' | sed 's/ $//')"
run "back as exported" 0 openvgpu apply exported.yaml
run "assert" 0 openvgpu assert exported.yaml
config "      instances: {}
      vgpu-devices: {}"
run "none" 0 openvgpu apply config.yaml
same "only the pool is left" "0 pool - 0 -" "$(instances)"
config '      mig-devices: {"1g.5gb": 2, "3g.20gb": 1}'
run "counted, by names of other files" 0 openvgpu apply config.yaml
run "again" 0 openvgpu assert config.yaml
same "three" "3" "$(instances | grep -c yes)"
config "      instances:
        train: {profile: 4g, scheduler: equal_share}
        night: {profile: 1g}
      vgpu-devices: {4-512mc: 1}"
mkdir -p /etc/openvgpu /run
cp config.yaml /etc/openvgpu/config.yaml
run "restore" 0 openvgpu restore
run "restore did all" 0 openvgpu assert config.yaml
same "the vGPU joined the reserved one" "train 1" \
	"$(openvgpu instance list --no-legend --columns name,vgpus | tr -s ' ' | grep train)"
rm /etc/openvgpu/config.yaml
finish
