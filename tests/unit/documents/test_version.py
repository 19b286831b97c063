#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_version.py - module, DKMS packages, Debian package and command have one
version

kernel/host/base/version.h has it. The command's Makefile reads it there; both dkms.conf
and debian/changelog can't, because packaging tools read them as text.
"""
import os
import re
import subprocess
import sys

from tree import OUT, TOP, read

HEADER = "kernel/host/base/version.h"


def module():
    found = re.findall(r'^#define VGPU_DRIVER_VERSION\s+"(\d+\.\d+\.\d+)"$', read(HEADER), re.M)
    return found[0] if len(found) == 1 else "%d VGPU_DRIVER_VERSIONs" % len(found)


def dkms(file):
    """What DKMS gets, which has bash read the file."""
    return subprocess.run(["bash", "-c", '. "./$0" && echo "$PACKAGE_VERSION"', file],
                          cwd=TOP, stdout=subprocess.PIPE, text=True,
                          check=False).stdout.strip()


def debian():
    found = re.match(r"openvgpu \(([^)]*)\) ", read("debian/changelog"))
    return found.group(1) if found else "nothing"


def command():
    out = subprocess.run([os.path.join(OUT, "openvgpu"), "--version"], stdout=subprocess.PIPE, text=True,
                         check=False).stdout
    return out.strip().replace("openvgpu ", "", 1)


def main():
    wanted, failed = module(), 0
    claims = [(file, dkms(file)) for file in ("dkms.conf", "kernel/guest/dkms.conf")]
    claims += [("debian/changelog", debian()), ("openvgpu --version", command())]
    for name, version in claims:
        if version != wanted:
            print("FAIL %s says '%s', %s says '%s'" % (name, version, HEADER, wanted))
            failed += 1
    print("version: %d passed, %d failed" % (len(claims) - failed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
