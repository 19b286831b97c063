# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the openvgpu command share: a made-up machine, and running
the command, built with sanitizers, on it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import tree

OPENVGPU = os.path.join(tree.OUT, "openvgpu")

GPU = "0000:01:00.0"
GPU2 = "0000:02:00.0"
NIC = "0000:03:00.0"
IDLE = "11111111-1111-4111-8111-111111111111"
USED = "00000003-0000-0000-0000-000000000100"   # Proxmox' form
FOREIGN = "33333333-3333-4333-8333-333333333333"
INSIDE = "55555555-5555-4555-8555-555555555555"    # in a GPU instance
PLAIN = "66666666-6666-4666-8666-666666666666"     # beside it, in the pool
NEW = "abcdef01-2345-6789-abcd-ef0123456789"
RELEASE = "6.12.1-amd64"

# What can be set, and what it is at first.
GPU_SETTINGS = {
    "scheduler": "[best_effort] equal_share fixed_share", "sched_hz": 480,
    "timeslice_us": 2083, "averaging_factor": 33,
    "timeslice_max_us": 20000, "wake_budget_permille": 60,
    "preempt_timeout_us": 500000, "fault_limit": 3, "fault_window_s": 60,
    "console": "none", "work_mode": "[mixed] graphics compute"}
VGPU_SETTINGS = {
    "weight": 100, "cap_percent": 100, "timeslice_us": 0, "frozen": 0,
    "display": "[region] dmabuf off", "personality": "[native] bochs",
    "frame_rate_limit": 60, "migration": "[auto] stop_copy off",
    "migration_throttle": 0, "tenant": "none", "cap_ceiling_percent": 100,
    "frame_rate_ceiling": 0, "notice": "[none] grace limited", "admission": "[allow] refuse"}

# What no configuration keeps.
FOR_NOW = ("frozen", "cap_ceiling_percent", "frame_rate_ceiling", "notice", "admission")

# Commands whose failure is what they print.
REPORTS = ("doctor", "health", "diag", "entitlement")

OK, FAILURE, USAGE, NOT_FOUND, BUSY, NO_CAPACITY, OUTPUT, INCOMPATIBLE = range(8)


