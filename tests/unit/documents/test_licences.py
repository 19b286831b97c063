#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_licences.py - programs of any licence can link the libraries, the quota
service can be linked with OpenSSL, and debian/copyright says what the files say

`make lint` has `reuse lint`, which checks that every file has a licence.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys

from tree import OUT, TOP, read

# What may be in a library that others link.
LINKABLE = ("LGPL-2.1-or-later", "MIT", "GPL-2.0-only OR LGPL-2.1-or-later",
            "(GPL-2.0-only WITH Linux-syscall-note) OR MIT")
# Each with one of its files.
LIBRARIES = {"libopenvgpu": "settings.c", "librefgpu_drm": "buffer.c"}
# What may be in a program with OpenSSL: Apache-2.0 goes with version 3 of the GPL.
WITH_OPENSSL = ("GPL-2.0-or-later", "(GPL-2.0-only WITH Linux-syscall-note) OR MIT")
# Debian's names of licences.
DEBIAN = {"GPL-2.0-only": "GPL-2.0-only", "GPL-2.0-or-later": "GPL-2+",
          "LGPL-2.1-or-later": "LGPL-2.1+", "MIT": "Expat",
          "GPL-2.0-only OR LGPL-2.1-or-later": "GPL-2.0-only or LGPL-2.1+",
          "(GPL-2.0-only WITH Linux-syscall-note) OR MIT":
          "GPL-2.0-only with Linux-syscall-note exception or Expat"}


def licence(path):
    """What a file says itself; None: nothing."""
    with open(os.path.join(TOP, path), "rb") as file:
        text = file.read(2000).decode("utf-8", "replace")
    # In two parts, or `reuse lint` takes it for what this file says.
    found = re.search(r"SPDX-License-Id" r"entifier: (.*?)(?: \*/| -->|$)", text, re.M)
    return found and found.group(1).strip()


def compiled_files(objects, folder):
    """Every file of the tree that is compiled into what has these objects."""
    files = set()
    for depends in glob.glob(os.path.join(OUT, objects + ".d/*.d")):
        with open(depends, encoding="ascii") as file:
            for name in file.read().replace("\\\n", " ").split():
                path = os.path.join(TOP, "tools", folder, name.rstrip(":"))
                if not name.startswith("/") and os.path.isfile(path):
                    files.add(os.path.relpath(path, TOP))
    return files


def debian():
    """(pattern, licence) of debian/copyright, the last that matches counts."""
    found = re.findall(r"^Files: (.*)\nCopyright: .*\nLicense: (.*)$", read("debian/copyright"), re.M)
    return [(pattern, told) for patterns, told in found for pattern in patterns.split()]


def main():
    problems = []
    files = set()
    for library, one in LIBRARIES.items():
        own = compiled_files(library, library)
        files |= own
        if not any(name.endswith("/" + one) for name in own):
            problems.append("no %s among the files of %s: %s" % (one, library, sorted(own)))
        for name in own:
            if licence(name) not in LINKABLE:
                problems.append("%s is in %s, and is %s" % (name, library, licence(name)))
    # Without the libraries that it needs, it is not built.
    for name in compiled_files("openvgpu-entitled", "entitled"):
        files.add(name)
        if licence(name) not in WITH_OPENSSL:
            problems.append("%s is in openvgpu-entitled, and is %s" % (name, licence(name)))
    patterns = debian()
    listed = subprocess.run(["find", ".", "-type", "f", "-not", "-path", "./.git*",
                             "-not", "-path", "./build/*"], cwd=TOP, capture_output=True, text=True,
                            check=True).stdout.split("\n")
    checked = 0
    for name in (line[2:] for line in listed if line):
        said = licence(name) if not name.startswith("LICENSES/") else None
        told = [words for pattern, words in patterns if fnmatch.fnmatch(name, pattern)]
        if said and "{" not in said and "SPDX" not in said:
            checked += 1
            if not told or told[-1] != DEBIAN.get(said):
                problems.append("%s says %s, debian/copyright %s" % (name, said, told[-1:]))
    if checked < 400:
        problems.append("only %d files have a licence" % checked)
    for problem in problems[:20]:
        print("FAIL", problem)
    print("licences: %d passed, %d failed" % (checked + len(files), len(problems)))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
