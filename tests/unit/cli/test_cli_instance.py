#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu instance and what other commands show of GPU instances, on a made-up
tree. What placement decides is test_layout's; that instances come and go is the VM
suite spatial's."""

import os

from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, IDLE, INSIDE, NIC, NO_CAPACITY, NOT_FOUND, OK, PLAIN,
    USAGE, USED, CliTest, main)

CREATE = f"sys/devices/pci0000:00/{GPU2}/instances/create"
REMOVE = f"sys/devices/pci0000:00/{GPU2}/instances/1/remove"


class Lists(CliTest):
    def test_list(self):
        self.fill_divisible()
        lines = self.expect(OK, "instance", "list").out.decode().splitlines()
        self.assertEqual([line.split() for line in lines], [
            ["GPU", "ID", "NAME", "PROFILE", "COMPUTE", "MEMORY", "VGPUS", "RESERVED",
             "SCHEDULER"],
            [GPU2, "0", "pool", "-", "2-7", "-", "1", "-", "round_robin"],
            [GPU2, "1", "train", "2g.256m", "0-1", "2-3", "1", "yes", "best_effort"]])
        out = self.expect(OK, "instance", "list", "--no-legend", "--columns",
                          "name,framebuffer").out
        self.assertEqual(out, b"pool   -\ntrain  256 MiB\n")
        gpu, = self.expect_json(OK, "instance", "list")["gpus"]
        self.assertEqual([gpu[key] for key in (
            "gpu", "compute_slices", "memory_slices", "pool_slices", "pool_slices_min",
            "max_instances")], [GPU2, 8, 8, 6, 0, 8])
        instance, = gpu["instances"]
        self.assertEqual(instance, {
            "id": 1, "name": "train", "profile": "2g.256m", "compute_mask": 3,
            "compute_slices": 2, "memory_first": 2, "memory_slices": 2,
            "framebuffer_bytes": 256 << 20, "reserved": True, "vgpus": 1,
            "scheduler": "best_effort", "timeslice_us": 2083,
            "busy_ns": 1500000000, "idle_ns": 500000000,
            "queues": [{
                "id": 1, "name": "train", "compute_mask": 3, "compute_slices": 2,
                "vgpus": 1, "scheduler": "best_effort", "timeslice_us": 2083,
                "busy_ns": 1500000000, "idle_ns": 500000000}]})

    def test_queues(self):
        """Compute instances stand behind their GPU instance, and are none."""
        self.fill_divisible()
        self.machine.add_queue(GPU2, 1, 3, "train.3", "1c.2g.256m", 0x02, 2, 2, members=1)
        lines = self.expect(OK, "instance", "list", "--no-legend").out.decode().splitlines()
        self.assertEqual([line.split() for line in lines], [
            [GPU2, "0", "pool", "-", "2-7", "-", "1", "-", "round_robin"],
            [GPU2, "1", "train", "2g.256m", "0-1", "2-3", "1", "yes", "best_effort"],
            [GPU2, "3", "train.3", "1c.2g.256m", "1", "2-3", "1", "yes", "best_effort"]])
        gpu, = self.expect_json(OK, "instance", "list")["gpus"]
        instance, = gpu["instances"]
        self.assertEqual([(q["id"], q["name"], q["compute_mask"], q["vgpus"])
                          for q in instance["queues"]],
                         [(1, "train", 1, 0), (3, "train.3", 2, 1)])
        # It has a number, a setting, and no life of its own.
        step = self.expect_json(OK, "instance", "plan", "1g 1g")["steps"]
        self.assertEqual([s["instance"] for s in step if s["step"] == "place"], [2, 4])
        self.expect(OK, "set", f"{GPU2}/train.3", "timeslice_us=5000")
        self.expect(OK, "set", f"{GPU2}/3", "timeslice_us=6000")
        self.assertEqual(self.machine.read(
            f"sys/devices/pci0000:00/{GPU2}/instances/3/timeslice_us"), "6000\n")
        self.expect(NOT_FOUND, "instance", "remove", "train.3", err="train")

    def test_not_divisible(self):
        self.fill()
        for words in (["list"], ["profiles"], ["create", "1g"], ["remove", "a"],
                      ["plan", "1g"]):
            self.expect_unchanged(NOT_FOUND, "instance", *words,
                                  err="no GPU is divisible")
            self.expect(NOT_FOUND, "instance", *words, "--gpu", GPU,
                        err=f"GPU {GPU} is not divisible")
            self.expect(NOT_FOUND, "instance", *words, "--gpu", NIC,
                        err=f"no GPU {NIC} is bound")

    def test_profiles(self):
        self.fill_divisible()
        values = self.expect_json(OK, "instance", "profiles")["profiles"]
        usual = [value["profile"] for value in values if value["usual"]]
        self.assertEqual(usual, [
            "1g.128m", "2g.256m", "3g.512m", "4g.512m", "5g.1g", "6g.1g", "7g.1g",
            "8g.1g"])
        available = {value["profile"]: value["available"] for value in values}
        # The pool has 6 slices and an open vGPU, which keeps one, and its block.
        self.assertEqual(available["1g.128m"], 5)
        self.assertEqual(available["2g.256m"], 2)
        self.assertEqual(available["8g.1g"], 0)
        lines = self.expect(OK, "instance", "profiles").out.decode().splitlines()
        self.assertEqual(len(lines), len(values) + 1)
        self.assertEqual(lines[1].split(), [GPU2, "1g.128m", "1", "1", "128", "MiB", "5"])

    def test_types(self):
        """Plain ones first, and why there are none."""
        self.fill_divisible()
        lines = self.expect(OK, "types", "--gpu", GPU2).out.decode().splitlines()
        self.assertEqual(lines[0].split(), ["GPU", "TYPE", "SLICES", "FRAMEBUFFER",
                                            "HEADS", "MAX", "AVAILABLE", "WHY"])
        slices = [line.split()[2] for line in lines[1:]]
        self.assertEqual(slices, sorted(slices))
        self.assertTrue([line for line in lines if "openvgpu-512mq" in line][0]
                        .endswith("0          open vGPUs lie in the way"), lines)
        types = {value["type"]: value for value in self.expect_json(OK, "types")["types"]}
        self.assertEqual(types["openvgpu-4-512mq"]["compute_slices"], 4)
        self.assertEqual(types["openvgpu-4-512mq"]["why_unavailable"],
                         "it needs 4 compute slices, the pool has 6")
        self.assertEqual(types["openvgpu-256mq"]["compute_slices"], 0)
        self.assertIsNone(types["openvgpu-256mq"]["why_unavailable"])
        # As ever where no GPU is divisible.
        lines = self.expect(OK, "types", "--gpu", GPU).out.decode().splitlines()
        self.assertEqual(lines[0].split()[-1], "NAME")

    def test_show(self):
        self.fill_divisible()
        gpus = self.expect_json(OK, "show")["gpus"]
        self.assertEqual([len(gpu["instances"]) for gpu in gpus], [0, 1])
        self.assertEqual(gpus[1]["instances"][0]["name"], "train")
        self.assertEqual(gpus[1]["attributes"]["pool_slices"], 6)
        out = self.expect(OK, "show", GPU2).out.decode()
        self.assertIn("1 train 2g.256m, compute 0-1, memory 2-3, 1 vGPU, reserved", out)
        self.assertIn("0: open vGPUs lie in the way\n", out)
        self.assertNotIn("why_unavailable", out)

    def test_vgpus(self):
        self.fill_divisible()
        vgpus = {v["uuid"]: v for v in self.expect_json(OK, "list")["vgpus"]}
        self.assertEqual((vgpus[INSIDE]["instance"], vgpus[INSIDE]["compute_slices"]),
                         (1, 2))
        self.assertEqual(vgpus[PLAIN]["instance"], 0)
        self.assertIsNone(vgpus[IDLE]["instance"])
        out = self.expect(OK, "list", "--no-legend", "--columns", "uuid,instance").out
        self.assertIn(f"{INSIDE}  1\n".encode(), out)
        self.assertIn(f"{USED}  -\n".encode(), out)


