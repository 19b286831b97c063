#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
test_fragment.py - what doc/spatial.md says of fragmentation is what fragment-sim finds
"""
import json
import os
import re
import subprocess
import sys
import unittest

from tree import OUT, read

PROGRAM = os.path.join(OUT, "tests/sim/fragment-sim")


def percents(*options):
    """By strategy: how many per cent were refused although enough was free."""
    output = json.loads(subprocess.check_output([PROGRAM, *options]))
    return {s["name"]: s["refused_though_free_percent"] for s in output["strategies"]}


class Fragmentation(unittest.TestCase):
    """Instances that are refused although enough is free."""

    def test_document(self):
        """The table of the document is the program's output."""
        table = dict(re.findall(r"^\| (\w.*?) \| ([\d.]+) % \|$", read("doc/spatial.md"), re.M))
        self.assertEqual({name: float(value) for name, value in table.items()}, percents())

    def test_any_load(self):
        """Better than fixed places under any load, and exact if all are closed."""
        for load in (1, 3, 10, 30):
            with self.subTest(load=load):
                found = percents("--load", str(load), "--requests", "20000", "--seed", "7")
                first, best, none, some, every = found.values()
                self.assertGreater(first, best)
                self.assertGreater(best, 2 * none)
                self.assertGreater(none, some)
                self.assertEqual(every, 0)

    def test_bad_options(self):
        """A typing error is no simulation."""
        for options in (["--load", "0"], ["--load"], ["--seed", "x"], ["--what", "1"]):
            run = subprocess.run([PROGRAM, *options], capture_output=True, check=False)
            self.assertEqual(run.returncode, 2, options)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    bad = len(result.failures) + len(result.errors)
    print("test_fragment: %d passed, %d failed" % (result.testsRun - bad, bad))
    sys.exit(bad != 0)
