# SPDX-License-Identifier: GPL-2.0-only
"""
manuals.py - what tests share that hold a manual against a header
"""
import os

# Tests run in tests/unit, though their copies may lie in any build folder.
TOP = os.path.abspath("../..")
failures = []


def check(good, text):
    """Say what failed."""
    if not good:
        failures.append(text)
        print("FAIL", text)


def read(path):
    """A file of the tree."""
    with open(os.path.join(TOP, path), encoding="utf-8") as text:
        return text.read()


def run(name, header, manual, tests):
    """Runs tests on both files; the exit status."""
    texts = read(header), read(manual)
    passed = failed = 0
    for test in tests:
        before = len(failures)
        test(*texts)
        if len(failures) == before:
            passed += 1
        else:
            failed += 1
    print("%s: %d passed, %d failed" % (name, passed, failed))
    return failed != 0
