#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: none
# kernels: 6.12
#
# Manual pages, completion and metrics, judged by the programs of those who read
# them: mandoc, man, bash-completion, promtool. The command runs on a made-up
# machine (tests/unit/cli/cli_machine.py); no kernel takes part in it.

cd "$(dirname "$0")/../../.." || exit 1
mkdir -p build/documents
cat >build/documents/machine.py <<'END'
import sys
sys.path[:0] = ["tests/unit", "tests/unit/cli"]
sys.dont_write_bytecode = True
import cli_machine as m
test = m.CliTest()
test.machine = machine = m.Machine()
test.fill()
for bdf in (m.GPU, m.GPU2):
    machine.add_attributes(bdf, {
        **m.GPU_SETTINGS, "state": "up", "max_vgpus": 16,
        "framebuffer_total": 4 << 30, "framebuffer_free": 3 << 30,
        "largest_free": 2 << 30, "family": 'ref"gpu\\', "board": "REFGPU"})
for uuid in (m.IDLE, m.USED):
    machine.add_attributes(f"{m.GPU}/{uuid}", {
        **m.VGPU_SETTINGS, "framebuffer_size": 1 << 28, "framebuffer_used": 0,
        "last_fault": 0})
    machine.add_attributes(f"{m.GPU}/{uuid}", dict.fromkeys((
        "busy_ns", "resident_ns", "wait_ns", "slices", "preemptions",
        "overrun_ns", "idle_ns", "switches", "switch_ns", "faults", "resets",
        "wait_sum_ns",
        "violations", "bad_accesses", "interrupts", "packets", "bytes_read",
        "bytes_written", "dma_pinned_bytes"), 123456789), "stats")
    machine.add_attributes(f"{m.GPU}/{uuid}", {
        "wait_histogram": " ".join(map(str, range(32))), "lag_ns": -1234567}, "stats")
# What the manual's examples are about.
for bdf in ("0000:3b:00.0", "0000:5e:00.0"):
    machine.add_gpu(bdf, {"1q": (1024, 4, 4), "256mq": (256, 16, 16),
                          "32ma": (32, 32, 32)})
    machine.add_attributes(bdf, {**m.GPU_SETTINGS, "max_vgpus": 64,
                                 "framebuffer_total": 4 << 30})
machine.add_gpu("0000:3c:00.0", {"16mq": (16, 64, 64), "512mq": (512, 2, 2),
                                 "4-512mc": (512, 2, 2)})
machine.add_attributes("0000:3c:00.0", m.GPU_SETTINGS)
machine.divide("0000:3c:00.0", pool=5)
machine.add_instance("0000:3c:00.0", 1, "night", "1g.128m", 1, 0, 1)
machine.add_instance("0000:3c:00.0", 2, "day", "2g.256m", 6, 2, 2)
machine.add_queue("0000:3c:00.0", 2, 3, "day.3", "1c.2g.256m", 4, 2, 2)
END
rm -rf build/documents/openvgpu-cli.*
TMPDIR=build/documents python3 build/documents/machine.py || exit 1

tests/vm/chroot bash -s <<'EOF'
. /src/tests/vm/suite.sh

# empty NAME TEXT: TEXT must be empty
empty()
{
	same "$1" '' "$(printf '%s' "$2" | head -c 600 | tr '\n' ' ')"
}

make -s -C tools/openvgpu BUILD=/tmp/build >/tmp/make.log 2>&1 || { cat /tmp/make.log; exit 1; }
PATH=/tmp/build/tools:$PATH
shopt -s nullglob
commands=$(openvgpu --help | sed -n '/^Commands:/,/^$/p' | sed -nE 's/^  ((sched|gpu|instance|migration|mode|stats) [a-z-]+|[a-z]+) .*/\1/p')
[ "$(wc -l <<<"$commands")" -gt 10 ] || fail "openvgpu --help lists the commands" "$commands"

# -------------------------------------------------------------- manual pages

