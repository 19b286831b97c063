#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu complete, and the shells' completions that ask it."""

import os
import re
import shutil
import subprocess
import unittest

from cli_machine import GPU, GPU2, IDLE, OK, OPENVGPU, USAGE, USED, CliTest, main
from tree import TOP, read

FOLDER = os.path.join(TOP, "tools/dist/completion")
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"


class Complete(CliTest):
    def complete(self, *words):
        """What the last word can become."""
        out = self.expect_unchanged(OK, "complete", "--", *words).out.decode()
        return [line.split("\t")[0] for line in out.splitlines()]

    def commands(self):
        out = self.expect(OK, "--help").out.decode()
        lines = out.split("Commands:\n")[1].split("\n\n")[0].splitlines()
        return list(dict.fromkeys(line.split()[0] for line in lines))


class Command(Complete):
    def test_commands(self):
        self.fill()
        self.assertGreater(len(self.commands()), 12)
        self.assertEqual(self.complete(""), self.commands() +
                         ["--help", "help", "--version"])
        self.assertEqual(self.complete("cr"), ["create"])
        self.assertEqual(self.complete("sched", ""), ["show", "set", "log", "--help"])
        self.assertEqual(self.complete("sched", "s"), ["show", "set"])
        self.assertEqual(self.complete("help", ""), self.commands())
        self.assertEqual(self.complete("frobnicate", ""), [])
        self.assertEqual(self.complete("sched", "frob", ""), [])

    def test_options(self):
        """Those of the usage line, for every command."""
        self.fill()
        for command in self.commands():
            group = {"sched": ("show", "set", "log"), "gpu": ("hand-over", "take-back"),
                     "stats": ("start", "stop"),
                     "instance": ("list", "profiles", "create", "remove", "plan"),
                     "migration": ("check", "describe"), "mode": ("show", "set"),
                     "entitlement": ("status", "import", "borrow", "return")}
            for name in [f"{command} {n}" for n in group.get(command, ())] or [command]:
                usage = self.expect(OK, *name.split(), "--help").out.decode()
                wanted = re.findall(r"\[(--[a-z-]+)", usage.splitlines()[0])
                self.assertEqual(self.complete(*name.split(), "-"),
                                 wanted + ["--help"], name)
        self.assertEqual(self.complete("apply", "--d"), ["--dry-run"])

    def test_objects(self):
        self.fill()
        self.assertEqual(self.complete("remove", ""), [USED, IDLE])
        self.assertEqual(self.complete("rm", "1"), [IDLE])
        self.assertEqual(self.complete("show", ""), [USED, IDLE, GPU, GPU2])
        self.assertEqual(self.complete("show", "0000:02"), [GPU2])
        self.assertEqual(self.complete("create", ""), ["256mq", "1q", "2q"])
        for word in ("--gpu", "-g"):
            self.assertEqual(self.complete("create", "1q", word, ""), [GPU, GPU2])
        self.assertEqual(self.complete("list", "--type", "2"), ["256mq", "2q"])
        # Of another machine it is not known.
        for host in (("-H", "h"), ("-Hh",), ("--host=h",)):
            self.assertEqual(self.complete(*host, "sched", "l"), ["log"])
            self.assertEqual(self.complete(*host, "apply", "--d"), ["--dry-run"])
            self.assertEqual(self.complete(*host, "remove", ""), [])
            self.assertEqual(self.complete(*host, "create", "1q", "--gpu", ""), [])
        self.assertEqual(self.complete("-H", ""), [])
        self.assertEqual(self.complete("fleet", "--hosts", ""), ["FILE"])
        self.assertEqual(self.complete("fleet", "do"), ["doctor"])
        # One argument is enough.
        self.assertEqual(self.complete("remove", IDLE, ""), [])
        self.assertEqual(self.complete("create", "--gpu", GPU, ""),
                         ["256mq", "1q", "2q"])
        self.assertEqual(self.complete("list", ""), [])

    def test_ends_of_a_migration(self):
        self.fill()
        for words in ([], ["file.json"], ["-"], [IDLE]):
            self.assertEqual(self.complete("migration", "check", *words, ""), [USED, IDLE])
            self.assertEqual(self.complete("migration", "check", *words, "1"), [IDLE])
            for word in ("./", "x", "/tmp/a", "~"):
                self.assertEqual(self.complete("migration", "check", *words, word), ["FILE"])
        self.assertEqual(self.complete("migration", "check", "-", IDLE, ""), [])
        self.assertEqual(self.complete("migration", "describe", "1"), [IDLE])

    def test_values_of_options(self):
        self.fill()
        keys = self.complete("top", "--sort", "")
        for key in keys:
            self.expect(OK, "top", "--once", "--interval", "50", "--sort", key)
        result = self.expect_unchanged(USAGE, "top", "--sort", "x")
        self.assertIn(" ".join(keys).encode(), result.err)
        self.assertEqual(self.complete("list", "--columns", "UUID,P"),
                         ["UUID,PID", "UUID,PROCESS"])
        for words in (["metrics", "--output"], ["apply"], ["export", "--output"]):
            self.assertEqual(self.complete(*words, "x"), ["FILE"])
        self.assertEqual(self.complete("apply", "x", ""), [])
        self.assertEqual(self.complete("create", "--uuid", ""), [])

    def test_settings(self):
        """All names and words of the header."""
        self.fill()
        header = read("uapi/openvgpu_settings.h").replace("\\\n", " ")
        for words, things in (([IDLE], ["VGPU"]), ([GPU], ["GPU"]),
                              (["--gpu", GPU], ["GPU"]), ([], ["GPU", "VGPU"])):
            wanted = set()
            for thing in things:
                text = re.search(rf"^#define OPENVGPU_{thing}_SETTINGS\(.*?\)\s+(.*)$",
                                 header, re.M)[1]
                wanted |= {name + "=" for name in re.findall(
                    r"(?:NUMBER|CHOICE|UUID|NAME)\(\w+, (\w+),", text)}
            self.assertGreater(len(wanted), 6)
            self.assertEqual({w for w in self.complete("set", *words, "")
                              if w.endswith("=")}, wanted)
        choices = re.findall(r'CHOICE\(\w+, (\w+),\s+"([^"]*)"', header)
        self.assertGreater(len(choices), 2)
        for name, words in choices:
            self.assertEqual(self.complete("set", name + "="),
                             [f"{name}={word}" for word in words.split()])
        self.assertEqual(self.complete("set", IDLE, "frozen="),
                         ["frozen=0", "frozen=1"])
        self.assertEqual(self.complete("set", "console=n"), ["console=none"])
        self.assertEqual(self.complete("set", "console=1"), [f"console={IDLE}"])
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", {"tenant": "blue"})
        self.assertEqual(self.complete("set", "tenant="), ["tenant=none", "tenant=blue"])
        self.assertEqual(self.complete("sched", "set", "di"), [])
        self.assertEqual(self.complete("sched", "set", "weight="), [])

    def test_hostile(self):
        self.fill()
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{IDLE}/openvgpu/state",
                           b"a\tb\nc\x1b[2J\n")
        self.assertEqual(self.complete("remove", "1"), [IDLE])
        for words in ([b"\xff"], ["x" * 100000], ["set", "=" * 1000],
                      ["set", "x" * 1000 + "="], ["--", "--"], ["-x", ""],
                      ["list", "-o", "," * 1000]):
            self.complete(*words)
        self.assertEqual(self.complete("list", "-o", "\x1b[2J,U"), [])
        self.expect(USAGE, "complete")


