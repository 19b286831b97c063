# SPDX-License-Identifier: GPL-2.0-only
"""The made-up machine of the unit tests, as the tests of the page in the browser have it:
what the kernel does when `openvgpu` has written to its sysfs is done here, afterwards."""

import os
import shutil
import socket
import struct
import threading
import time

import cli_machine
from cli_fake_kernel import FakeKernel
from cli_machine import GPU, GPU2, GPU_SETTINGS, IDLE, INSIDE, PLAIN, USED, VGPU_SETTINGS

COUNTERS = ("busy_ns", "resident_ns", "wait_ns", "switches", "faults", "resets", "violations",
            "memory_refused", "wait_max_ns")


class WebMachine(FakeKernel, cli_machine.CliTest):
    """Two GPUs, the second divisible, and four vGPUs; a VM has two of these open."""

    def __init__(self):
        super().__init__()
        self.setUpClass()
        self.setUp()
        # Of those who change it: the thread that works, and tests.
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.sender = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)

    def runTest(self):
        """It is no test, only a machine."""

    def fill_web(self):
        self.fill_divisible()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {
                **GPU_SETTINGS, "state": "up", "hand_over": 0, "family": "refgpu",
                "framebuffer_total": 1 << 30, "framebuffer_free": 1 << 29, "max_vgpus": 16})
            with_settings = {GPU: (IDLE, USED), GPU2: (INSIDE, PLAIN)}[bdf]
            for uuid in with_settings:
                self.fill_vgpu(bdf, uuid)
        self.machine.add_attributes(f"{GPU}/{USED}", {"framebuffer_used": 64 << 20})
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/why_unavailable",
                           "1q: no 1024 MiB block is free\n")
        self.machine.write("proc/4242/cmdline",
                           f"qemu\0-name\0guest=build-server\0-uuid\0{cli_machine.NEW}\0")

    def fill_vgpu(self, bdf, uuid):
        self.machine.add_attributes(f"{bdf}/{uuid}", {
            **VGPU_SETTINGS, "framebuffer_size": 256 << 20, "framebuffer_used": 0,
            "sched_state": "idle", "guest_driver": "none", "last_fault": 0,
            "last_reset_reason": "0 none"})
        self.machine.add_attributes(f"{bdf}/{uuid}", dict.fromkeys(COUNTERS, 0), "stats")

    def work(self):
        """One vGPU computes for ever: 40 % of the time, and waits for 10 %."""
        began = time.monotonic_ns()
        while not self.ended.wait(0.05):
            passed = time.monotonic_ns() - began
            for name, percent in (("busy_ns", 40), ("resident_ns", 40), ("wait_ns", 10)):
                self.count(name, passed * percent // 100)

    def count(self, name, value):
        """A counter of that vGPU; nobody reads half of a number."""
        path = self.machine.path(f"{self.device(GPU)}/{USED}/stats/{name}")
        with self.lock:
            if not os.path.exists(path):
                return
            with open(path + ".new", "w", encoding="ascii") as file:
                file.write(f"{value}\n")
            os.replace(path + ".new", path)

    def end(self):
        """Nobody changes it any more."""
        self.ended.set()
        with self.lock:
            self.doCleanups()
            self.doClassCleanups()

    def device(self, name):
        return f"sys/devices/pci0000:00/{name}"

    def event(self, uuid, event, gpu, *more):
        """The kernel passes it on as its own."""
        path = f"/devices/pci0000:00/{gpu}/{uuid}"
        data = "\0".join((f"change@{path}", "ACTION=change", f"DEVPATH={path}", "SUBSYSTEM=mdev",
                          f"OPENVGPU_EVENT={event}", "OPENVGPU_TYPE=openvgpu-256mq",
                          f"OPENVGPU_GPU={gpu}", *more, "")).encode()
        self.sender.sendto(struct.pack("=IHHII", 16 + len(data), 16, 1, 0, 0) + data, (0, 0))

    # ------------------------------------------------- what the kernel would do

    def after(self, argv):
        """After a run of the command: what its writes do."""
        self.created()
        self.removed()
        self.chosen(argv)

    def files(self, name):
        """Files of that name that something was written to, and their contents."""
        for folder, _, names in list(os.walk(self.machine.path("sys/devices"))):
            path = os.path.join(folder, name)
            if name not in names or os.path.islink(path):
                continue
            with open(path, encoding="ascii") as file:
                text = file.read().strip()
            os.truncate(path, 0)
            if text:
                yield os.path.relpath(folder, self.machine.top), text

    def created(self):
        for folder, text in self.files("create"):
            gpu = folder.split("/")[3]
            if os.path.basename(folder) == "instances":
                self.created_instance(gpu, text)
                continue
            kind = os.path.basename(folder).removeprefix("openvgpu-")
            self.appear(text, gpu, kind)
            left = f"{folder}/available_instances"
            self.machine.write(left, f"{int(self.machine.read(left)) - 1}\n")

    def appear(self, uuid, gpu, kind, told=True):
        self.machine.add_vgpu(uuid, gpu, kind)
        self.fill_vgpu(gpu, uuid)
        if told:
            self.event(uuid, "create", gpu)

    def created_instance(self, gpu, text):
        profile, name, *_ = (*text.split(), "gi2")
        slices = int(profile.split("g")[0])
        self.machine.add_instance(gpu, 2, name, profile, ((1 << slices) - 1) << 2, 4, slices)

    def removed(self):
        for folder, _ in self.files("remove"):
            if "/instances/" in folder:
                shutil.rmtree(self.machine.path(folder))
            else:
                self.vanish(os.path.basename(folder))

    def vanish(self, uuid):
        link = self.machine.path(f"sys/bus/mdev/devices/{uuid}")
        folder = os.path.realpath(link)
        gpu = os.path.basename(os.path.dirname(folder))
        self.leave_instance(folder, gpu)
        os.unlink(link)
        shutil.rmtree(folder)
        self.event(uuid, "remove", gpu)

    def leave_instance(self, folder, gpu):
        place = os.path.join(folder, "openvgpu/instance")
        if not os.path.exists(place):
            return
        with open(place, encoding="ascii") as file:
            number = int(file.read())
        if number:
            members = f"{self.device(gpu)}/instances/{number}/members"
            self.machine.write(members, f"{int(self.machine.read(members)) - 1}\n")

    def chosen(self, argv):
        """A choice is written as one word, and read with all beside it."""
        if "set" not in argv:
            return
        for word in argv:
            name, _, value = word.partition("=")
            words = {**GPU_SETTINGS, **VGPU_SETTINGS}.get(name)
            if not isinstance(words, str) or "[" not in words:
                continue
            text = " ".join(f"[{one}]" if one == value else one
                            for one in words.replace("[", "").replace("]", "").split())
            for folder, _, names in os.walk(self.machine.path("sys/devices")):
                path = os.path.join(folder, name)
                if name in names and open(path, encoding="ascii").read().strip() == value:
                    self.machine.write(os.path.relpath(path, self.machine.top), text + "\n")


def empty():
    """A machine without a GPU."""
    machine = WebMachine()
    machine.machine.write("sys/bus/pci/drivers/openvgpu/bind")
    return machine


def full():
    machine = WebMachine()
    machine.fill_web()
    threading.Thread(target=machine.work, daemon=True).start()
    return machine


SCENES = {"full": full, "empty": empty}
