#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu mode set --firmware, on a made-up machine whose sysfs removes and finds PCI
functions (fake_kernel.c)."""

import errno
import fcntl
import os
import shutil

from cli_fake_kernel import FakeKernel
from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, IDLE, NIC, NOT_FOUND, OK, USAGE, USED, CliTest, main)

# GPU2 has no vGPUs.
DEVICE = f"sys/devices/pci0000:00/{GPU2}"
OWN = f"{DEVICE}/openvgpu"
MIXED, COMPUTE = "[mixed] graphics compute\n", "mixed graphics [compute]\n"
SET = ("mode", "set", "compute", "--firmware", "--gpu", GPU2)


class FirmwareMode(FakeKernel, CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {
                "hand_over": 0, "firmware_mode": MIXED.strip(), "work_mode": MIXED.strip(),
                "firmware_mode_next": MIXED.strip()})
        self.machine.write(f"{DEVICE}/remove")
        self.machine.write(f"{DEVICE}/driver_override", "(null)\n")
        self.machine.write("sys/class/pci_bus/0000:02/rescan")
        self.machine.write("sys/bus/pci/rescan")
        self.machine.write("sys/bus/pci/drivers_probe")

    def modes(self):
        return tuple(self.machine.read(f"{OWN}/{name}")
                     for name in ("firmware_mode", "firmware_mode_next"))

    def bound(self):
        return os.path.lexists(self.machine.path(f"{DEVICE}/driver"))

    def test_there_and_back(self):
        result = self.expect(OK, *SET, err="it is emptied, removed and found again")
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: firmware_mode: mixed -> compute\n")
        device = f"/devices/pci0000:00/{GPU2}"
        # Its own bus only: what is removed elsewhere stays so.
        self.assertEqual(self.writes(), [
            [f"{device}/openvgpu/firmware_mode_next", "compute"], [f"{device}/remove", "1"],
            ["/class/pci_bus/0000:02/rescan", "1"]])
        self.assertEqual(self.modes(), (COMPUTE, COMPUTE))
        self.assertTrue(self.bound())
        self.expect_unchanged(OK, *SET, err="has firmware_mode compute already")
        self.assertEqual(
            self.expect_json(OK, "mode", "set", "mixed", "--firmware", "--gpu", GPU2),
            {"version": 1, "dry_run": False, "gpu": GPU2, "mode": "firmware_mode",
             "from": "compute", "to": "mixed", "changed": True})
        self.assertEqual(self.modes(), (MIXED, MIXED))

    def test_dry_run(self):
        result = self.expect_unchanged(OK, *SET, "--dry-run")
        self.assertEqual(result.out.decode(), f"GPU {GPU2}: firmware_mode: mixed -> compute\n")
        self.assertTrue(self.expect_json(OK, *SET, "--dry-run")["changed"])

    def test_show(self):
        def shown():
            return self.expect(OK, "mode", "show", GPU2, "--columns", "FIRMWARE",
                               "--no-legend").out.decode()
        self.assertEqual(shown(), "mixed\n")
        self.machine.write(f"{OWN}/firmware_mode_next", COMPUTE)
        self.assertEqual(shown(), "mixed, next compute\n")
        gpu = self.expect_json(OK, "mode", "show", GPU2)["gpus"][0]
        self.assertEqual((gpu["firmware_mode"], gpu["firmware_mode_next"]),
                         ("mixed", "compute"))
        for name in ("firmware_mode", "firmware_mode_next"):
            self.machine.write(f"{OWN}/{name}", "none\n")
        self.assertEqual(shown(), "-\n")
        gpu = self.expect_json(OK, "mode", "show", GPU2)["gpus"][0]
        self.assertIsNone(gpu["firmware_mode"])

    def test_who_is_refused(self):
        """vGPUs, open or not, are named; instances and a hand-over are in the way."""
        args = ("mode", "set", "compute", "--firmware", "--gpu", GPU)
        result = self.expect_unchanged(BUSY, *args, err="2 vGPUs exist: remove them first")
        self.assertIn(f"{USED} is of type 256mq, used by 4242 (qemu-system-x86)",
                      result.err.decode())
        self.assertEqual(sorted(self.expect_json(BUSY, *args, "--dry-run")["contradicting"]),
                         sorted([IDLE, USED]))
        self.machine.write(f"{OWN}/hand_over", "1\n")
        self.expect_unchanged(BUSY, *SET, "--dry-run", err=f"take-back {GPU2}")
        self.machine.write(f"{OWN}/hand_over", "0\n")
        self.machine.divide(GPU2)
        self.machine.add_instance(GPU2, 1, "train", "2g.256m", 0x03, 2, 2)
        self.expect_unchanged(BUSY, *SET, err="it has GPU instances")

    def test_no_such_mode(self):
        for mode in ("", "x", "Compute", "[mixed]", "mixed compute", "none"):
            self.expect_unchanged(USAGE, "mode", "set", mode, "--firmware", "--gpu", GPU2,
                                  err="has mixed graphics compute")
        self.expect_unchanged(USAGE, "mode", "set", "compute", "--firmware",
                              err="there are 2 GPUs")
        for bdf in (NIC, "0000:99:00.0"):
            self.expect_unchanged(NOT_FOUND, "mode", "set", "compute", "--firmware", "--gpu",
                                  bdf)
        for name in ("firmware_mode", "firmware_mode_next"):
            self.machine.write(f"{OWN}/{name}", "none\n")
        self.expect_unchanged(FAILURE, *SET, err="has no firmware modes")
        os.unlink(self.machine.path(f"{OWN}/firmware_mode"))
        self.expect_unchanged(FAILURE, *SET, err="the loaded module has no firmware modes")

    def test_the_module_refuses(self):
        self.machine.write(f"{OWN}/last_error", "firmware_mode_next not changed: why\n")
        for number, status, text in ((errno.EBUSY, BUSY, "not changed: why"),
                                     (errno.EACCES, FAILURE, "run as root")):
            self.machine.write(f"{OWN}/firmware_mode_next.errno", f"{number}\n")
            self.expect(status, *SET, err=text)
            self.assertEqual(self.modes(), (MIXED, MIXED))
        self.assertTrue(self.bound())

    def test_not_removed(self):
        """What the mode was is next again."""
        self.machine.write(f"{DEVICE}/remove.errno", f"{errno.EACCES}\n")
        self.expect(FAILURE, *SET, err="it can't be removed (Permission denied), and is as it was")
        self.assertEqual(self.modes(), (MIXED, MIXED))
        self.assertTrue(self.bound())

    def test_not_found_again(self):
        self.machine.write(f"{DEVICE}/lost")
        self.expect(FAILURE, *SET, err="is not found again")
        self.assertEqual([name for name, _ in self.writes()][-2:],
                         ["/class/pci_bus/0000:02/rescan", "/bus/pci/rescan"])

    def test_the_other_rescan(self):
        """Where a bus can't be scanned alone."""
        shutil.rmtree(self.machine.path("sys/class"))
        self.expect(OK, *SET)
        self.assertEqual(self.modes(), (COMPUTE, COMPUTE))

    def test_not_bound(self):
        """Where the machine binds nothing by itself, it is bound; a driver that refuses it
        is named."""
        self.machine.write(f"{DEVICE}/unbound")
        self.expect(OK, *SET)
        self.assertEqual(self.writes()[-1], ["/bus/pci/drivers_probe", GPU2])
        self.assertTrue(self.bound())
        self.machine.write("sys/bus/pci/drivers/openvgpu/refuses")
        self.expect(FAILURE, "mode", "set", "mixed", "--firmware", "--gpu", GPU2,
                    err="openvgpu has not taken it")

    def test_the_board_keeps_its_mode(self):
        self.machine.write(f"{DEVICE}/keeps")
        self.expect(FAILURE, *SET, err="is back with firmware mode mixed: its board did not take")
        self.assertEqual(self.modes(), (MIXED, MIXED))

    def test_begun_and_not_ended(self):
        """By a command that was killed: the doctor says so, and both ways lead out."""
        for mode, after, removed in (("mixed", MIXED, False), ("compute", COMPUTE, True)):
            self.machine.write(f"{OWN}/firmware_mode", MIXED)
            self.machine.write(f"{OWN}/firmware_mode_next", COMPUTE)
            self.machine.write("sys/writes")
            value = self.expect_json(FAILURE, "doctor")
            check = [check for check in value["checks"] if check["check"] == "gpu"][0]
            self.assertEqual(check["state"], "warn")
            self.assertIn("firmware mode is to become compute", check["text"])
            self.assertIn(f"openvgpu mode set compute --firmware --gpu {GPU2}", check["advice"])
            self.expect(OK, "mode", "set", mode, "--firmware", "--gpu", GPU2)
            self.assertEqual(self.modes(), (after, after))
            self.assertEqual(any(name.endswith("/remove") for name, _ in self.writes()), removed)

    def test_two_at_once(self):
        folder = os.open(self.machine.path(DEVICE), os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.expect_unchanged(BUSY, *SET, err="another process")
        os.close(folder)


if __name__ == "__main__":
    main()