class Shells(Complete):
    """The scripts, run by their shells."""

    LINES = ("openvgpu cr", "openvgpu sched s", "openvgpu remove ",
             "openvgpu show 0000:0", "openvgpu gpu h", "openvgpu gpu hand-over 0000:01",
             "openvgpu gpu hand-over 0000:01:00.0 --to ", "openvgpu create 1q --gpu 0000:02",
             f"openvgpu set {IDLE} we", "openvgpu set display=d",
             "openvgpu list --columns UUID,P", "openvgpu frob ")

    def shell(self, *args):
        path = f"{os.path.dirname(OPENVGPU)}:{os.environ['PATH']}"
        done = subprocess.run(args, capture_output=True, text=True, timeout=60,
                              env=self.environment(PATH=path), check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        return done.stdout.splitlines()

    def compare(self, complete):
        self.fill()
        for line in self.LINES:
            self.assertEqual(sorted(complete(line)),
                             sorted(self.complete(*line.split(" ")[1:])), line)

    @unittest.skipUnless(os.path.exists(BASH_COMPLETION), "no bash-completion")
    def test_bash(self):
        def complete(line):
            words = re.findall(r"[:=]|[^:= ]+|(?<= )$", line)
            found = self.shell("bash", "-c", f"""
. {BASH_COMPLETION}; . {FOLDER}/openvgpu
COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE=9 COMP_KEY=9; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() {{ :; }}
_openvgpu; printf '%s\\n' "${{COMPREPLY[@]}}" """, "bash", line, *words)
            # It replaces what stands behind the last of these.
            before = re.search(r"[^ ]*[:=]|$", line.split(" ")[-1])[0]
            return [before + word for word in found if word]
        self.compare(complete)

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        self.compare(lambda line: [found.split("\t")[0] for found in self.shell(
            "fish", "--no-config", "-c",
            f"source {FOLDER}/openvgpu.fish; complete -C {line!r}")])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        self.compare(lambda line: self.shell("zsh", "-fc", f"""
compadd() {{ print -rl -- "${{(@P)@[-1]}}" | sed '/^$/d' }}
words=("${{(@)argv}}") CURRENT=$#
. {FOLDER}/_openvgpu""", "zsh", *line.split(" ")))


if __name__ == "__main__":
    main()
