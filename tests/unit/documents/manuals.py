# SPDX-License-Identifier: GPL-2.0-only
"""
manuals.py - what tests share that hold a manual against a header
"""
from tree import read

failures = []


def check(good, text):
    """Say what failed."""
    if not good:
        failures.append(text)
        print("FAIL", text)


def run(name, header, manual, tests):
    """Runs tests on a header, or several, and a manual; the exit status."""
    headers = [header] if isinstance(header, str) else header
    texts = "".join(map(read, headers)), read(manual)
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