pages=(tools/dist/man/*.[1-9])
[ ${#pages[@]} -ge 4 ] || fail "manual pages" "only ${pages[*]}"
export MANPATH=/tmp/man
for page in "${pages[@]}"; do
	install -D -m 644 -t "/tmp/man/man${page##*.}" "$page"
done
for page in "${pages[@]}"; do
	# Those of other packages are not in the tree.
	empty "mandoc finds no fault with ${page##*/}" \
		"$(mandoc -T lint "$page" 2>&1 | grep -v 'referenced manual not found')"
	empty "man renders ${page##*/}" \
		"$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -l "$page" 2>&1 >/dev/null | grep -v 'cannot adjust line')"
	while read -r name section; do
		case $name in openvgpu* | refgpu | libopenvgpu | ovgpu_* | librefgpu_drm | refgpu_drm_*) ;; *) continue ;; esac
		# A page may be about several functions.
		holds "${page##*/}: $name($section) exists" "no such page" \
			sh -c 'test -e "tools/dist/man/$1.$2" || grep -qx "\.Nm $1.*" tools/dist/man/*."$2"' sh "$name" "$section"
	done < <(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1 \2/p' "$page" | sort -u)
done

while read -r command; do
	usage=$(openvgpu $command --help | head -n 1)
	entry=$(sed -nE "s/^\.It Cm $command\b//p" tools/dist/man/openvgpu.8 | head -n 1)
	grep -qE "^\.It Cm $command( |\$)" tools/dist/man/openvgpu.8 &&
		pass "openvgpu(8) has $command" || fail "openvgpu(8) has $command" "no entry"
	for option in $(grep -oE -- '--[a-z-]+' <<<"$usage" | grep -v -- --json); do
		case $entry in
		*"Fl ${option#-}"*) pass "openvgpu(8): $command $option" ;;
		*) fail "openvgpu(8): $command $option" "entry is '$entry'" ;;
		esac
	done
done <<<"$commands"
# And none that does not exist.
sed -n '/^\.Sh COMMANDS/,/^\.Sh SETTINGS/p' tools/dist/man/openvgpu.8 |
	sed -nE 's/^\.It Cm ((sched|gpu|instance|migration|mode|stats) [a-z-]+|[a-z]+).*/\1/p' | sort >/tmp/in-page
empty "openvgpu(8) has no other command" "$(sort <<<"$commands" | comm -13 - /tmp/in-page)"
# What is for the moment is in no configuration.
for_now=$(openvgpu settings --json |
	python3 -c 'import json, sys; print(*(s["name"] for s in json.load(sys.stdin)["settings"] if s["for_now"]))')
for setting in $(openvgpu set --help | sed -nE '/^Settings/,$s/^  ([a-z_]+) .*/\1/p' | sort -u); do
	for page in openvgpu.8 openvgpu.4 openvgpu-config.5; do
		[ "$page" = openvgpu-config.5 ] && [[ " $for_now " = *" $setting "* ]] && continue
		holds "$page has $setting" "it has not" grep -qE "(^\.(It )?Cm |, |\| )$setting\b" "tools/dist/man/$page"
	done
done
for parameter in $(sed -nE 's/^module_param_cb\(([a-z_]+),.*/\1/p; s/^module_param\(([a-z_]+),.*/\1/p; s/^module_param_named\(([a-z_]+),.*/\1/p' kernel/host/*.c kernel/host/*/*.c kernel/host/*/*/*.c); do
	holds "openvgpu(4) has the parameter $parameter" "it has not" grep -q "^\.It Cm $parameter\$" tools/dist/man/openvgpu.4
	# Nobody is invited to set one that has no effect any more.
	[ "$parameter" = averaging_factor ] ||
		holds "modprobe.d has the parameter $parameter" "it has not" grep -q "$parameter=" tools/dist/modprobe.d/openvgpu.conf
done

# ------------------------------------------------------- the made-up machine

top=$(echo /src/build/documents/openvgpu-cli.*)
export OPENVGPU_SYSFS=$top/sys OPENVGPU_PROC=$top/proc OPENVGPU_ROOT=$top/root

# --------------------------------------------- examples of the configuration

mandoc -T utf8 tools/dist/man/openvgpu-config.5 | col -bx >/tmp/page
awk '/^ *version: v1$/ { n++; on = 1 } on && !/^  / { on = 0 } on { print > "/tmp/example-" n ".yaml" }' \
	<(sed -n '/^EXAMPLES/,$p' /tmp/page)
count=0
for file in /tmp/example-*.yaml; do
	count=$((count + 1))
	for label in $(sed -nE 's/^ {0,13}  ([a-z]+):$/\1/p' "$file" | sort -u | grep -E '^(default|night)$'); do
		run "openvgpu-config(5), example $count, $label" 0 openvgpu apply --dry-run --config "$label" "$file"
	done
done
holds "openvgpu-config(5) has examples" "found $count" test "$count" -ge 2
run "config.yaml configures nothing" 0 openvgpu apply --dry-run tools/dist/examples/config.yaml
sed -nE '/^#version/,$s/^#//p' tools/dist/examples/config.yaml | grep -vE '^ [A-Z]|^ that|^$' >/tmp/config.yaml
# Whole GPUs are test_cli_use's: this machine has no IOMMU.
sed -i '/5e:00.0/,+1d' /tmp/config.yaml
sed -i 's/devices: all/devices: [0000:5e:00.0]/' /tmp/config.yaml
run "config.yaml without its #" 0 openvgpu apply --dry-run /tmp/config.yaml
cp "$out" /tmp/plan
holds "config.yaml without its # has a list of vGPUs" "it said $(cat /tmp/plan)" grep -q 'create openvgpu-1q 8f1c1e5a' /tmp/plan