class Changes(CliTest):
    def test_create(self):
        self.fill_divisible()
        self.expect(OK, "instance", "create", "2g", "--name", "night")
        self.assertEqual(self.machine.read(CREATE), "2g.256m night")
        self.machine.write(CREATE)
        self.expect(OK, "instance", "create", "1G.256M", "--gpu", GPU2)
        self.assertEqual(self.machine.read(CREATE), "1g.256m")
        self.machine.write(CREATE)
        self.expect(OK, "instance", "create", "4g", "--name", "a", "--compute", "2,1,1")
        self.assertEqual(self.machine.read(CREATE), "4g.512m a compute=2,1,1")
        value = self.expect_json(OK, "instance", "create", "2g", "--name", "train")
        self.assertEqual((value["gpu"], value["instance"]["id"]), (GPU2, 1))

    def test_create_wrong(self):
        self.fill_divisible()
        for profile, err in (("2g.256", "did you mean '2g.256m'?"),
                             ("9g", "there is no profile '9g'"),
                             ("2g.100m", "there is no profile"),
                             ("x\x1b", r"'x\x1b'")):
            self.expect_unchanged(NOT_FOUND, "instance", "create", profile, err=err)
        for name in ("", "a b", "a/b", "x" * 32, "\x1b"):
            self.expect_unchanged(USAGE, "instance", "create", "1g", "--name", name,
                                  err="can't be a name")
        for division in ("", "2,", ",2", "2,,1", "10", "a", "2 1", "0,1", "1,1,1,1,1,1,1,1,1"):
            self.expect_unchanged(USAGE, "instance", "create", "1g", "--compute", division,
                                  err="--compute can't be")
        self.expect(USAGE, "instance", "create", err="needs PROFILE")
        self.expect(USAGE, "instance", "creat", "1g", err="did you mean 'create'?")
        self.expect(USAGE, "instance", err="")
        self.expect(USAGE, "instance", "create", "1g", "--nam", "x", "--type", "1q")

    def test_create_refused(self):
        self.fill_divisible()
        os.unlink(self.machine.path(CREATE))
        os.symlink("/dev/full", self.machine.path(CREATE))
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/openvgpu/last_error",
                           "instance x not created: open vGPUs lie in the way\n")
        self.expect(NO_CAPACITY, "instance", "create", "1g", err="lie in the way")
        self.expect_json(NO_CAPACITY, "instance", "create", "1g")
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/openvgpu/last_error", "")
        self.expect(NO_CAPACITY, "instance", "create", "1g",
                    err="refused to create a GPU instance 1g.128m: No space")

    def test_remove(self):
        self.fill_divisible()
        for name in ("train", "1"):
            self.expect_unchanged(BUSY, "instance", "remove", name,
                                  err=f"has vGPUs: remove them first: {INSIDE}")
        self.expect(NOT_FOUND, "instance", "remove", "trian",
                    err="did you mean 'train'?")
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/instances/1/members", "0\n")
        value = self.expect_json(OK, "instance", "remove", "train")
        self.assertEqual((value["gpu"], value["removed"]), (GPU2, "train"))
        self.assertEqual(self.machine.read(REMOVE)[:1], "1")

    def test_two_gpus(self):
        self.fill_divisible()
        self.machine.divide(GPU)
        self.machine.add_instance(GPU, 1, "train", "1g.128m", 1, 0, 1)
        self.expect(USAGE, "instance", "remove", "train", err="2 GPU instances are 'train'")
        self.expect(USAGE, "instance", "plan", "1g", err="2 GPUs are divisible")
        self.expect(OK, "instance", "remove", "train", "--gpu", GPU)


