#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""GPU instances in configurations, on a made-up tree: apply, assert, export and
restore."""

import json
import os

from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, GPU_SETTINGS, INSIDE, NO_CAPACITY, NOT_FOUND, OK, PLAIN,
    USAGE, VGPU_SETTINGS, CliTest, main)

HEAD = "version: v1\nvgpu-configs:\n  default:\n"
CREATE = f"sys/devices/pci0000:00/{GPU2}/instances/create"
TRAIN = f"sys/devices/pci0000:00/{GPU2}/instances/1"


class Apply(CliTest):
    def setUp(self):
        super().setUp()
        self.fill_divisible()
        self.machine.write("root/run/there")
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, GPU_SETTINGS)
        for uuid in (INSIDE, PLAIN):
            self.machine.add_attributes(f"{GPU2}/{uuid}", VGPU_SETTINGS)

    def config(self, text, devices=f"[{GPU2}]", head=HEAD):
        self.machine.write("config.yaml", head + f"    - devices: {devices}\n" + "".join(
            f"      {line}\n" for line in text.splitlines()))
        return self.machine.path("config.yaml")

    def changes(self, path, *args, status=OK, command="apply"):
        """What a dry run says, as tuples."""
        more = ["--dry-run"] if command == "apply" else []
        value = self.expect_json(status, command, path, *more, *args)
        return [(c["action"], c["instance"] or c["uuid"] or c["gpu"],
                 c["profile"] or c["name"] or c["type"], c["from"], c["to"])
                for c in value["changes"]]

    def test_as_it_is(self):
        for text in ("instances: {train: {profile: 2g.256m}}",
                     "instances: {train: {profile: 2g, scheduler: best_effort}}",
                     "mig-devices: {2g.256m: 1}", "mig-devices: {\"2g.10gb\": 1}",
                     "mig-devices: {2g: 1}\nmig-enabled: true",
                     "vgpu-devices: {2-256mc: 1, 16mq: 1}"):
            path = self.config(text)
            self.assertEqual(self.changes(path), [], text)
            self.expect(OK, "assert", path)
        path = self.config("mig-devices: {2g.10gb: 1}",
                           head="version: v1\nmig-configs:\n  all-2g.10gb:\n")
        self.assertEqual(self.changes(path), [])

    def test_settings(self):
        path = self.config("instances:\n  train: {profile: 2g.256m, "
                           "scheduler: fixed_share, timeslice_us: 3000}")
        self.assertEqual(self.changes(path), [
            ("set", "train", "scheduler", "best_effort", "fixed_share"),
            ("set", "train", "timeslice_us", "2083", "3000")])
        result = self.expect(OK, "apply", path)
        self.assertEqual(result.out.decode().splitlines()[0],
                         f"GPU {GPU2}: GPU instance train: scheduler: "
                         "best_effort -> fixed_share")
        self.assertTrue(self.machine.read(f"{TRAIN}/scheduler").startswith("fixed_share"))
        self.assertEqual(self.machine.read(f"{TRAIN}/timeslice_us"), "3000\n")

    def test_queues(self):
        text = "instances: {train: {profile: 2g, compute: %s}}\nvgpu-devices: {16mq: 1}"
        replaced = [("remove", INSIDE, "openvgpu-2-256mc", None, None),
                    ("remove-instance", "train", "2g.256m", None, None),
                    ("create-instance", "train", "2g.256m", None, None)]
        self.assertEqual(self.changes(self.config(text % "[1, 1]")), replaced)
        # One queue that has all is what there is.
        path = self.config(text.replace("vgpu", "#") % "[2]")
        self.assertEqual(self.changes(path), [])
        self.machine.add_queue(GPU2, 1, 2, "train.2", "1c.2g.256m", 0x02, 2, 2)
        path = self.config(text.replace("vgpu", "#") % "'1,1'")
        self.assertEqual(self.changes(path), [])
        self.assertEqual(self.changes(self.config(text % "[1]")), replaced)
        path = self.config(text.replace("train", "new") % "[1, 1]")
        self.expect_json(OK, "apply", path)
        self.assertEqual(self.machine.read(CREATE), "2g.256m new compute=1,1")

    def test_create(self):
        path = self.config("instances:\n  train: {profile: 2g.256m}\n"
                           "  night: {profile: 1g, scheduler: equal_share}\n"
                           "vgpu-devices: {2-256mc: 1, 16mq: 1, 1-64mc: 1}")
        self.assertEqual(self.changes(path), [
            ("create-instance", "night", "1g.128m", None, None),
            ("set", "night", "scheduler", None, "equal_share"),
            ("create", GPU2, "openvgpu-1-64mc", None, None)])
        result = self.run_cli("assert", path)
        self.assertEqual((result.status, result.err.decode()), (
            FAILURE, "openvgpu: 3 things are not as 'default' says\n"))
        # It comes when it is created.
        self.machine.add_instance(GPU2, 2, "soon", "1g.128m", 4, 0, 1)
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/instances/2/reserved", "0\n")
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/instances/2/name", "night\n")
        self.expect(BUSY, "apply", path, err="belongs to its vGPUs, and goes with them")
        self.assertEqual(self.machine.read(CREATE), "")

    def test_counted(self):
        path = self.config("mig-devices:\n  \"2g.10gb\": 1\n  \"1g.5gb+me\": 2")
        self.assertEqual(self.changes(path), 2 * [
            ("create-instance", GPU2, "1g.128m", None, None)])
        self.expect(OK, "apply", path)
        self.assertEqual(self.machine.read(CREATE), "1g.128m")
        # Memory of that size is taken, if the GPU has it with so many slices.
        path = self.config("mig-devices: {2g.256m: 1, 1g.512m: 1}")
        self.assertEqual(self.changes(path), [
            ("create-instance", GPU2, "1g.512m", None, None)])

    def test_remove(self):
        """Not while vGPUs stay in it."""
        path = self.config("instances: {}")
        self.expect(BUSY, "apply", path, err=f"vGPU {INSIDE} is in it, and stays")
        path = self.config("mig-enabled: false")
        self.expect(BUSY, "apply", path, err="is in it, and stays")
        path = self.config("instances: {}\nvgpu-devices: {16mq: 1}")
        self.assertEqual(self.changes(path), [
            ("remove", INSIDE, "openvgpu-2-256mc", None, None),
            ("remove-instance", "train", "2g.256m", None, None)])
        self.assertEqual(self.changes(self.config(
            "instances: {train: {profile: 4g}}\nvgpu-devices: {16mq: 1}")), [
                ("remove", INSIDE, "openvgpu-2-256mc", None, None),
                ("remove-instance", "train", "2g.256m", None, None),
                ("create-instance", "train", "4g.512m", None, None)])
        # With --no-vgpus they all stay.
        self.expect(BUSY, "apply", path, "--no-vgpus", err="is in it, and stays")
        self.expect(OK, "apply", path)
        self.assertEqual(self.machine.read(f"{TRAIN}/remove")[:1], "1")
        # Those of types are their vGPUs'.
        self.machine.write(f"{TRAIN}/reserved", "0\n")
        self.assertEqual(self.changes(self.config("instances: {}")), [])

    def test_no_vgpus(self):
        path = self.config("settings: {pool_slices_min: 2, console: " + PLAIN + "}\n"
                           "instances: {train: {profile: 2g}, a: {profile: 1g}}\n"
                           "vgpu-devices: {}")
        self.assertEqual(self.changes(path, "--no-vgpus"), [
            ("set", GPU2, "pool_slices_min", "0", "2"),
            ("create-instance", "a", "1g.128m", None, None)])

    def test_refused(self):
        for text, status, err in (
                ("instances: {a b: {profile: 1g}}", USAGE, "can't be the name"),
                ("instances: {a: {profile: x}}", USAGE, "not the name of a profile"),
                ("instances: {a: {profile: 1g, weight: 3}}", USAGE,
                 "a GPU instance has no setting 'weight'"),
                ("instances: {a: {profile: 1g, scheduler: x}}", USAGE,
                 "scheduler can't be 'x'"),
                ("instances: {a: {profile: 1g, timeslice_us: 1}}", USAGE,
                 "timeslice_us can't be '1'"),
                ("instances: {a: {profile: 9g}}", NOT_FOUND, "has no profile '9g'"),
                ("instances: {a: {profile: 1g.5gb}}", NOT_FOUND, "has no profile"),
                ("mig-devices: {9g.80gb: 1}", NOT_FOUND, "has no profile"),
                ("instances: {a: {profile: 4g}, b: {profile: 4g}, c: {profile: 1g}}",
                 NO_CAPACITY, "9 compute slices and 9 memory slices, and it has 8 and 8"),
                ("use: passthrough\ninstances: {a: {profile: 4g}}", USAGE,
                 "has no GPU instances")):
            self.expect(status, "apply", "--dry-run", self.config(text), err=err)
            self.expect(status, "apply", self.config(text), err=err)
        self.assertEqual(self.machine.read(CREATE), "")
        self.expect(NOT_FOUND, "apply", self.config("mig-devices: {1g: 1}", f"[{GPU}]"),
                    err=f"GPU {GPU} is not divisible")
        # Nothing to have is nothing to be divisible for.
        self.expect(OK, "apply", self.config("instances: {}", f"[{GPU}]"))

    def test_driver_refuses(self):
        os.unlink(self.machine.path(CREATE))
        os.symlink("/dev/full", self.machine.path(CREATE))
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/openvgpu/last_error",
                           "instance a not created: open vGPUs lie in the way\n")
        path = self.config("instances: {train: {profile: 2g}, a: {profile: 1g}}")
        self.expect(NO_CAPACITY, "apply", path,
                    err=f"GPU {GPU2}: create-instance 1g.128m a: failed: instance a not "
                    "created: open vGPUs lie in the way")

    def test_export(self):
        self.machine.write(f"{TRAIN}/timeslice_us", "5000\n")
        self.machine.add_instance(GPU2, 2, "8", "1g.128m", 4, 0, 1, reserved=0)
        entries = self.expect_json(OK, "export")["config"]["vgpu-configs"]["default"]
        self.assertNotIn("instances", entries[0])
        self.assertEqual(entries[1]["instances"], {"train": {
            "profile": "2g.256m", "scheduler": "best_effort", "timeslice_us": 5000,
            "timeslice_max_us": 20000}})
        self.assertEqual(entries[1]["settings"]["pool_slices_min"], 0)
        out = self.expect(OK, "export").out.decode()
        self.assertIn('profile: "2g.256m"\n', out)
        # Divided, or with slices that no queue has.
        self.machine.add_queue(GPU2, 1, 3, "train.3", "1c.2g.256m", 0x02, 2, 2)
        entries = self.expect_json(OK, "export")["config"]["vgpu-configs"]["default"]
        self.assertEqual(entries[1]["instances"]["train"]["compute"], [1, 1])
        out = self.expect(OK, "export").out.decode()
        # What it prints changes nothing.
        self.machine.write("exported.yaml", out)
        result = self.expect(OK, "apply", "--dry-run", "--gpu", GPU2,
                             self.machine.path("exported.yaml"))
        self.assertEqual(result.out, b"")


class Restore(CliTest):
    def test_instances_first(self):
        """What is to join an instance comes behind it."""
        self.fill_divisible()
        self.machine.write("root/run/there")
        self.machine.write("root/etc/openvgpu/config.yaml", HEAD + f"""\
    - devices: [{GPU2}]
      settings: {{pool_slices_min: 1}}
      instances: {{train: {{profile: 2g}}, early: {{profile: 1g}}}}
""")
        uuid = "77777777-7777-4777-8777-777777777777"
        self.machine.write(f"root/etc/mdevctl.d/{GPU2}/{uuid}", json.dumps(
            {"mdev_type": "openvgpu-1-64mc", "start": "auto"}))
        os.makedirs(self.machine.path("bin"))
        # Stands in for mdevctl: what has been created by then?
        self.machine.write("bin/mdevctl", "#!/bin/sh\n/bin/cp "
                           f"{self.machine.path(CREATE)} {self.machine.path('then')}\n")
        os.chmod(self.machine.path("bin/mdevctl"), 0o755)
        result = self.run_cli("restore", GPU2, env={"PATH": self.machine.path("bin")})
        self.assertEqual(result.status, OK, result)
        self.assertEqual(self.machine.read("then"), "1g.128m early")


main()