class Machine:
    """A made-up machine."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="openvgpu-cli.")
        for tree in ("sys", "proc", "root"):
            os.mkdir(self.path(tree))

    def path(self, name):
        return os.path.join(self.top, name)

    def write(self, name, value=""):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        mode = "wb" if isinstance(value, bytes) else "w"
        with open(path, mode) as file:
            file.write(value)

    def read(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def link(self, name, target):
        """A relative link, as sysfs has them."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(os.path.relpath(self.path(target), os.path.dirname(path)),
                   path)

    def add_device(self, bdf, driver=None, modalias="pci:v1d2"):
        device = f"sys/devices/pci0000:00/{bdf}"
        self.write(f"{device}/vendor", "0x1b36\n")
        self.write(f"{device}/device", "0x0100\n")
        self.write(f"{device}/modalias", modalias + "\n")
        self.link(f"sys/bus/pci/devices/{bdf}", device)
        if driver:
            os.makedirs(self.path(f"sys/bus/pci/drivers/{driver}"),
                        exist_ok=True)
            self.link(f"sys/bus/pci/drivers/{driver}/{bdf}", device)
            self.link(f"{device}/driver", f"sys/bus/pci/drivers/{driver}")
        return device

    def add_gpu(self, bdf, types):
        device = self.add_device(bdf, "openvgpu", "pci:v00001B36d00000100sv")
        self.add_types(bdf, types)
        self.write(f"{device}/openvgpu/framebuffer_total", "1073741824\n")
        self.write(f"{device}/openvgpu/scheduler", "[round_robin]\n")
        self.write(f"{device}/openvgpu/last_error", "\n")

    def add_types(self, bdf, types):
        device = f"sys/devices/pci0000:00/{bdf}"
        for kind, (size, most, available) in types.items():
            base = f"{device}/mdev_supported_types/openvgpu-{kind}"
            self.write(f"{base}/available_instances", f"{available}\n")
            self.write(f"{base}/device_api", "vfio-pci\n")
            self.write(f"{base}/name", f"OpenVGPU TEST-{kind.upper()}\n")
            self.write(f"{base}/description",
                       f"num_heads=4, frl_config=60, framebuffer={size}M, "
                       f"max_resolution=5120x2880, max_instance={most}\n")
            self.write(f"{base}/create")

    def add_vgpu(self, uuid, bdf, kind, state="closed", pid=0, prefix="openvgpu"):
        device = f"sys/devices/pci0000:00/{bdf}/{uuid}"
        self.write(f"{device}/remove")
        self.link(f"{device}/mdev_type",
                  f"sys/devices/pci0000:00/{bdf}/mdev_supported_types/"
                  f"{prefix}-{kind}")
        self.write(f"{device}/openvgpu/state", state + "\n")
        self.write(f"{device}/openvgpu/owner_pid", f"{pid}\n")
        self.write(f"{device}/openvgpu/type_name", "OpenVGPU TEST-1Q\n")
        self.write(f"{device}/stats/trapped_writes", "18446744073709551615\n")
        self.link(f"{device}/iommu_group", "sys/kernel/iommu_groups/7")
        self.link(f"sys/bus/mdev/devices/{uuid}", device)
        if pid:
            self.write(f"proc/{pid}/comm", "qemu-system-x86\n")

    def divide(self, bdf, compute=8, memory=8, pool=None):
        """Makes a GPU of 1 GiB divisible, as the module shows it."""
        device = f"sys/devices/pci0000:00/{bdf}"
        for name, value in {
                "compute_slices": compute, "memory_slices": memory,
                "pool_slices": compute if pool is None else pool,
                "pool_slices_min": 0, "max_instances": compute, "max_vgpus": 64,
                "framebuffer_total": 1 << 30, "why_unavailable": ""}.items():
            self.write(f"{device}/openvgpu/{name}", f"{value}\n")
        self.write(f"{device}/instances/create")

    def add_instance(self, bdf, number, name, profile, mask, first, slices,
                     members=0, reserved=1, **more):
        """A GPU instance; members is how many vGPUs it has."""
        for file, value in {
                "name": name, "profile": profile, "compute_mask": f"0x{mask:02x}",
                "memory_first": first, "memory_slices": slices,
                "reserved": reserved, "members": members,
                "scheduler": "[best_effort] equal_share fixed_share",
                "timeslice_us": 2083, "timeslice_max_us": 20000,
                "busy_ns": 1500000000, "idle_ns": 500000000, "remove": "",
                **more}.items():
            self.write(f"sys/devices/pci0000:00/{bdf}/instances/{number}/{file}",
                       f"{value}\n")

    def add_queue(self, bdf, owner, number, name, profile, mask, *memory, members=0):
        """A compute instance of the instance owner, with one compute slice of it."""
        self.add_instance(bdf, number, name, profile, mask, *memory, members=members,
                          queue_mask=f"0x{mask:02x}", queue_members=members,
                          memory_of=owner)
        folder = f"sys/devices/pci0000:00/{bdf}/instances/{owner}"
        try:
            left = int(self.read(f"{folder}/queue_mask"), 16)
        except FileNotFoundError:
            left = int(self.read(f"{folder}/compute_mask"), 16)
        self.write(f"{folder}/queue_mask", f"0x{left & ~mask:02x}\n")
        self.write(f"{folder}/queue_members",
                   f"{int(self.read(f'{folder}/members')) - members}\n")
        self.write(f"{folder}/memory_of", "0\n")

    def place_vgpu(self, uuid, bdf, instance, partition, offset, size, slices=1):
        """Where a vGPU of a divisible GPU is; offset and size in MiB."""
        self.add_attributes(f"{bdf}/{uuid}", {
            "instance": instance, "partition": partition,
            "framebuffer_offset": offset << 20, "framebuffer_size": size << 20,
            "compute_slices": slices})

    def add_attributes(self, folder, values, group="openvgpu"):
        """Files of a device: GPU, or GPU/UUID."""
        for name, value in values.items():
            self.write(f"sys/devices/pci0000:00/{folder}/{group}/{name}",
                       f"{value}\n")

    def refuse(self, bdf, kind, reason):
        """Makes create answer ENOSPC."""
        device = f"sys/devices/pci0000:00/{bdf}"
        create = f"{device}/mdev_supported_types/openvgpu-{kind}/create"
        os.unlink(self.path(create))
        os.symlink("/dev/full", self.path(create))
        self.write(f"{device}/openvgpu/last_error", reason)

    def create_file(self, bdf, kind):
        return (f"sys/devices/pci0000:00/{bdf}/mdev_supported_types/"
                f"openvgpu-{kind}/create")

    def contents(self):
        """All names and contents, to see that nothing changed."""
        everything = {}
        for folder, folders, files in os.walk(self.top):
            for name in folders + files:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    everything[path] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as file:
                        everything[path] = file.read()
                else:
                    everything[path] = None
        return everything


