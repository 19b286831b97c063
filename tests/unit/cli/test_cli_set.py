#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu set on made-up trees, and openvgpu events with a real kernel in a
network namespace of the test's own."""

import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys

from cli_machine import (
    FAILURE, FOREIGN, GPU, GPU2, IDLE, NEW, NIC, NOT_FOUND, OK, OPENVGPU, OUTPUT,
    USAGE, USED, CliTest, main)

GPU_SETTINGS = {"scheduler": "[best_effort] equal_share", "sched_hz": "480",
                "timeslice_us": "2083", "averaging_factor": "33",
                "timeslice_max_us": "20000", "wake_budget_permille": "60",
                "preempt_timeout_us": "500000", "fault_limit": "3",
                "fault_window_s": "60", "console": "none",
                "work_mode": "[mixed] graphics compute"}
VGPU_SETTINGS = {"weight": "100", "cap_percent": "100", "timeslice_us": "0",
                 "frozen": "0", "display": "[region] dmabuf off",
                 "personality": "[native] bochs", "frame_rate_limit": "60",
                 "tenant": "none", "cap_ceiling_percent": "100",
                 "frame_rate_ceiling": "0", "notice": "[none] grace limited",
                 "admission": "[allow] refuse"}


class Set(CliTest):
    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            for name, value in GPU_SETTINGS.items():
                self.machine.write(self.file(bdf, name), value + "\n")
        for uuid in (IDLE, USED):
            for name, value in VGPU_SETTINGS.items():
                self.machine.write(self.file(uuid, name), value + "\n")

    def file(self, of, name):
        folder = of if ":" in of else f"{GPU}/{of}"
        return f"sys/devices/pci0000:00/{folder}/openvgpu/{name}"

    def test_all_that_is_not_the_schedulers(self):
        self.fill()
        for of, text, written in (
                (IDLE, "display=dmabuf", "dmabuf"),
                (IDLE, "display=off", "off"),
                (IDLE, "personality=bochs", "bochs"),
                (IDLE, "frame_rate_limit=0", "0"),
                (IDLE, "frame_rate_limit=60", "60"),
                (IDLE, "weight=7", "7"),
                (GPU, f"console={IDLE}", IDLE),
                (GPU, f"console={NEW.upper()}", NEW),
                (GPU, "console=none", "none"),
                (GPU, "scheduler=equal_share", "equal_share"),
                (GPU, "fault_limit=0", "0")):
            name = text.split("=")[0]
            before = {**GPU_SETTINGS, **VGPU_SETTINGS}[name]
            # The kernel takes one write; a file keeps what is behind it.
            keep = before if "[" in before else ""
            self.machine.write(self.file(of, name), keep)
            self.expect(OK, "set", of, text)
            got = self.machine.read(self.file(of, name))
            self.assertTrue(got.startswith(written) and
                            (keep or got == written), (text, got))

    def test_json(self):
        self.fill()
        for name in ("weight", "frame_rate_limit"):
            self.machine.write(self.file(USED, name), "")
        value = self.expect_json(OK, "set", USED, "weight=5",
                                 "frame_rate_limit=30", "display=off")
        self.assertEqual(value, {"version": 1, "gpu": GPU, "uuid": USED, "set": {
            "weight": 5, "frame_rate_limit": 30, "display": "off"}})
        value = self.expect_json(OK, "set", "--gpu", GPU2, "console=none")
        self.assertEqual(value, {"version": 1, "gpu": GPU2,
                                 "set": {"console": "none"}})

    def test_settings_are_what_set_takes(self):
        self.fill()
        listed = self.expect_json(OK, "settings")["settings"]
        ours = {"gpu": (GPU, GPU_SETTINGS), "vgpu": (IDLE, VGPU_SETTINGS)}
        seen = set()
        for one in listed:
            of, known = ours[one["of"]]
            seen.add((one["of"], one["name"]))
            self.machine.write(self.file(of, one["name"]), known.get(one["name"], "0"))
            good, bad = [], ["x"]
            if one["kind"] == "number":
                good = [one["minimum"], one["maximum"]] + [0] * one["zero"]
                bad += [one["maximum"] + 1]
                if one["minimum"] and not one["zero"]:
                    bad += [one["minimum"] - 1]
            elif one["kind"] == "uuid":
                good = ["none", IDLE]
            elif one["kind"] == "name":
                good, bad = ["none", "a.B-c_9", "x" * 63], ["", "a b", "x" * 64, "a/b", "\u00e4"]
            elif one["name"] in known:
                self.assertEqual(one["choices"][0], one["default"])
                good = known[one["name"]].replace("[", "").replace("]", "").split()
                self.assertLessEqual(set(good), set(one["choices"]), one)
            for value in bad:
                self.expect_unchanged(USAGE, "set", of, f"{one['name']}={value}")
            for value in good:
                self.expect(OK, "set", of, f"{one['name']}={value}")
        for name, (_, known) in ours.items():
            self.assertLessEqual({(name, setting) for setting in known}, seen)
        default = {one["name"]: one["default"] for one in listed}
        self.assertEqual([default[name] for name in (
            "weight", "fault_window_s", "scheduler", "console", "frame_rate_limit")],
                         [100, 60, "best_effort", "none", None])
        lines = self.expect(OK, "settings", "--columns", "name,values,default",
                            "--no-legend").out.decode().splitlines()
        self.assertEqual(len(lines), len(listed))
        self.assertIn(["frame_rate_limit", "0,", "1-60", "-"],
                      [line.split() for line in lines])

    def test_bad_values(self):
        self.fill()
        for text in ("display=", "display=Region", "display=[region]",
                     "display=vnc", "display=none", "personality=vga",
                     "personality=" + "x" * 100000, b"display=\xff\xfe",
                     "frame_rate_limit=61", "frame_rate_limit=-1",
                     "frame_rate_limit=60 ", "frame_rate_limit=",
                     "display=\x1b[2J", "weight=0"):
            self.expect_unchanged(USAGE, "set", IDLE, "cap_percent=5", text)
            if isinstance(text, str):
                self.expect_json(USAGE, "set", IDLE, text)
        for text in ("console=", "console=0", "console=None",
                     "console=" + IDLE[:-1], "console=" + IDLE + "0",
                     "console=../x", b"console=\xff", "scheduler=round_robin"):
            self.expect_unchanged(USAGE, "set", GPU, "fault_limit=5", text)
        self.expect_unchanged(USAGE, "set", IDLE, "display=vnc",
                              err=f"vGPU {IDLE} has region dmabuf off")

    def test_bad_names(self):
        self.fill()
        for name in ("", "owner_pid", "state", "last_error", "remove",
                     "../remove", "Display", "display ", b"\xff", "x" * 100000):
            text = name + (b"=1" if isinstance(name, bytes) else "=1")
            self.expect_unchanged(USAGE, "set", IDLE, "weight=5", text,
                                  err="there is no setting")
        self.expect_unchanged(USAGE, "set", GPU, "display=off",
                              err="a setting of vGPUs")
        self.expect_unchanged(USAGE, "set", IDLE, "console=none",
                              err="a setting of GPUs")
        self.expect_unchanged(USAGE, "set", IDLE, "weight=5", "weight=6",
                              err="given twice")
        self.expect_unchanged(USAGE, "set", err="needs")
        self.expect_unchanged(USAGE, "set", IDLE, err="nothing to set")
        self.expect_unchanged(USAGE, "set", "display", err="display=VALUE")

    def test_sched_set_knows_only_the_schedulers(self):
        self.fill()
        for of, text in ((IDLE, "display=off"), (IDLE, "frame_rate_limit=5"),
                         (GPU, "console=none")):
            self.expect_unchanged(USAGE, "sched", "set", of, text,
                                  err="'openvgpu set'")

    def test_what_is_not_there(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "set", NEW, "weight=5", err=NEW)
        self.expect_unchanged(NOT_FOUND, "set", FOREIGN, "weight=5")
        self.expect_unchanged(NOT_FOUND, "set", NIC, "console=none")
        os.unlink(self.machine.path(self.file(IDLE, "frame_rate_limit")))
        self.expect_unchanged(FAILURE, "set", IDLE, "weight=5",
                              "frame_rate_limit=5",
                              err="no setting frame_rate_limit")

    def test_help(self):
        out = self.expect(OK, "set", "--help").out.decode()
        names = set(re.findall(r"^  (\w+) ", out, re.M))
        self.assertLessEqual({*GPU_SETTINGS, *VGPU_SETTINGS}, names)
        out = self.expect(OK, "sched", "set", "--help").out.decode()
        self.assertNotIn("display", out)


