# SPDX-License-Identifier: GPL-2.0-only
"""tree.py - where the tree is, and what the unit tests have built of it"""
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.environ.get("UNIT_OUT", os.path.join(TOP, "build/unit"))


def read(path):
    """A file of the tree."""
    with open(os.path.join(TOP, path), encoding="utf-8") as text:
        return text.read()