class Settings(CliTest):
    def test_set(self):
        self.fill_divisible()
        for name in ("train", "1"):
            value = self.expect_json(OK, "sched", "set", f"{GPU2[5:]}/{name}",
                                     "scheduler=fixed_share", "timeslice_us=3000")
            self.assertEqual((value["gpu"], value["instance"], value["set"]), (
                GPU2, 1, {"scheduler": "fixed_share", "timeslice_us": 3000}))
        folder = f"sys/devices/pci0000:00/{GPU2}/instances/1"
        self.assertTrue(self.machine.read(f"{folder}/scheduler").startswith("fixed_share"))
        self.assertEqual(self.machine.read(f"{folder}/timeslice_us"), "3000\n")

    def test_wrong(self):
        self.fill_divisible()
        for what, setting, status, err in (
                (f"{GPU2}/trian", "timeslice_us=3000", NOT_FOUND, "did you mean 'train'"),
                (f"{GPU2}/", "timeslice_us=3000", NOT_FOUND, "has no GPU instance ''"),
                (f"{GPU2}/../x", "timeslice_us=3000", NOT_FOUND, "has no GPU instance"),
                (f"{NIC}/train", "timeslice_us=3000", NOT_FOUND, "no GPU"),
                ("x/train", "timeslice_us=3000", USAGE, "neither a UUID"),
                (f"{GPU2}/train", "weight=3", USAGE, "a GPU instance has scheduler"),
                (f"{GPU2}/train", "console=none", USAGE, "no setting 'console'"),
                (f"{GPU2}/train", "scheduler=x", USAGE, "GPU instance"),
                (f"{GPU2}/train", "timeslice_us=1", USAGE, "100 to 1000000")):
            self.expect_unchanged(status, "sched", "set", what, setting, err=err)


