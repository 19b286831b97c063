#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu health and diag on made-up machines; fake_kernel.c notes what diag
writes. That it works on a real GPU is tests/vm/suites/cli.sh's."""

import os
import shutil

from cli_fake_kernel import FakeKernel
from cli_machine import (
    FAILURE, GPU, GPU2, IDLE, NIC, NOT_FOUND, OK, USAGE, USED, CliTest, main)

AER = "RxErr {0}\nTOTAL_ERR_{1} {0}\n"


class HealthTest(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {"state": "up", "hand_over": 0})
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", {"sched_state": "idle"})
            self.machine.add_attributes(f"{GPU}/{uuid}", {
                "faults": 0, "violations": 0, "memory_refused": 0}, "stats")

    def aer(self, bdf, **counts):
        for name, count in counts.items():
            self.machine.write(f"sys/devices/pci0000:00/{bdf}/aer_dev_{name}",
                               AER.format(count, name.upper()))

    def checks(self, status, *args):
        """{(what it is about, check): its object}; both forms of output agree."""
        value = self.expect_json(status, *args)
        lines = self.expect(status, *args).out.decode().splitlines()
        self.assertEqual([line[:4].strip() for line in lines if line[0] != " "],
                         [check["state"] for check in value["checks"]])
        order = ("ok", "warn", "fail")
        self.assertEqual(order.index(value["state"]), max(
            order.index(check["state"]) for check in value["checks"]))
        return {(c["uuid"] or c["gpu"], c["check"]): c for c in value["checks"]}


class Health(HealthTest):
    def unwell(self, *args, status=OK):
        before = self.machine.contents()
        checks = self.checks(status, "health", *args)
        self.assertEqual(self.machine.contents(), before)
        return {key: (check["state"], check["text"]) for key, check in checks.items()
                if check["state"] != "ok"}

    def test_all_is_well(self):
        self.assertEqual(self.unwell(), {})
        checks = self.checks(OK, "health")
        self.assertEqual([checks[bdf, "vgpus"]["text"] for bdf in (GPU, GPU2)],
                         ["vGPUs that are well: 2 of 2", "vGPUs that are well: 0 of 0"])
        self.assertEqual({key[0] for key in self.checks(OK, "health", "01:00.0")}, {GPU})

    def test_gpus(self):
        for state, wanted in (("dead", "fail"), ("reset", "warn"), ("going", "warn"),
                              ("", "warn"), ("\x1b[2J", "warn")):
            self.machine.add_attributes(GPU2, {"state": state})
            seen = self.unwell(status=FAILURE if wanted == "fail" else OK)
            self.assertEqual({key: value[0] for key, value in seen.items()},
                             {(GPU2, "state"): wanted})

    def test_link(self):
        self.aer(GPU, fatal=0, nonfatal=0, correctable=7)
        self.assertEqual(self.unwell(), {})
        self.assertTrue(self.checks(OK, "health")[GPU, "link"]["text"].endswith(": 7"))
        self.aer(GPU, nonfatal=2)
        self.assertEqual(self.unwell()[GPU, "link"][0], "warn")
        self.aer(GPU, fatal=1)
        state, text = self.unwell(status=FAILURE)[GPU, "link"]
        self.assertEqual(state, "fail")
        self.assertIn("1 fatal, 2 others, 7 corrected", text)
        self.aer(GPU, fatal="x", nonfatal="", correctable="9" * 30)
        self.assertEqual(self.unwell(), {})
        for name, lanes in (("current", 4), ("max", 16)):
            self.machine.write(f"sys/devices/pci0000:00/{GPU}/{name}_link_width",
                               f"{lanes}\n")
        self.assertIn("4 lanes of 16", self.unwell()[GPU, "link"][1])

    def test_vgpus(self):
        for files, group, check, state, text in (
                ({"faults": 3}, "stats", "faults", "warn", "created: 3"),
                ({"sched_state": "faulted"}, "openvgpu", "faults", "fail", "no more turns"),
                ({"violations": 5}, "stats", "memory", "warn", "refused: 5"),
                ({"memory_refused": 5}, "stats", "memory", "warn", "locked memory: 5"),
                ({"guest_driver": "0.1 1.0-1.0 guest_too_old"}, "openvgpu", "guest", "warn",
                 "0.1 in its guest is too old"),
                ({"guest_driver": "9.1 9.0-9.0 host_too_old"}, "openvgpu", "guest", "warn",
                 "too new"),
                ({"state": "dead"}, "openvgpu", "faults", "fail", "dead")):
            self.setUp()
            self.machine.add_attributes(f"{GPU}/{USED}", files, group)
            status = FAILURE if state == "fail" else OK
            seen = self.unwell(status=status)
            self.assertEqual(list(seen), [(USED, check)], files)
            self.assertEqual(seen[USED, check][0], state)
            self.assertIn(text, seen[USED, check][1])
            self.assertEqual(self.checks(status, "health")[GPU, "vgpus"]["text"],
                             "vGPUs that are well: 1 of 2")

    def test_owner_that_ended(self):
        os.unlink(self.machine.path("proc/4242/comm"))
        os.rmdir(self.machine.path("proc/4242"))
        self.machine.write("proc/1/comm", "init\n")
        self.assertIn("process 4242", self.unwell()[USED, "owner"][1])

    def test_what_is_not_there(self):
        for bdf in ("99:00.0", NIC):
            self.expect_unchanged(NOT_FOUND, "health", bdf)
            self.expect_json(NOT_FOUND, "health", bdf)
        self.expect_unchanged(USAGE, "health", IDLE, err="PCI address")
        shutil.rmtree(self.machine.path("sys/bus/pci/drivers/openvgpu"))
        self.assertEqual([value for _key, value in self.unwell().items()],
                         [("warn", "no GPU is bound to the driver openvgpu")])


