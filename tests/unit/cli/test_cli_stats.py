#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu stats: counters of vGPUs between the start and the end of a job."""

import os
import shutil

from cli_machine import BUSY, FAILURE, GPU, IDLE, NEW, NOT_FOUND, OK, USAGE, USED, CliTest, main

FILE = "root/run/openvgpu/stats/"
MS = 1000000


class Stats(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        os.mkdir(self.machine.path("root/run"))
        for uuid in (IDLE, USED):
            self.count(uuid, busy_ns=5000 * MS, resident_ns=6000 * MS, wait_ns=0, faults=2,
                       slices=10)

    def count(self, uuid, **counters):
        self.machine.add_attributes(f"{GPU}/{uuid}", counters, "stats")

    def stop(self, job="job"):
        value = self.expect_json(OK, "stats", "stop", job)
        return value, {vgpu["uuid"]: vgpu for vgpu in value["vgpus"]}

    def test_a_job(self):
        self.assertEqual(self.expect(OK, "stats", "start", "job").out, b"")
        self.count(USED, busy_ns=5400 * MS, resident_ns=6600 * MS, wait_ns=100 * MS, faults=3,
                   slices=30)
        value, vgpus = self.stop()
        self.assertEqual((value["job"], value["gone"]), ("job", []))
        self.assertGreater(value["elapsed_ns"], 0)
        self.assertRegex(value["started"], r"^20\d\d-.*Z$")
        self.assertEqual([vgpus[USED][name] for name in (
            "busy_ns", "resident_ns", "wait_ns", "faults", "slices", "run_ns", "since_start")],
                         [400 * MS, 600 * MS, 100 * MS, 1, 20, None, True])
        self.assertEqual((vgpus[IDLE]["busy_ns"], vgpus[IDLE]["faults"]), (0, 0))
        self.expect_unchanged(NOT_FOUND, "stats", "stop", "job", err="'job'")

    def test_table(self):
        self.expect(OK, "stats", "start", "job")
        self.count(USED, busy_ns=5400 * MS)
        lines = self.expect(OK, "stats", "stop", "job").out.decode().splitlines()
        self.assertRegex(lines[0], r"^Job job, from 20.*Z, [0-9.]+ \w+$")
        self.assertEqual(lines[1].split(), ["UUID", "TYPE", "SHARE%", "BUSY%", "WAIT%", "BUSY",
                                            "FAULTS", "SINCE"])
        self.assertRegex(lines[2], rf"^{USED}  openvgpu-256mq .* 400\.000 ms +0 +start$")
        self.assertRegex(lines[3], rf"^{IDLE}  openvgpu-256mq +0\.0 +0\.0 +0\.0 ")

    def test_come_and_go(self):
        self.expect(OK, "stats", "start", "job")
        self.count(USED, busy_ns=70, faults=2)     # opened anew
        os.unlink(self.machine.path(f"sys/bus/mdev/devices/{IDLE}"))
        shutil.rmtree(self.machine.path(f"sys/devices/pci0000:00/{GPU}/{IDLE}"))
        self.machine.add_vgpu(NEW, GPU, "256mq")
        self.count(NEW, busy_ns=30)
        value, vgpus = self.stop()
        self.assertEqual(value["gone"], [IDLE])
        self.assertEqual((vgpus[USED]["busy_ns"], vgpus[USED]["faults"]), (70, 0))
        self.assertEqual((vgpus[NEW]["busy_ns"], vgpus[NEW]["since_start"]), (30, False))

    def test_several(self):
        for job in ("a", "b", "a.B_9-", "x" * 63):
            self.expect(OK, "stats", "start", job)
        self.expect_unchanged(BUSY, "stats", "start", "a", err="stats stop a")
        self.stop("b")
        self.assertEqual(sorted(os.listdir(self.machine.path(FILE))),
                         sorted(["a", "a.B_9-", "x" * 63]))

    def test_names(self):
        for job in ("", ".", "..", ".x", "../x", "a/b", "a b", "a\n", b"\xff", "x" * 64):
            for what in ("start", "stop"):
                self.expect_unchanged(USAGE, "stats", what, job, err="name of a job")
        self.expect_unchanged(USAGE, "stats", "start")
        self.expect_unchanged(USAGE, "stats", "start", "a", "b")

    def test_broken_files(self):
        self.machine.write(FILE + "other")
        good = '{"time_ns": 1, "boottime_ns": 2, "vgpus": {}}'
        for text in ("", "{", "[]", "7", good.replace("vgpus", "x"), good.replace("{}", "[]"),
                     good.replace("time_ns", "t"), "[" * 100000, "\0"):
            self.machine.write(FILE + "job", text)
            self.expect_unchanged(FAILURE, "stats", "stop", "job", err="remove it")
        for vgpus in ("{}", f'{{"{USED}": 7}}', f'{{"{USED}": {{"busy_ns": "x"}}}}',
                      f'{{"{USED}": {{"busy_ns": -5}}}}', '{"\\u001b": {}}',
                      f'{{"{USED}": {{"busy_ns": {2 ** 64}}}}}'):
            self.machine.write(FILE + "job", good.replace("{}", vgpus))
            self.assertEqual(self.stop()[0]["gone"], [])
        os.symlink("other", self.machine.path(FILE + "link"))
        self.expect_unchanged(FAILURE, "stats", "stop", "link")

    def test_what_can_not_be_written(self):
        os.rmdir(self.machine.path("root/run"))
        self.expect_unchanged(FAILURE, "stats", "start", "job",
                              err="/run/openvgpu/stats/job: No such file")


if __name__ == "__main__":
    main()
