#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu-entitled: manual page, completions and doc/entitlement.md say what the program says and does."""
import glob
import os
import re
import subprocess
import sys
import unittest

from entitled_server import PROGRAM, main
from tree import TOP, read

MANUAL = read("tools/dist/man/openvgpu-entitled.8")
DOCUMENT = read("doc/entitlement.md")


def help_of(command):
    """Options that --help lists for a command."""
    text = subprocess.run([PROGRAM, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    section = re.search(rf"^{command} .*?(?=^$)", text, re.M | re.S).group()
    return set(re.findall(r"^  --([a-z-]+)", section, re.M))


def sources(pattern):
    """All that matches in the program's source."""
    found = set()
    for name in glob.glob(os.path.join(TOP, "tools/entitled/*.c")):
        found |= set(re.findall(pattern, read(os.path.relpath(name, TOP))))
    return found


class Words(unittest.TestCase):
    def test_options(self):
        for command in ("serve", "token"):
            options = help_of(command)
            self.assertGreater(len(options), 4)
            section = MANUAL.split(f".Ss {command}\n")[1].split(".Ss ")[0].split(".Sh ")[0]
            entries = "".join(re.findall(r"^\.It.*\n", section, re.M))
            self.assertEqual(set(re.findall(r"Fl Fl ([a-z-]+)", entries)), options)
            fish = read("tools/dist/completion/openvgpu-entitled.fish")
            self.assertEqual(set(re.findall(rf"-n \${command} -l ([a-z-]+)", fish)), options)
            zsh = read("tools/dist/completion/_openvgpu-entitled").split(f"{command})\n")[1].split(";;")[0]
            self.assertEqual(set(re.findall(r"'\*?--([a-z-]+)", zsh)), options)
            bash = read("tools/dist/completion/openvgpu-entitled")
            self.assertEqual(set(re.findall(r"--([a-z-]+)", re.search(rf"\*:{command}\) (.*)", bash)[1])), options)

    def test_reasons(self):
        reasons = sources(r'answer_error\(answer, \d+, "([a-z-]+)"') | sources(r'\{ "(token-[a-z]+)", "')
        reasons |= sources(r'answer_forbidden\([^"]*"([a-z-]+)"')
        reasons -= {"token-good"}
        self.assertGreater(len(reasons), 15)
        table = DOCUMENT.split("## Errors")[1].split("##")[0]
        self.assertEqual(set(re.findall(r"`([a-z]+-[a-z-]+|database|random|memory)`", table)), reasons)

    def test_metrics(self):
        names = sources(r"# HELP (openvgpu_entitled_\w+)")
        table = DOCUMENT.split("## Metrics")[1].split("##")[0]
        self.assertEqual(set(re.findall(r"`(openvgpu_entitled_\w+)`", table)), names)
        events = sources(r'\[EVENT_\w+\] = "([a-z-]+)"')
        told = re.sub(r" \(\d+\)", "", re.search(r"`event`: ([^|]+[^| ]) *\|", table)[1]).split(", ")
        self.assertEqual(set(told), events)

    def test_numbers(self):
        """Bounds that the document has are those of the program."""
        values = {}
        for name in glob.glob(os.path.join(TOP, "tools/entitled/*.h")):
            values.update(re.findall(r"^#define (\w+)\s+\(?(\d+)", read(os.path.relpath(name, TOP)), re.M))
        bounds = DOCUMENT.split("| bound |")[1]
        for text, name, of in (("body | {} KiB", "BODY_MAX", 1024), ("headers | {} KiB", "HTTP_MEMORY", 1024),
                               ("{}, 64 of one address", "HTTP_CONNECTIONS", 1),
                               (", {} of one address", "HTTP_CONNECTIONS_OF_ONE", 1),
                               ("{} s without a byte", "HTTP_IDLE", 1), ("{} s in all", "HTTP_AGE", 1),
                               ("pools | {},", "STORE_POOLS_MAX", 1), ("for {} series", "STORE_SERIES_MAX", 1)):
            self.assertIn(text.format(int(values[name]) // of), bounds)
        self.assertIn(f"{values['LEASE_TTL_MIN']} to {int(values['LEASE_TTL_MAX']) * 86400} seconds, "
                      f"{values['LEASE_TTL_DEFAULT']} by default", MANUAL)
        self.assertIn(f"`leases`, {values['PAGE']} at a time", DOCUMENT)
        self.assertIn(f"it names {values['EXPIRED_TOLD']},", DOCUMENT)
        self.assertIn(f"more than {int(values['TOKEN_EARLY_MAX']) // 60} minutes later", DOCUMENT)


if __name__ == "__main__":
    sys.exit(main("entitled_words"))