class Diag(FakeKernel, HealthTest):
    def diag(self, *args):
        """This machine is none that doctor is content with."""
        return self.checks(FAILURE, "diag", *args)

    def writes(self):
        return [line.split(" ") for line in self.machine.read("sys/writes").splitlines()]

    def test_memory(self):
        checks = self.diag()
        self.assertEqual(checks[GPU, "zeroing"]["text"], "not tried: it has 2 vGPUs")
        self.assertEqual((checks[GPU2, "zeroing"]["state"], checks[GPU2, "zeroing"]["text"]),
                         ("ok", "all of its video memory was zeroed: 1 GiB"))
        written = [value for name, value in self.writes() if name.endswith("hand_over")]
        self.assertEqual(written, ["1", "0"] * 2)   # JSON, and lines
        self.assertIn((None, "kernel"), checks)
        self.assertIn((GPU, "link"), checks)
        checks = self.diag(GPU)
        self.assertNotIn((GPU2, "zeroing"), checks)

    def test_memory_fails(self):
        file = f"sys/devices/pci0000:00/{GPU2}/openvgpu/hand_over"
        self.machine.add_attributes(GPU2, {"last_error": "hand_over not changed: why"})
        for number, state, text in ((5, "fail", "zeroed: hand_over not changed: why"),
                                    (16, "ok", "in use"), (13, "fail", "zeroed")):
            self.machine.write(file + ".errno", str(number))
            check = self.diag()[GPU2, "zeroing"]
            self.assertEqual(check["state"], state)
            self.assertIn(text, check["text"])
            self.assertEqual(check["advice"], "run as root" if number == 13 else "")

    def test_create(self):
        """The smallest type; here nothing comes of it."""
        check = self.diag()[GPU2, "create"]
        self.assertEqual(check["state"], "fail")
        self.assertIn("openvgpu-256mq: created, and is not there", check["text"])
        self.machine.write(self.machine.create_file(GPU2, "256mq") + ".errno", "28")
        self.machine.add_attributes(GPU2, {"last_error": ""})
        self.assertIn("No space left", self.diag()[GPU2, "create"]["text"])
        for kind in ("1q", "256mq"):
            self.machine.write(self.machine.create_file(GPU, kind)
                               .replace("create", "available_instances"), "0\n")
        self.assertIn("not tried", self.diag()[GPU, "create"]["text"])

    def test_bad_arguments(self):
        self.expect(NOT_FOUND, "diag", "99:00.0")
        self.expect_unchanged(USAGE, "diag", "x", err="PCI address")


if __name__ == "__main__":
    main()
