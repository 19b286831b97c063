#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
registers.py - the registers that uapi/refgpu_hw.h defines

As a program: registers.py HEADER > TABLE writes a C table of them.
"""
import re
import sys

# Prefix of the names in a block, longest first, and the block.
BLOCKS = [
    ("REFGPU_FAULT_WORD_", "FAULT_WORD"),
    ("REFGPU_GLOBAL_", "GLOBAL"),
    ("REFGPU_RC_", "RC"),
    ("REFGPU_PARTITION_", "PARTITION"),
    ("REFGPU_FAULT_", "FAULT"),
    ("REFGPU_CONTEXT_", "CONTEXT"),
    ("REFGPU_COUNTER_", "COUNTER"),
    ("REFGPU_USER_", "USER"),
    ("REFGPU_RING_", "RING"),
    ("REFGPU_HEAD_", "HEAD"),
]

DEFINE = re.compile(
    r"^#define\s+(REFGPU_\w+)\s+(0x[0-9a-f]+)\s+"
    r"/\* (RO|RW|WO|W1C) (\S+) (.*?) \*/$", re.M)


class Register:
    """One register: name, block, offset, access, reset text, description."""

    def __init__(self, name, offset, access, reset, text):
        self.name = name
        self.block = next(block for prefix, block in BLOCKS if name.startswith(prefix))
        self.offset = int(offset, 16)
        self.access = access
        # "-" is a value that depends on the device.
        self.reset = None if reset == "-" else int(reset, 0)
        self.text = text


def parse(text):
    """All registers of the header, in its order."""
    return [Register(*match.groups()) for match in DEFINE.finditer(text)]


def main():
    with open(sys.argv[1], encoding="ascii") as header:
        registers = parse(header.read())
    if len(registers) < 100:
        sys.exit("only %d registers found: has the header's style changed?" % len(registers))
    for r in registers:
        print('{ "%s", BLOCK_%s, %#x, ACCESS_%s, %s, %sULL },' % (
            r.name, r.block, r.offset, r.access,
            "false" if r.reset is None else "true", hex(r.reset or 0)))


if __name__ == "__main__":
    main()
