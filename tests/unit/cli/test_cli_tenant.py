#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whose a vGPU is, and ceilings: what list, show, sched and definitions say of them, on
a made-up machine. Ceilings themselves are the module's."""

import json

from cli_machine import (
    FAILURE, GPU, GPU_SETTINGS, IDLE, OK, USAGE, USED, VGPU_SETTINGS, CliTest, main)


class Tenant(CliTest):
    def fill(self):
        super().fill()
        self.machine.add_attributes(GPU, GPU_SETTINGS)
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)

    def attributes(self, uuid, **values):
        self.machine.add_attributes(f"{GPU}/{uuid}", values)

    def columns(self, *args):
        """The header's, and of each vGPU the last ones."""
        lines = self.expect(OK, "list", *args).out.decode().splitlines()
        return lines[0].split(), {line.split()[0]: line.split()[-2:] for line in lines[1:]}

    def test_list(self):
        """Columns come with the first that has something to say."""
        self.fill()
        self.assertEqual(self.columns()[0][-1], "USED-BY")
        self.attributes(USED, tenant="blue")
        header, lines = self.columns()
        self.assertEqual(header[-2:], ["USED-BY", "TENANT"])
        self.assertEqual((lines[USED][1], lines[IDLE][1]), ("blue", "-"))
        self.attributes(IDLE, notice="none grace [limited]")
        header, lines = self.columns()
        self.assertEqual(header[-2:], ["TENANT", "NOTICE"])
        self.assertEqual(lines, {USED: ["blue", "-"], IDLE: ["-", "limited"]})
        self.attributes(USED, tenant="none")
        self.assertEqual(self.columns()[0][-2:], ["USED-BY", "NOTICE"])
        self.assertEqual(self.columns("--columns", "UUID,TENANT,NOTICE")[1][USED], ["-", "-"])
        vgpus = self.expect_json(OK, "list")["vgpus"]
        self.assertEqual([(vgpu["tenant"], vgpu["notice"]) for vgpu in vgpus],
                         [(None, None), (None, "limited")])

    def test_it_is_text(self):
        """Also where it looks like a number, everywhere."""
        self.fill()
        self.attributes(USED, tenant="042")
        self.assertEqual(self.expect_json(OK, "list")["vgpus"][0]["tenant"], "042")
        self.assertEqual(self.expect_json(OK, "show", USED)["vgpu"]["attributes"]["tenant"],
                         "042")
        self.attributes(IDLE, tenant="")
        value = self.expect_json(OK, "set", IDLE, "tenant=7")
        self.assertEqual(value["set"], {"tenant": "7"})
        self.assertIn('tenant: "042"', self.expect(OK, "export").out.decode())
        config = ("version: v1\nvgpu-configs:\n  default:\n    - devices: [0]\n"
                  "      vgpu-devices:\n        256mq:\n"
                  f"          - {{uuid: {USED}, tenant: '42'}}\n          - uuid: {IDLE}\n")
        self.machine.write("config.yaml", config)
        result = self.run_cli("assert", self.machine.path("config.yaml"))
        self.assertEqual((result.status, result.out.decode()),
                         (FAILURE, f"vGPU {USED}: tenant: 042 -> 42\n"))
        self.machine.write("config.yaml", config.replace("'42'", "'042'"))
        self.expect(OK, "assert", self.machine.path("config.yaml"))

    def test_strange_values(self):
        """A module that says nonsense can't forge a line."""
        self.fill()
        for text in ("a b", "\x1b[2J", "x" * 64, "a/b", ""):
            self.attributes(USED, tenant=text)
            self.assertIsNone(self.expect_json(OK, "list")["vgpus"][0]["tenant"], text)

    def test_bad_values(self):
        self.fill()
        for text in ("tenant=", "tenant=a b", "tenant=" + "x" * 64, "tenant=a/b",
                     "tenant=\x1b", "notice=", "notice=soon", "cap_ceiling_percent=0",
                     "cap_ceiling_percent=101", "frame_rate_ceiling=61"):
            self.expect_unchanged(USAGE, "set", IDLE, "weight=5", text)

    def test_ceilings(self):
        """The cap that is shown is the one in force; the settings are both there."""
        self.fill()
        self.attributes(USED, cap_percent=80, cap_ceiling_percent=25)
        self.attributes(IDLE, cap_percent=20, cap_ceiling_percent=25)
        lines = {line.split()[0]: line.split()[3] for line in
                 self.expect(OK, "sched", "show", GPU).out.decode().splitlines()
                 if line.startswith((USED, IDLE))}
        self.assertEqual(lines, {USED: "25", IDLE: "20"})
        vgpu = self.expect_json(OK, "sched", "show", GPU)["gpus"][0]["vgpus"][0]
        self.assertEqual((vgpu["cap_percent"], vgpu["cap_ceiling_percent"]), (80, 25))
        # A setting of the scheduler.
        self.attributes(IDLE, cap_ceiling_percent="")
        self.expect(OK, "sched", "set", IDLE, "cap_ceiling_percent=50")

    def test_for_now(self):
        """What is for the moment is kept nowhere."""
        self.fill()
        self.attributes(USED, cap_ceiling_percent=25, frame_rate_ceiling=15,
                        notice="none grace [limited]", tenant="blue")
        out = self.expect(OK, "export").out.decode()
        self.assertIn("tenant: blue", out)
        for name in ("cap_ceiling_percent", "frame_rate_ceiling", "notice"):
            self.assertNotIn(name, out)
            self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n  default:\n"
                               "    - devices: [0]\n      vgpu-devices:\n        256mq:\n"
                               f"          - {{uuid: {USED}, {name}: 1}}\n")
            self.expect_unchanged(USAGE, "apply", self.machine.path("config.yaml"),
                                  err=f"'{name}' is for the moment")
        settings = self.expect_json(OK, "settings")["settings"]
        self.assertEqual({one["name"] for one in settings if one["for_now"]},
                         {"frozen", "cap_ceiling_percent", "frame_rate_ceiling", "notice"})

    def test_definition(self):
        """mdevctl keeps it as an attribute."""
        self.fill()
        self.attributes(IDLE, tenant="blue")
        callout = ("callout", "--", "-t", "openvgpu-256mq", "-u", IDLE, "-p", GPU,
                   "-s", "none")
        out = self.expect(OK, *callout, "-e", "get", "-a", "attributes").out
        self.assertIn({"openvgpu/tenant": "blue"}, json.loads(out))
        for value, status in (("blue", OK), ("none", OK), ("a b", FAILURE)):
            self.machine.write("definition", json.dumps({
                "mdev_type": "openvgpu-256mq", "start": "manual",
                "attrs": [{"openvgpu/tenant": value}]}))
            with open(self.machine.path("definition"), "rb") as file:
                self.expect(status, *callout, "-e", "pre", "-a", "define", stdin=file,
                            err="1 to 63 letters" if status else None)


if __name__ == "__main__":
    main()
