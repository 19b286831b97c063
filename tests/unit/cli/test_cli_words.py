#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The openvgpu command: what people type, and what it says when that is not
quite right."""

import json

from cli_machine import (
    BUSY, GPU, GPU2, IDLE, NEW, NOT_FOUND, OK, USAGE, USED, CliTest, main)


class Words(CliTest):
    def test_case_of_types(self):
        self.fill()
        for name in ("1Q", "OPENVGPU-1Q", "openvgpu-1Q"):
            self.assertEqual(self.expect_json(OK, "create", name)["type"],
                             "openvgpu-1q")

    def test_did_you_mean(self):
        self.fill()
        for args, meant in (
                (["lst"], "list"), (["crate", "1q"], "create"),
                (["sched", "shwo"], "show"), (["list", "--jsn"], "--json"),
                (["create", "1q", "--gup", GPU], "--gpu"),
                (["set", USED, "wieght=3"], "weight"),
                (["set", "--gpu", GPU, "shceduler=x"], "scheduler"),
                (["set", "wieght=3"], "weight")):
            self.expect_unchanged(USAGE, *args, err=f"did you mean '{meant}'?")
        for name, meant in (("1g", "1q"), ("265mq", "256mq")):
            self.expect_unchanged(NOT_FOUND, "create", name,
                                  err=f"did you mean '{meant}'?")
        for args in (["frobnicate"], ["set", USED, "x=3"], ["list", "--frob"],
                     ["x" * 40], ["sched", ""], [""], ["list", "-x"]):
            result = self.expect_unchanged(USAGE, *args)
            self.assertNotIn(b"did you mean", result.err, args)
        result = self.expect(NOT_FOUND, "create", "77q",
                             err="no GPU offers the type openvgpu-77q")
        self.assertNotIn(b"did you mean", result.err)

    def test_json_anywhere(self):
        self.fill()
        for args in (["sched", "--json", "show"], ["sched", "-j", "show"],
                     ["--json", "sched", "show"], ["-j", "sched", "--json", "show"],
                     ["sched", "show", "-j"]):
            value = json.loads(self.expect(OK, *args).out)
            self.assertEqual(len(value["gpus"]), 2, args)
        self.expect_unchanged(USAGE, "show", "--json=yes",
                              err="--json takes no value")

    def test_help_and_other_names(self):
        self.fill()
        self.assertEqual(self.expect(OK, "help").out,
                         self.expect(OK, "--help").out)
        for words in (["list"], ["sched"], ["sched", "set"], ["top"]):
            self.assertEqual(self.expect(OK, "help", *words).out,
                             self.expect(OK, *words, "--help").out)
        self.expect(USAGE, "help", "lst", err="did you mean 'list'?")
        self.assertEqual(self.expect(OK, "ls").out, self.expect(OK, "list").out)
        self.assertEqual(self.expect(OK, "-V").out, self.expect(OK, "--version").out)
        self.expect(OK, "rm", IDLE)
        self.assertEqual(self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/{IDLE}/remove"), "1")

    def test_interval(self):
        self.fill()
        for text, ms in (("50", 50), ("50ms", 50), ("1s", 1000)):
            value = self.expect_json(OK, "top", "--interval", text)
            self.assertEqual(value["interval_ms"], ms)
        for text in ("", "s", "ms", "1m", "1ss", "61s", "1 s", "-1s", "49ms",
                     "1sec", "0s", "9" * 30, "1s" * 30):
            self.expect_unchanged(USAGE, "top", "--interval", text,
                                  err="500ms or 2s")

    def test_letters(self):
        self.fill()
        value = self.expect_json(OK, "create", "256mq", "-u", NEW, "-g02:00.0")
        self.assertEqual((value["uuid"], value["gpu"]), (NEW, GPU2))
        self.assertEqual(self.expect_json(OK, "top", "-1i", "50")["interval_ms"], 50)
        self.expect(OK, "rm", "-f", USED)

    def test_first_digits(self):
        self.fill()
        for word in ("1111", IDLE[:9], IDLE[:-1], IDLE[:20].upper()):
            self.assertEqual(self.expect_json(OK, "show", word)["vgpu"]["uuid"],
                             IDLE)
        self.expect_json(OK, "sched", "show", "1111")
        self.expect_unchanged(USAGE, "show", "111")
        self.expect_unchanged(NOT_FOUND, "show", "1112", err="begins with '1112'")
        self.expect_unchanged(NOT_FOUND, "show", "3333")    # another driver's
        other = IDLE[:-1] + "2"
        self.machine.add_vgpu(other, GPU, "256mq")
        for args in (["show", "1111"], ["remove", "1111"],
                     ["set", "1111", "weight=3"]):
            self.expect_unchanged(USAGE, *args, err="2 vGPUs have a UUID")
        self.expect_unchanged(BUSY, "remove", USED[:12], err=USED)


if __name__ == "__main__":
    main()