class Plan(CliTest):
    def test_plan(self):
        self.fill_divisible()
        out = self.expect_unchanged(OK, "instance", "plan", "1g 2-256mc", "16mq").out
        self.assertEqual(out.decode().splitlines(), [
            "1g.128m: new GPU instance 2, compute 2, 128 MiB at 640 MiB",
            "2-256mc: new GPU instance 3, compute 3-4, 256 MiB at 0 MiB",
            "16mq: the pool, 16 MiB at 528 MiB"])
        value = self.expect_json(OK, "instance", "plan", "1g")
        self.assertEqual(value["steps"], [{
            "step": "place", "request": 0, "name": "1g.128m", "reason": None,
            "instance": 2, "new_instance": True, "uuid": None, "compute_mask": 4,
            "offset_bytes": 640 << 20, "offset_before_bytes": None,
            "size_bytes": 128 << 20}])

    def test_moves(self):
        """An instance whose vGPUs nobody has open gives way."""
        self.fill_divisible()
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/{PLAIN}/openvgpu/"
                           "framebuffer_offset", f"{512 << 20}\n")
        out = self.expect(OK, "instance", "plan", "4g").out.decode().splitlines()
        self.assertEqual(out, [
            "  moves: GPU instance 1, 256 MiB from 256 MiB to 768 MiB",
            "4g.512m: new GPU instance 2, compute 2-5, 512 MiB at 0 MiB"])

    def test_obstacles(self):
        self.fill_divisible()
        machine = self.machine
        machine.write(f"sys/devices/pci0000:00/{GPU2}/{INSIDE}/openvgpu/owner_pid",
                      "4242\n")
        result = self.run_cli("instance", "plan", "4g 1g")
        self.assertEqual(result.status, NO_CAPACITY, result)
        self.assertEqual(result.err, b"openvgpu: 1 of 2 would be refused\n")
        out = result.out.decode().splitlines()
        self.assertEqual(out[0], "4g.512m: refused: 752 MiB are free, but not 512 MiB in "
                         "one piece, since open vGPUs lie in the way")
        self.assertTrue(out[1].startswith(f"  in the way: vGPU {PLAIN}, 16 MiB at 512 MiB, "
                                          "used by 4242"), out)
        self.assertTrue(out[2].startswith("1g.128m: new GPU instance 2"), out)
        value = self.expect_json(NO_CAPACITY, "instance", "plan", "4g")
        self.assertEqual([(s["step"], s["uuid"]) for s in value["steps"]],
                         [("refuse", None), ("obstacle", PLAIN)])

    def test_wrong(self):
        self.fill_divisible()
        result = self.run_cli("instance", "plan", "4x")
        self.assertEqual((result.status, result.out),
                         (NOT_FOUND, b"4x: refused: the GPU has no such profile or type\n"))
        result = self.run_cli("instance", "plan", "2-256mx", "1g.128n")
        self.assertEqual(result.out.decode().splitlines(), [
            "2-256mx: refused: the GPU has no such profile or type; did you mean '2-256mc'?",
            "1g.128n: refused: the GPU has no such profile or type; did you mean '1g.128m'?"])
        self.expect(USAGE, "instance", "plan", " ", err="nothing to plan")
        self.expect(USAGE, "instance", "plan", "1g " * 129, err="more than 128")
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/{PLAIN}/openvgpu/instance",
                           "77\n")
        self.expect(FAILURE, "instance", "plan", "1g", err="Protocol error")


class Completion(CliTest):
    def offered(self, *words):
        out = self.expect(OK, "complete", "--", *words).out.decode()
        return [line.split("\t")[0] for line in out.splitlines()]

    def test_words(self):
        self.fill_divisible()
        self.assertEqual(self.offered("inst"), ["instance"])
        self.assertEqual(self.offered("instance", "p"), ["profiles", "plan"])
        self.assertIn("4g.512m", self.offered("instance", "create", ""))
        self.assertEqual(self.offered("instance", "remove", "t"), ["train"])
        self.assertIn("2-256mc", self.offered("instance", "plan", "2"))
        self.assertIn("2g.256m", self.offered("instance", "plan", "1g", "2"))
        self.assertEqual(self.offered("instance", "create", "1g", "--na"), ["--name"])


main()
