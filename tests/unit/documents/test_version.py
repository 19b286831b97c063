#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_version.py - module, DKMS package, Debian package and command have one
version

kernel/host/openvgpu.h has it. The command's Makefile reads it there; dkms.conf
and debian/changelog can't, because packaging tools read them as text.
"""
import os
import re
import subprocess
import sys

# It runs in tests/unit, though its copy may lie in any build folder.
TOP = os.path.abspath("../..")
HEADER = "kernel/host/openvgpu.h"
COMMAND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openvgpu")


def module():
    with open(os.path.join(TOP, HEADER), encoding="utf-8") as text:
        found = re.findall(r'^#define VGPU_DRIVER_VERSION\s+"(\d+\.\d+\.\d+)"$',
                           text.read(), re.M)
    return found[0] if len(found) == 1 else "%d VGPU_DRIVER_VERSIONs" % len(found)


def dkms():
    """What DKMS gets, which has bash read the file."""
    return subprocess.run(["bash", "-c", '. ./dkms.conf && echo "$PACKAGE_VERSION"'],
                          cwd=TOP, stdout=subprocess.PIPE, text=True,
                          check=False).stdout.strip()


def debian():
    with open(os.path.join(TOP, "debian/changelog"), encoding="utf-8") as text:
        found = re.match(r"openvgpu \(([^)]*)\) ", text.readline())
    return found.group(1) if found else "nothing"


def command():
    out = subprocess.run([COMMAND, "--version"], stdout=subprocess.PIPE, text=True,
                         check=False).stdout
    return out.strip().replace("openvgpu ", "", 1)


def main():
    wanted, failed = module(), 0
    claims = (("dkms.conf", dkms()), ("debian/changelog", debian()),
              ("openvgpu --version", command()))
    for name, version in claims:
        if version != wanted:
            print("FAIL %s says '%s', %s says '%s'" % (name, version, HEADER, wanted))
            failed += 1
    print("version: %d passed, %d failed" % (len(claims) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
