#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# machine: --timeout 300
# own machine: a guest that hangs takes a processor away
# check: 6.12
#
# The watch over guests (guest-watch) forgives the emulated processor, but not for
# ever: a guest whose processor never starts is started three times, and fails.

# shellcheck source=suite.sh
. /src/tests/vm/suite.sh

mkdir /tmp/nothing
printf '#!/bin/sh\n' >/tmp/nothing/run
chmod +x /tmp/nothing/run
run "a boot that always hangs" 98 guest --payload /tmp/nothing --name stopped \
	--boot-time 3 --look-time 1 --qemu-arg -S
contains "was tried three times" "$err" "last of three attempts hung at boot"
contains "where it stood is said" "$err" "thread CPU 0/KVM"
finish