# ------------------------------------------------------------------- metrics

openvgpu metrics >/tmp/metrics.prom || fail "openvgpu metrics" "status $?"
empty "promtool finds no fault with the metrics" "$(promtool check metrics </tmp/metrics.prom 2>&1 || echo "status $?")"
holds "there are metrics" "too few" test "$(wc -l </tmp/metrics.prom)" -gt 100
sed 's/^openvgpu_gpus .*/&x/' /tmp/metrics.prom >/tmp/broken.prom
promtool check metrics </tmp/broken.prom >/dev/null 2>&1 &&
	fail "promtool would find a fault" "it took a broken number" || pass "promtool would find a fault"
for name in $(sed -nE 's/^# TYPE ([a-z_]+) .*/\1/p' /tmp/metrics.prom); do
	holds "doc/metrics.md has $name" "it has not" grep -qF "\`$name\`" doc/metrics.md
done
for name in $(grep -oE '^\| `openvgpu_[a-z_]+`' doc/metrics.md | tr -d '|` '); do
	# No GPU is handed over here: suite hand-over has one.
	[ "$name" != openvgpu_gpu_handed_over_info ] || continue
	holds "$name of doc/metrics.md is printed" "it is not" grep -q "^# TYPE $name " /tmp/metrics.prom
done

# Expressions: what Prometheus would say of them, and of names in them.
sed -n '/^## Questions/,$p' doc/metrics.md | sed -nE 's/^\|[^|]*\| `([^`]*openvgpu_[^`]*)`.*/\1/p' >/tmp/expressions
holds "doc/metrics.md has expressions" "found $(wc -l </tmp/expressions)" test "$(wc -l </tmp/expressions)" -ge 10
{
	printf 'groups:\n- name: document\n  rules:\n'
	n=0
	while read -r expression; do
		n=$((n + 1))
		printf "  - record: document:expression%s\n    expr: '%s'\n" "$n" "$expression"
	done </tmp/expressions
} >/tmp/rules.yaml
run "promtool takes the expressions of doc/metrics.md" 0 promtool check rules /tmp/rules.yaml
for name in $(grep -oE 'openvgpu_[a-z_]+' /tmp/expressions | sort -u); do
	holds "$name of an expression is printed" "it is not" grep -qE "^${name}[{ ]" /tmp/metrics.prom
done

# ---------------------------------------------------------------- completion

cat >/tmp/complete.sh <<'END'
# Prints what readline would be given for a line that is typed so far.
. /usr/share/bash-completion/bash_completion
. tools/dist/completion/openvgpu
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
mapfile -t COMP_WORDS < <(python3 -c '
import re, sys
words = []
for word in re.split(r"\s+", sys.argv[1]):
    words += re.findall(r"[:=]|[^:=]+", word) or [""]
print("\n".join(words))' "$1")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_openvgpu
printf '%s\n' "${COMPREPLY[@]}"
END

# completes LINE WANT...: LINE is completed to these words
completes()
{
	local line=$1

	shift
	if [ "$(bash /tmp/complete.sh "$line" 2>/tmp/errors | sort)" = "$(printf '%s\n' "$@" | sort)" ] && [ ! -s /tmp/errors ]; then
		pass "completion of '$line'"
	else
		fail "completion of '$line'" "wanted '$*', saw '$(bash /tmp/complete.sh "$line" 2>&1 | tr '\n' ' ')'"
	fi
}

idle=11111111-1111-4111-8111-111111111111 used=00000003-0000-0000-0000-000000000100
completes "openvgpu " $(openvgpu --help | sed -n '/^Commands:/,/^$/p' | awk 'NF > 1 { print $1 }' | sort -u) help --help --version
completes "openvgpu cr" create
completes "openvgpu sched " log set show --help
completes "openvgpu sched s" set show
completes "openvgpu create --" --uuid --gpu --json --help
completes "openvgpu create 2" 256mq 2q
completes "openvgpu remove 1" $idle
completes "openvgpu remove " $idle $used
completes "openvgpu show 0000:0" 01:00.0 02:00.0
completes "openvgpu create 1q --gpu 0000:02" 02:00.0
completes "openvgpu set $idle we" weight=
completes "openvgpu set $idle display=" region dmabuf off
completes "openvgpu set $idle display=d" dmabuf
completes "openvgpu sched set scheduler=eq" equal_share
completes "openvgpu set console=n" none
completes "openvgpu top --sort w" wait
completes "openvgpu apply --d" --dry-run
completes "openvgpu apply /etc/openvg" ""
completes "openvgpu frobnicate " ""
completes "openvgpu list " ""
completes "openvgpu list --type 2" 256mq 2q
completes "openvgpu list --columns UUID,P" UUID,PID UUID,PROCESS

finish
EOF
