#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_manual.py - doc/refgpu.md and uapi/refgpu_hw.h agree

Names, offsets, access and reset values of all registers, values of all
errors, packets, run-end reasons and capabilities, and no dead link.
"""
import re
import sys

from manuals import check, run
import registers

ROW = re.compile(r"^\| (0x[0-9a-f]+) \| `(REFGPU_\w+)` \| (\w+) \| (\S+) \| (.+) \|$", re.M)


def numbers(header, pattern):
    """NAME -> value for the enumerators that match."""
    return {name: int(value, 0) for name, value in
            re.findall(r"\bREFGPU_" + pattern + r"\s*=\s*(\w+)", header)}


def rows(manual, title):
    """First two cells of the table's rows in the section with this title."""
    section = re.split(r"^#+ ", manual.split(title + "\n", 1)[1], maxsplit=1, flags=re.M)[0]
    return re.findall(r"^\| ([^|]+) \| ([^|]+) \|", section, re.M)


def anchors(manual):
    """GitHub's anchors of the headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title in re.findall(r"^#+ (.*)$", manual, re.M)}


def test_registers(header, manual):
    """Every register, in one table, as the header has it."""
    wanted = {r.name: r for r in registers.parse(header)}
    check(len(wanted) > 100, "only %d registers in the header" % len(wanted))
    found = {}
    for offset, name, access, reset, _ in ROW.findall(manual):
        check(name not in found, "%s is in two tables" % name)
        found[name] = (int(offset, 16), access, None if reset == "-" else int(reset, 0))
    for name, r in wanted.items():
        check(found.get(name) == (r.offset, r.access, r.reset),
              "%s: the manual has %s, the header %s" %
              (name, found.get(name), (r.offset, r.access, r.reset)))
    for name in found:
        check(name in wanted, "%s is not in the header" % name)


def same(what, told, wanted):
    """Check one table of numbers."""
    check(told == wanted and told, "%s: the manual has %s, the header %s" % (what, told, wanted))


def test_errors(header, manual):
    """Error codes."""
    wanted = numbers(header, r"ERROR_(\w+)")
    wanted.pop("NONE")
    told = {}
    for codes, names in rows(manual, "### Errors"):
        if codes[0].isdigit():
            told.update(zip(names.split(", "), map(int, codes.split(", "))))
    same("errors", told, wanted)


def test_packets(header, manual):
    """Opcodes."""
    told = {name: int(code) for code, name in rows(manual, "## 9. Packets") if code.isdigit()}
    same("packets", told, numbers(header, r"OP_(\w+)"))


def test_run_ends(header, manual):
    """Reasons of run ends."""
    told = {cell.split()[1]: int(cell.split()[0])
            for cell, _ in rows(manual, "## 6. Run control") if re.match(r"\d ", cell)}
    same("run ends", told, numbers(header, r"END_(\w+)"))


def test_capabilities(header, manual):
    """Capability bits."""
    wanted = {name: int(bit) for name, bit in
              re.findall(r"#define REFGPU_CAP_(\w+)\s+\(1ULL << (\d+)\)", header)}
    told = {name: int(bit) for bit, name in rows(manual, "### Capabilities") if bit.isdigit()}
    same("capabilities", told, wanted)


def test_names(header, manual):
    """Links lead somewhere, and names exist."""
    there = anchors(manual)
    for link in re.findall(r"\]\(#([^)]+)\)", manual):
        check(link in there, "link to #%s leads nowhere" % link)
    for name in set(re.findall(r"`(REFGPU_\w+)`", manual)):
        check(re.search(r"\b%s\b" % name, header), "%s is not in the header" % name)


if __name__ == "__main__":
    sys.exit(run("manual", "uapi/refgpu_hw.h", "doc/refgpu.md",
                 (test_registers, test_errors, test_packets, test_run_ends, test_capabilities, test_names)))
