#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What links as a kernel: nothing that needs a loader to put addresses in."""

import os
import shutil
import subprocess
import tempfile
import unittest

from cli_machine import main
from tree import TOP

KERNEL = """
#include "refgpu_kernel.h"
%s
KERNEL(struct delay_argument, argument)
{
	*POINTER(u32, argument->count) = %s;
}
"""
NUMBERS = "static const u32 one = 1, two = 2;\n"


class Kernels(unittest.TestCase):
    def link(self, variables, value):
        """Has tests/kernels build a kernel that stores a value: whether it did, and
        what was said."""
        place = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, place)
        with open(os.path.join(place, "probe.c"), "w", encoding="ascii") as file:
            file.write(KERNEL % (variables, value))
        done = subprocess.run(
            ["make", "-s", "-C", os.path.join(TOP, "tests/kernels"), f"BUILD={place}",
             f"VPATH={place}", "KERNELS=probe"], capture_output=True, check=False, text=True)
        made = os.path.exists(os.path.join(place, "kernels/probe.bin"))
        self.assertEqual(made, done.returncode == 0, done.stderr)
        return made, done.stderr

    def test_constants_and_variables(self):
        for variables in ("static volatile const u32 numbers[] = { 1, 2 };",
                          "static volatile u32 numbers[] = { 1, 2 };"):
            made, said = self.link(variables, "numbers[argument->ns & 1]")
            self.assertTrue(made, said)

    def test_addresses(self):
        for kind in ("const volatile", "volatile"):
            made, said = self.link(
                f"{NUMBERS}static const u32 *{kind} numbers[] = {{ &one, &two }};",
                "*numbers[argument->ns & 1]")
            self.assertFalse(made, f"a {kind} table of addresses links")
            self.assertRegex(said, "holds no address that needs relocation|recompile with -f")

    def test_zeroed(self):
        made, said = self.link("static volatile u32 number;", "number++")
        self.assertFalse(made, "a variable that nobody zeroes links")
        self.assertIn("no zero-initialised variables", said)


main()