def message(uuid, event, *more, gpu=GPU):
    """A uevent as the driver has the kernel send it."""
    path = f"/devices/pci0000:00/{gpu}/{uuid}"
    return "\0".join((f"change@{path}", "ACTION=change", f"DEVPATH={path}",
                      "SUBSYSTEM=mdev", f"OPENVGPU_EVENT={event}",
                      "OPENVGPU_TYPE=openvgpu-1q", f"OPENVGPU_GPU={gpu}",
                      *more, "")).encode()


class Events(CliTest):
    """Runs in a network namespace of its own: see the end of this file."""

    def setUp(self):
        super().setUp()
        self.sender = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)
        self.addCleanup(self.sender.close)

    def send(self, *args, **options):
        """The kernel passes it on as its own."""
        data = message(*args, **options)
        self.sender.sendto(struct.pack("=IHHII", 16 + len(data), 16, 1, 0, 0) +
                           data, (0, 0))

    def follow(self, *args, stdout=subprocess.PIPE):
        """openvgpu events, when it is listening."""
        process = subprocess.Popen([OPENVGPU, "events", *args], stdout=stdout,
                                   stderr=subprocess.PIPE, bufsize=0,
                                   env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        if process.stdout:
            self.addCleanup(process.stdout.close)
        self.assertIn(b"following", process.stderr.readline())
        return process

    def line(self, process):
        self.assertTrue(select.select([process.stdout], [], [], 30)[0],
                        "no event came")
        return process.stdout.readline().decode()

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        self.assertEqual(process.wait(30), 0, process.stderr.read())
        self.assertEqual(process.stderr.read(), b"")

    def test_json(self):
        process = self.follow("--json")
        self.send(NEW, "create")
        self.send(NEW, "open", "OPENVGPU_PID=4242")
        self.send(NEW, "faulted", "OPENVGPU_FAULT=6",
                  "OPENVGPU_FAULT_NAME=run timeout")
        seen = [json.loads(self.line(process)) for _ in range(3)]
        for value in seen:
            self.assertRegex(value.pop("time"),
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        common = {"version": 1, "uuid": NEW, "gpu": GPU, "type": "openvgpu-1q",
                  "pid": None, "fault": None, "fault_name": None,
                  "instance": None, "instance_name": None, "tenant": None,
                  "notice": None}
        self.assertEqual(seen[0], {**common, "event": "create"})
        self.assertEqual(seen[1], {**common, "event": "open", "pid": 4242})
        self.assertEqual(seen[2], {**common, "event": "faulted", "fault": 6,
                                   "fault_name": "run timeout"})
        self.end(process)

    def test_text(self):
        process = self.follow()
        self.send(NEW, "open", "OPENVGPU_PID=4242")
        self.assertRegex(self.line(process),
                         rf"^\S+Z  {NEW}  open      openvgpu-1q  on {GPU}  "
                         r"by process 4242\n$")
        # Who takes it away while another has it open.
        self.send(NEW, "request", "OPENVGPU_PID=77")
        self.assertRegex(self.line(process), r"  request .*  by process 77\n$")
        self.send(NEW, "fault", "OPENVGPU_FAULT=6",
                  "OPENVGPU_FAULT_NAME=run timeout")
        self.assertIn("fault 6 run timeout", self.line(process))
        self.end(process, signal.SIGINT)

    def test_tenant(self):
        process = self.follow("--json")
        self.send(NEW, "tenant", "OPENVGPU_TENANT=blue")
        self.send(NEW, "notice", "OPENVGPU_TENANT=none", "OPENVGPU_NOTICE=limited")
        seen = [json.loads(self.line(process)) for _ in range(2)]
        self.assertEqual([(value["event"], value["tenant"], value["notice"]) for value in seen],
                         [("tenant", "blue", None), ("notice", None, "limited")])
        self.end(process)
        process = self.follow()
        self.send(NEW, "notice", "OPENVGPU_TENANT=blue", "OPENVGPU_NOTICE=grace")
        self.assertIn("  of blue  notice grace\n", self.line(process))
        self.end(process)

    def test_others_are_passed_over(self):
        process = self.follow("--json")
        self.send("not-a-uuid", "open")
        self.send(NEW, "\x1b[2J")
        self.send(NEW, b"\xff\xff".decode("latin-1"))
        self.send(NEW, "close")
        self.assertEqual(json.loads(self.line(process))["event"], "close")
        self.end(process)

    def test_of_one(self):
        for wanted in (IDLE.upper(), "02:00.0"):
            process = self.follow("--json", "--follow", wanted)
            self.send(NEW, "open")
            self.send(IDLE, "close", gpu=GPU2)
            value = json.loads(self.line(process))
            self.assertEqual((value["uuid"], value["gpu"]), (IDLE, GPU2))
            self.end(process)

    def test_bad_arguments(self):
        for args in (["x"], [""], [IDLE, GPU], ["--once"], [b"\xff" * 36]):
            self.expect(USAGE, "events", *args)
        self.expect_json(USAGE, "events", "x")

    def test_lost(self):
        """A reader that is too slow is told."""
        process = self.follow("--json")
        process.send_signal(signal.SIGSTOP)
        for _ in range(20000):
            self.send(NEW, "fault", "OPENVGPU_FAULT=1")
        process.send_signal(signal.SIGCONT)
        lost = kept = 0
        while not lost:
            value = json.loads(self.line(process))
            lost += value["event"] == "lost"
            kept += value["event"] == "fault"
        self.assertIn(b"were lost", process.stderr.readline())
        process.kill()

    def test_reader_goes(self):
        """Without a reader it ends by itself, before there is an event."""
        process = self.follow()
        process.stdout.close()
        self.assertEqual(process.wait(30), 0)
        with open("/dev/full", "w", encoding="ascii") as full:
            process = self.follow(stdout=full)
            self.send(NEW, "open")
            self.assertEqual(process.wait(30), OUTPUT)
            self.assertIn(b"cannot write", process.stderr.read())


if __name__ == "__main__":
    # Events are of the namespace; a user namespace makes us its owner.
    if "--inside" not in sys.argv:
        sys.exit(subprocess.run(
            ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-n",
             sys.executable, *sys.argv, "--inside"], check=False).returncode)
    sys.argv.remove("--inside")
    main()
