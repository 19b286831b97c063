#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu mode, and the setting work_mode in configurations, on a made-up machine."""

import os

from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, IDLE, NIC, NOT_FOUND, OK, USAGE, USED, CliTest, main)

COMPUTE_VGPU = "77777777-7777-4777-8777-777777777777"
CHOICES = "[mixed] graphics compute"


class Mode(CliTest):
    def fill(self):
        """The first GPU has two vGPUs of series Q, the second one of series C."""
        super().fill()
        self.machine.add_types(GPU2, {"256mc": (256, 4, 3)})
        self.machine.add_vgpu(COMPUTE_VGPU, GPU2, "256mc")
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {"work_mode": CHOICES})

    def written(self, bdf, name):
        """A file keeps what is behind it."""
        text = self.machine.read(f"sys/devices/pci0000:00/{bdf}/openvgpu/work_mode")
        self.assertTrue(text.startswith(name), text)
        self.machine.add_attributes(bdf, {"work_mode": CHOICES})

    def test_show(self):
        self.fill()
        lines = self.expect(OK, "mode", "show").out.decode().splitlines()
        self.assertEqual([line.split() for line in lines], [
            ["GPU", "MODE", "GRAPHICS", "COMPUTE", "FIRMWARE"], [GPU, "mixed", "2", "0", "-"],
            [GPU2, "mixed", "0", "1", "-"]])
        self.machine.add_attributes(GPU2, {"work_mode": "mixed graphics [compute]"})
        value = self.expect_json(OK, "mode", "show", GPU2)
        self.assertEqual(value["gpus"], [{
            "gpu": GPU2, "work_mode": "compute", "choices": "mixed graphics compute",
            "graphics_vgpus": 0, "compute_vgpus": 1,
            "firmware_mode": None, "firmware_mode_next": None}])
        self.expect(NOT_FOUND, "mode", "show", NIC)
        self.expect(USAGE, "mode", "show", "x", err="not a PCI address")
        # An older module.
        os.unlink(self.machine.path(f"sys/devices/pci0000:00/{GPU}/openvgpu/work_mode"))
        self.assertIsNone(self.expect_json(OK, "mode", "show", GPU)["gpus"][0]["work_mode"])

    def test_set(self):
        self.fill()
        result = self.expect(OK, "mode", "set", "graphics", "--gpu", GPU)
        self.assertEqual(result.out.decode(), f"GPU {GPU}: work_mode: mixed -> graphics\n")
        self.written(GPU, "graphics")
        self.expect(OK, "mode", "set", "compute", "--gpu", GPU2)
        self.written(GPU2, "compute")
        before = self.machine.contents()
        self.expect(OK, "mode", "set", "mixed", "--gpu", GPU, err="already")
        self.assertEqual(self.machine.contents(), before)
        # The general command, too.
        self.expect(OK, "set", GPU2, "work_mode=compute")
        self.written(GPU2, "compute")

    def test_dry_run(self):
        self.fill()
        before = self.machine.contents()
        result = self.expect(OK, "mode", "set", "compute", "--gpu", GPU2, "--dry-run")
        self.assertIn(b"mixed -> compute", result.out)
        value = self.expect_json(OK, "mode", "set", "compute", "--gpu", GPU2, "--dry-run")
        self.assertEqual(value, {"version": 1, "dry_run": True, "gpu": GPU2,
                                 "mode": "work_mode", "from": "mixed", "to": "compute",
                                 "changed": True})
        self.expect(BUSY, "mode", "set", "compute", "--gpu", GPU, "--dry-run", err=USED)
        self.assertEqual(self.machine.contents(), before)

    def test_contradicted(self):
        """All that are in the way are named, with who uses them."""
        self.fill()
        result = self.expect_unchanged(BUSY, "mode", "set", "compute", "--gpu", GPU,
                                       err="2 vGPUs are of types that compute has not")
        self.assertIn(f"{USED} is of type 256mq, used by 4242 (qemu-system-x86)",
                      result.err.decode())
        self.assertIn(f"{IDLE} is of type 256mq, used by nobody", result.err.decode())
        value = self.expect_json(BUSY, "mode", "set", "graphics", "--gpu", GPU2)
        self.assertEqual(value["contradicting"], [COMPUTE_VGPU])

    def test_bad(self):
        self.fill()
        for mode in ("", "x", "Compute", "[mixed]", "mixed compute", "\x1b[2J"):
            self.expect_unchanged(USAGE, "mode", "set", mode, "--gpu", GPU)
        self.expect_unchanged(USAGE, "mode", "set", "compute", err="there are 2 GPUs")
        self.expect_unchanged(NOT_FOUND, "mode", "set", "compute", "--gpu", NIC)
        self.expect_unchanged(USAGE, "mode", "set", err="needs MODE")
        # One that can show pictures only.
        self.machine.add_attributes(GPU, {"work_mode": "[mixed]"})
        self.expect_unchanged(USAGE, "mode", "set", "graphics", "--gpu", GPU, err="has mixed")
        os.unlink(self.machine.path(f"sys/devices/pci0000:00/{GPU}/openvgpu/work_mode"))
        self.expect_unchanged(FAILURE, "mode", "set", "graphics", "--gpu", GPU,
                              err="has no work modes")

    def test_completion(self):
        self.fill()
        self.assertEqual(self.expect(OK, "complete", "--", "mode", "set", "").out.split(),
                         [b"mixed", b"graphics", b"compute"])
        self.assertIn(GPU.encode(), self.expect(OK, "complete", "--", "mode", "show", "").out)
        self.assertIn(b"work_mode=graphics",
                      self.expect(OK, "complete", "--", "set", GPU, "work_mode=g").out)

    # ------------------------------------------------------------ configurations

    def config(self, bdf, text):
        self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n  default:\n"
                           f"    - devices: [{bdf}]\n      {text}\n")
        return self.machine.path("config.yaml")

    def changes(self, status, bdf, text, *args):
        value = self.expect_json(status, "apply", self.config(bdf, text), *args)
        return [(change["action"], change["state"], change["name"], change["type"])
                for change in value["changes"]]

    def test_apply(self):
        """In between what contradicts it and what it is for."""
        self.fill()
        text = "settings: {work_mode: graphics, fault_limit: 4}\n      vgpu-devices: {256mq: 1}"
        self.machine.add_attributes(GPU2, {"fault_limit": 3})
        self.assertEqual(self.changes(OK, GPU2, text, "--dry-run"), [
            ("set", "planned", "fault_limit", None),
            ("remove", "planned", None, "openvgpu-256mc"),
            ("set", "planned", "work_mode", None),
            ("create", "planned", None, "openvgpu-256mq")])
        self.expect(OK, "apply", self.config(GPU2, "settings: {work_mode: compute}"))
        self.written(GPU2, "compute")
        result = self.run_cli("assert", self.config(GPU2, "settings: {work_mode: compute}"))
        self.assertEqual((result.status, result.out.decode()),
                         (FAILURE, f"GPU {GPU2}: work_mode: mixed -> compute\n"))
        self.machine.add_attributes(GPU2, {"work_mode": "mixed graphics [compute]"})
        self.expect(OK, "assert", self.config(GPU2, "settings: {work_mode: compute}"))

    def test_apply_refused(self):
        """vGPUs that stay contradict it: the file does not list them, or is not to
        touch them, or a VM uses them."""
        self.fill()
        for text, args in (("settings: {work_mode: graphics}", ()),
                           ("settings: {work_mode: graphics}\n      vgpu-devices: {}",
                            ("--no-vgpus",))):
            path = self.config(GPU2, text)
            self.expect_unchanged(BUSY, "apply", path, *args, err=f"vGPU {COMPUTE_VGPU} stays")
        self.expect_unchanged(BUSY, "apply", self.config(
            GPU, "settings: {work_mode: compute}\n      vgpu-devices: {}"), err="4242")

    def test_file_that_contradicts_itself(self):
        self.fill()
        for mode, kind in (("compute", "256mq"), ("graphics", "256mc"), ("compute", "1-64mq")):
            path = self.config(GPU2, f"settings: {{work_mode: {mode}}}\n"
                               f"      vgpu-devices: {{{kind}: 1}}")
            self.expect_unchanged(USAGE, "apply", path,
                                  err=f"work mode {mode}, of line 5, has no vGPUs of type")
        self.expect(OK, "apply", "--dry-run", self.config(
            GPU2, "settings: {work_mode: compute}\n      vgpu-devices: {256mq: 0, 256mc: 1}"))
        self.expect_unchanged(USAGE, "apply", self.config(
            GPU2, "settings: {work_mode: both}"), err="work_mode can't be 'both'")

    def test_export(self):
        self.fill()
        self.machine.add_attributes(GPU2, {"work_mode": "mixed graphics [compute]"})
        self.machine.add_attributes(GPU, {"work_mode": "[mixed]"})
        out = self.expect(OK, "export").out.decode()
        self.assertEqual(out.count("work_mode"), 1, out)
        self.assertIn("work_mode: compute\n", out)


if __name__ == "__main__":
    main()
