#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 300
# own machine: a guest that hangs takes a processor away
# check: 6.12
#
# The watch over guests (guest-watch) forgives the emulated processor, but not for
# ever: a guest whose processor never starts is started three times, and fails. One that
# has switched itself off is off, also if its processor goes on.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

mkdir /tmp/nothing
printf '#!/bin/sh\n' >/tmp/nothing/run
chmod +x /tmp/nothing/run
run "a boot that always hangs" 98 guest --payload /tmp/nothing --name stopped \
	--boot-time 3 --look-time 1 --qemu-arg -S
contains "was tried three times" "$err" "last of three attempts hung at boot"
contains "where it stood is said" "$err" "thread CPU 0/KVM"

# What guest-watch sees of a guest that is off, and of its processor.
cat >/tmp/off <<'END'
import ctypes, os, sys, threading, time

def processor():
    ctypes.CDLL(None).prctl(15, b"CPU 0/KVM", 0, 0, 0)
    while True:
        if sys.argv[1] != "spins":
            time.sleep(1)

with open("/run/guest/off.pid", "w") as file:
    file.write(str(os.getpid()))
print("up\n[    9.000000] reboot: Power down", flush=True)
threading.Thread(target=processor).start()
END
watch() { guest-watch --name off --log /tmp/off.log --up '^up' --off-time 3 "$@"; }
run "a guest that is off, whose processor goes on" 0 watch -- python3 /tmp/off spins
contains "is counted" "$err" "let-down: guest off is off"
contains "where it went on is said" "$err" "thread CPU 0/KVM"
run "a guest that is off and waits for something" 124 watch --timeout 10 -- python3 /tmp/off waits
finish