class Result:
    """How a run of the command ended."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __str__(self):
        return f"status {self.status}, out {self.out!r}, err {self.err!r}"


class CliTest(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(shutil.rmtree, self.machine.top)

    def fill(self):
        """Two GPUs, two vGPUs, one mdev of another driver."""
        machine = self.machine
        machine.add_gpu(GPU, {"1q": (1024, 1, 0), "256mq": (256, 4, 2)})
        machine.add_gpu(GPU2, {"256mq": (256, 4, 4), "2q": (2048, 1, 1)})
        for name in ("bind", "unbind", "new_id", "module"):
            machine.write(f"sys/bus/pci/drivers/openvgpu/{name}")
        machine.add_device(NIC, "e1000e")
        machine.add_vgpu(IDLE, GPU, "256mq")
        machine.add_vgpu(USED, GPU, "256mq", "open", 4242)
        machine.add_vgpu(FOREIGN, NIC, "type", prefix="other")

    def fill_divisible(self):
        """As fill(), but the second GPU is divisible."""
        self.fill()
        self.add_divisible()

    def add_divisible(self):
        """The second GPU becomes divisible, with an instance that has a closed vGPU,
        and an open vGPU in the pool."""
        machine = self.machine
        machine.add_types(GPU2, {
            "16mq": (16, 64, 32), "256mq": (256, 4, 1), "512mq": (512, 2, 0),
            "1-64mc": (64, 16, 8), "2-256mc": (256, 4, 2), "4-512mq": (512, 2, 0)})
        machine.divide(GPU2, pool=6)
        machine.write(f"sys/devices/pci0000:00/{GPU2}/openvgpu/why_unavailable",
                      "512mq: open vGPUs lie in the way\n"
                      "4-512mq: it needs 4 compute slices, the pool has 6\n")
        machine.add_instance(GPU2, 1, "train", "2g.256m", 0x03, 2, 2, members=1)
        machine.add_vgpu(INSIDE, GPU2, "2-256mc")
        machine.place_vgpu(INSIDE, GPU2, 1, 0, 256, 256, 2)
        machine.add_vgpu(PLAIN, GPU2, "16mq", "open", 4242)
        machine.place_vgpu(PLAIN, GPU2, 0, 1, 512, 16, 6)

    def environment(self, **more):
        """Of the command: its trees are the made-up ones."""
        return dict(os.environ, OPENVGPU_SYSFS=self.machine.path("sys"),
                    OPENVGPU_PROC=self.machine.path("proc"),
                    OPENVGPU_ROOT=self.machine.path("root"),
                    ASAN_OPTIONS="exitcode=97", LC_ALL="C.UTF-8", **more)

    def run_cli(self, *args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=None):
        done = subprocess.run([OPENVGPU, *args], stdin=stdin,
                              stdout=stdout, stderr=subprocess.PIPE,
                              env=dict(self.environment(), **(env or {})),
                              timeout=60, check=False)
        return self.check_result(args, Result(done.returncode, done.stdout,
                                              done.stderr))

    def check_result(self, args, result):
        """What holds for every run."""
        self.assertIn(result.status, range(8), f"{args}: {result}")
        # Nothing may reach a terminal but printable ASCII.
        controls = b"\t\n" if args[:1] == ("complete",) else b"\n"
        for text in (result.out or b"", result.err):
            self.assertFalse([c for c in text
                              if c not in controls and not 32 <= c < 127],
                             f"{args}: {result}")
        return result

    def expect(self, status, *args, err=None, **options):
        result = self.run_cli(*args, **options)
        self.assertEqual(result.status, status, f"{args}: {result}")
        if err is not None:
            self.assertIn(err.encode(), result.err, f"{args}: {result}")
        if status != OK and args[0] not in REPORTS:
            lines = result.err.decode().splitlines()
            self.assertTrue(lines, f"{args}: no reason given")
            self.assertTrue(all(len(line) < 1100 for line in lines), args)
            if "--json" not in args:
                self.assertEqual(result.out, b"", f"{args}: {result}")
        return result

    def expect_json(self, status, *args, err=None):
        result = self.expect(status, *args, "--json", err=err)
        value = json.loads(result.out)
        self.assertEqual(value["version"], 1, result)
        if status != OK and args[0] not in REPORTS:
            self.assertEqual(value["error"]["code"], status, result)
        return value

    def expect_unchanged(self, status, *args, err=None):
        before = self.machine.contents()
        result = self.expect(status, *args, err=err)
        self.assertEqual(self.machine.contents(), before, args)
        return result

    def run_json_utf8(self, *args):
        """JSON may hold text that no terminal should see."""
        done = subprocess.run([OPENVGPU, *args, "--json"], check=True,
                              capture_output=True, env=self.environment(),
                              timeout=60)
        return json.loads(done.stdout.decode("utf-8", "strict"))


def main():
    """Run the tests of the program that calls this."""
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - failed - skipped} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""), flush=True)
    sys.exit(1 if failed else 0)
