#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 600
# own machine: the document begins with a machine that has just started
# kernels: 6.1 6.12 7.2
# check: 6.12
#
# What README.md tells the reader to type in the host machine, typed: the
# commands are taken from the file itself.

readme=/src/README.md
uuid=8f1c1e5a-3c1d-4b0e-9a51-0c9f6c1d2e3f
# shellcheck source=suite.sh
. /src/tests/vm/suite.sh
cd "$(mktemp -d)" || exit

# block TEXT: the indented lines that follow the line which begins with TEXT
block()
{
	awk -v text="$1" '
		!found { found = index($0, text) == 1; next }
		/^    / { print substr($0, 5); inside = 1; next }
		inside { exit }' "$readme"
}

last()
{
	tail -n 40 "$1" | tr '\r\n' '  '
}

block "It gives a root prompt" >host
block "and at the prompt of the guest" >guest
block "With mdevctl:" >mdevctl
block "A VM with a BIOS" >bios
for name in host guest mdevctl bios; do
	holds "README.md has commands: $name" "none found" test -s "$name"
done

# ----------------------------------------------- a guest computes, by hand

# The commands are the reader's own, so guest-watch finds QEMU by this wrapper.
# Typed when the prompt is there: earlier, the guest would lose it.
mkdir bin
cat >bin/qemu-system-x86_64 <<'EOF'
#!/bin/sh
exec /usr/bin/qemu-system-x86_64 -pidfile /run/guest/readme.pid \
	-qmp unix:/run/guest/readme.qmp,server=on,wait=off "$@"
EOF
chmod +x bin/qemu-system-x86_64
mkfifo keyboard
exec 3<>keyboard
PATH=$PWD/bin:$PATH guest-watch --name readme --log host.log --up '~ # ' --timeout 120 \
	--between "echo 1 >/sys/bus/mdev/devices/$uuid/remove" -- \
	bash -e host <keyboard 3>&- >/dev/null &
shell=$!
for _ in $(seq 3000); do
	if grep -qs '~ # ' host.log || ! kill -0 "$shell" 2>/dev/null; then
		break
	fi
	sleep 0.2
done
holds "the guest starts" "$(last host.log)" grep -q '~ # ' host.log
cat guest >&3
wait "$shell"
status=$?
holds "the commands succeed" "status $status, $(last host.log)" test "$status" = 0
holds "openvgpu types lists types" "$(head -n 3 host.log)" grep -q '^0000:01:00.0  *openvgpu-256mq' host.log
holds "the guest's jobs are right" "$(last host.log)" grep -Eq '[1-9][0-9]* passed, 0 failed' host.log
holds "the guest ends well" "$(last host.log)" grep -q 'guest-exit: 0' host.log

# ------------------------------------------------------- a picture, through VNC

# What the BIOS writes for whoever debugs it tells guest-watch that it runs.
cat >bin/qemu-system-x86_64 <<'EOF'
#!/bin/sh
exec /usr/bin/qemu-system-x86_64 -pidfile /run/guest/bios.pid \
	-qmp unix:/run/guest/bios.qmp,server=on,wait=off \
	-chardev stdio,id=log -device isa-debugcon,iobase=0x402,chardev=log "$@"
EOF
display=$(sed -n 's/^echo \([-0-9a-f]*\) .*/\1/p' bios)
PATH=$PWD/bin:$PATH guest-watch --name bios --log bios.log --up '^SeaBIOS' \
	--between "echo 1 >/sys/bus/mdev/devices/$display/remove" -- \
	bash -e bios </dev/null >/dev/null &
shell=$!
for _ in $(seq 300); do
	if guest-screen vnc /run/vnc bios.ppm 2>bios.err &&
	   guest-screen text bios.ppm /usr/share/seabios/vgabios-bochs-display.bin >bios.txt &&
	   grep -q 'No bootable device' bios.txt || ! kill -0 "$shell" 2>/dev/null; then
		break
	fi
	sleep 0.5
done
holds "VNC shows the BIOS" "$(last bios.log) $(cat bios.err)" grep -q '^SeaBIOS' bios.txt
guest-screen quit bios
wait "$shell"
status=$?
holds "the commands with a display succeed" "status $status, $(last bios.log)" test "$status" = 0
holds "its vGPU can be removed" "status $?" bash -c "echo 1 > /sys/bus/mdev/devices/$display/remove"

# -------------------------------------------------------- daily use: the table

holds "the vGPU is listed" "$(ls /sys/bus/mdev/devices/)" test -e "/sys/bus/mdev/devices/$uuid"
for what in openvgpu/state stats/doorbells; do
	holds "$what is there" "no such file" test -s "/sys/bus/mdev/devices/$uuid/$what"
done
holds "last_error is there" "no such file" test -e /sys/bus/pci/devices/0000:01:00.0/openvgpu/last_error
holds "remove by echo" "status $?" bash -c "echo 1 > /sys/bus/mdev/devices/$uuid/remove"
holds "it is gone" "still there" test ! -e "/sys/bus/mdev/devices/$uuid"

# --------------------------------------------------------------------- mdevctl

bash -e mdevctl >mdevctl.log 2>&1
status=$?
holds "mdevctl's commands succeed" "status $status, $(last mdevctl.log)" test "$status" = 0
holds "mdevctl knows the types" "$(last mdevctl.log)" grep -q 'Available instances: 4' mdevctl.log
holds "mdevctl lists the vGPU it started" "$(last mdevctl.log)" grep -q "^$uuid 0000:01:00.0 openvgpu-256mq" mdevctl.log
holds "and stopped" "still there" test ! -e "/sys/bus/mdev/devices/$uuid"

finish
