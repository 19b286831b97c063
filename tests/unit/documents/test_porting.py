#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_porting.py - doc/porting.md and the headers in kernel/host/base agree

Every operation of a family and of a personality stands in the manual, and
every field that a family fills in; the programs of the conformance suite are
those that run-families runs.
"""
import os
import re
import sys

from manuals import check, run
from tree import TOP, read

HEADERS = ["kernel/host/base/%s.h" % name
           for name in ("family", "personality", "gpu", "vgpu")]


def struct(header, name):
    """The members of a struct, as text."""
    return re.search(r"^struct %s \{\n(.*?)^\};" % name, header, re.M | re.S).group(1)


def section(manual, title):
    """What stands under a heading."""
    return re.split(r"^## ", manual.split("## %s\n" % title, 1)[1], maxsplit=1, flags=re.M)[0]


def cells(text):
    """First cells of table rows: the names in back quotes."""
    return [name for row in re.findall(r"^\| ([^|]*`[^|]*)\|", text, re.M)
            for name in re.findall(r"`(\w+)`", row)]


def same(what, told, wanted):
    check(sorted(told) == sorted(wanted) and told,
          "%s: only in the manual %s, only in the source %s" %
          (what, sorted(set(told) - set(wanted)), sorted(set(wanted) - set(told))))


def operations(header, name):
    return re.findall(r"\(\*(\w+)\)\(", struct(header, name))


def test_family(header, manual):
    """Operations and fields of a family."""
    rows = cells(section(manual, "Operations of a family"))
    wanted = operations(header, "vgpu_family")
    same("operations of a family", rows[:len(wanted)], wanted)
    fields = []
    for line in struct(header, "vgpu_gpu").splitlines():
        if re.search(r"/\* family(:| \*/)", line):
            names = line.split(";")[0].split(None, 1)[1]
            fields += re.findall(r"(\w+)(?:\[\d+\])?(?:,|$)", names)
    same("fields of a GPU", rows[len(wanted):], fields)
    for line in struct(header, "vgpu").splitlines():
        if re.search(r"/\* family(:| \*/)", line):
            field = re.search(r"(\w+);", line).group(1)
            check("`%s`" % field in manual, "%s is not in the manual" % field)


def test_personality(header, manual):
    """Operations of a personality."""
    same("operations of a personality",
         cells(section(manual, "Operations of a personality")),
         operations(header, "vgpu_personality"))


def test_suite(_header, manual):
    """Needs and programs of the conformance suite."""
    told = {}
    for has, programs in re.findall(r"^\| ([^|]+) \| (`[^|]+) \|", section(manual, "Done means"), re.M):
        told["-" if has == "anything" else has.strip("`")] = re.findall(r"`(\w+)`", programs)
    wanted = {}
    table = re.search(r'^conformance="\n(.*?)^"', read("tests/vfio/run-families"), re.M | re.S)
    for line in table.group(1).splitlines():
        need, program = line.split()[:2]
        wanted.setdefault(need, []).append(program)
    check(told == wanted, "the manual has %s, the suite %s" % (told, wanted))
    for line in read("tests/vfio/families").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        for need in words[3].split(","):
            check(need in wanted, "%s has '%s', which no program needs" % (words[0], need))


def test_links(_header, manual):
    """Files that are named are there."""
    for link in re.findall(r"\]\(([\w./-]+)\)", manual):
        check(os.path.exists(os.path.join(TOP, "doc", link)), "link to %s leads nowhere" % link)
    for path in re.findall(r"`((?:kernel|tests)/[\w./-]+\.(?:c|h))`", manual):
        check(os.path.exists(os.path.join(TOP, path)) or "NAME" in path, "there is no %s" % path)


if __name__ == "__main__":
    sys.exit(run("porting", HEADERS, "doc/porting.md",
                 (test_family, test_personality, test_suite, test_links)))
