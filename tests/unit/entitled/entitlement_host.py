# SPDX-License-Identifier: GPL-2.0-only
"""entitlement_host.py - hosts of a test: made-up machines with the agent of quotas, and clocks"""
import json
import os
import struct
import subprocess
import tempfile
import unittest

from cli_fake_kernel import SOURCE as KERNEL
from cli_machine import GPU, OPENVGPU, VGPU_SETTINGS, Machine
from entitled_server import ServerTest, shutil

HERE = os.path.dirname(os.path.abspath(__file__))
CURL = shutil.which("curl")
OPENSSL = shutil.which("openssl")


class Clock:
    """Seconds that the clocks of programs with it are ahead: of the day, and since the start."""

    def __init__(self, path):
        self.path, self.today, self.uptime = path, 0, 0
        self.set()

    def set(self, today=None, uptime=None):
        self.today = self.today if today is None else today
        self.uptime = self.uptime if uptime is None else uptime
        # In place, since programs have it mapped.
        with open(self.path, "r+b" if os.path.exists(self.path) else "w+b") as file:
            file.write(struct.pack("=qq", self.today, self.uptime))

    def wait(self, seconds):
        """Time goes on."""
        self.set(self.today + seconds, self.uptime + seconds)


class Host:
    """A machine with vGPUs of tenants, its own clock, and its own root directory."""

    def __init__(self, test, name, machine=None):
        self.test, self.name, self.variables = test, name, {}
        self.machine = machine or Machine()
        if not machine:
            test.addCleanup(shutil.rmtree, self.machine.top)
            self.machine.add_gpu(GPU, {"256mq": (256, 64, 64)})
        self.root = test.path(f"host-{name}")
        for folder in ("usr/bin", "etc/openvgpu/entitlement", "var/lib/openvgpu", "proc"):
            os.makedirs(os.path.join(self.root, folder))
        self.program("curl", CURL)
        self.program("openssl", OPENSSL)
        self.clock = Clock(os.path.join(self.root, "clock"))
        self.boot("first")

    def write(self, name, text):
        with open(os.path.join(self.root, name), "w", encoding="ascii") as file:
            file.write(text)

    def program(self, name, target):
        path = os.path.join(self.root, "usr/bin", name)
        if os.path.lexists(path):
            os.unlink(path)
        if target:
            os.symlink(target, path)

    def script(self, name, text):
        """Instead of the program."""
        self.program(name, None)
        self.write(f"usr/bin/{name}", f"#!/bin/sh\n{text}\n")
        os.chmod(os.path.join(self.root, "usr/bin", name), 0o755)

    def boot(self, boot_id):
        os.makedirs(os.path.join(self.root, "proc/sys/kernel/random"), exist_ok=True)
        self.write("proc/sys/kernel/random/boot_id", boot_id + "\n")

    def configure(self, **settings):
        self.write("etc/openvgpu/config.yaml", "version: v1\nentitlement: %s\n" %
                   json.dumps({"host": self.name, **settings}))

    def give(self, token, pool="blue"):
        self.write(f"etc/openvgpu/entitlement/{pool}.tok", token + "\n")

    def token(self, pool="blue"):
        """The one that it has."""
        with open(os.path.join(self.root, f"etc/openvgpu/entitlement/{pool}.tok"), encoding="ascii") as file:
            return file.read().strip()

    # -------------------------------------------------------------- vGPUs

    def add(self, uuid, tenant="blue"):
        self.machine.add_vgpu(uuid, GPU, "256mq")
        self.machine.add_attributes(f"{GPU}/{uuid}", {**VGPU_SETTINGS, "tenant": tenant})
        self.open(uuid)

    def open(self, uuid, pid=4242):
        self.machine.write(f"proc/{pid}/comm", "qemu\n")
        self.machine.add_attributes(f"{GPU}/{uuid}", {"owner_pid": pid})

    def close(self, uuid):
        self.machine.add_attributes(f"{GPU}/{uuid}", {"owner_pid": 0})

    def attributes(self, uuid, **values):
        self.machine.add_attributes(f"{GPU}/{uuid}", values)

    def written(self, uuid, name):
        """When an attribute was."""
        return os.stat(self.machine.path(f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu/{name}")).st_mtime_ns

    def ceilings(self, uuid):
        """cap, frame rate, notice."""
        folder = f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu"
        cap, rate = (int(self.machine.read(f"{folder}/{name}")) for name in (
            "cap_ceiling_percent", "frame_rate_ceiling"))
        return cap, rate, self.notice(uuid)

    def word(self, uuid, name):
        """The one in force. Made-up attributes have what was written last."""
        text = self.machine.read(f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu/{name}").strip()
        return text.split("[")[1].split("]")[0] if "[" in text else text

    def notice(self, uuid):
        return self.word(uuid, "notice")

    def admission(self, uuid):
        return self.word(uuid, "admission")

    # ----------------------------------------------------------- the command

    def environment(self):
        return dict(os.environ, OPENVGPU_SYSFS=self.machine.path("sys"),
                    OPENVGPU_PROC=os.path.join(self.root, "proc"), OPENVGPU_ROOT=self.root,
                    LD_PRELOAD=self.test.library, FAKE_CLOCK=self.clock.path,
                    ASAN_OPTIONS="exitcode=97:verify_asan_link_order=0", LC_ALL="C.UTF-8", **self.variables)

    def run(self, *args):
        done = subprocess.run([OPENVGPU, "entitlement", *args], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment(), timeout=120, check=False)
        self.test.assertIn(done.returncode, range(8), f"{args}: {done}")
        return done

    def round(self):
        """The agent looks once; what it says."""
        done = self.run("agent", "--once")
        self.test.assertEqual(done.returncode, 0, done)
        return done.stderr

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def states(self):
        """{vGPU: (state, reason)}"""
        return {vgpu["uuid"]: (vgpu["state"], vgpu["reason"]) for vgpu in self.status()["vgpus"]}

    def seats(self):
        """{vGPU: id} of leases in its file."""
        return {seat["vgpu"]: seat["id"] for seat in self.saved()["seats"] if seat["id"]}

    def saved(self):
        """The file."""
        with open(os.path.join(self.root, "var/lib/openvgpu/entitlement.json"), encoding="ascii") as file:
            return json.load(file)


class AgentTest(ServerTest):
    """A server, and hosts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not CURL:
            raise unittest.SkipTest("the agent needs curl")
        # Tests run at the same time: each has its own.
        folder = tempfile.mkdtemp(prefix="openvgpu-clock.")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.library = os.path.join(folder, "fake_clock.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", cls.library,
                        os.path.join(HERE, "fake_clock.c"), KERNEL], check=True)

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.path("clock"))
        self.start()
        self.admin = self.token("*", "admin", "--days", "900")

    def start(self, *more, listen=None):
        """With the clock of the test, at the port that it had before."""
        return super().start(*more, listen=listen or f"127.0.0.1:{self.port or 0}", env=dict(
            os.environ, LD_PRELOAD=self.library, FAKE_CLOCK=self.clock.path,
            ASAN_OPTIONS="verify_asan_link_order=0"))

    def wait(self, seconds, *hosts):
        """Time goes on, everywhere; the server's clock, which nobody asks meanwhile, does not."""
        for host in hosts:
            host.clock.wait(seconds)
        self.clock.wait(seconds)

    def server_waits(self, seconds):
        """Its clock goes on, too, since it is asked."""
        while seconds > 0:
            self.clock.wait(min(seconds, 10))
            seconds -= 10
            self.expect(200, "GET", "/v1/usage", self.admin)

    def put(self, pool="blue", **limits):
        answer = self.ask("PUT", f"/v1/pools/{pool}", self.admin, limits)
        self.assertIn(answer.status, (200, 201), answer.text)

    def host(self, name="h1", pool="blue", machine=None, **settings):
        """A host with a token of its own."""
        host = Host(self, name, machine)
        host.configure(**settings)
        host.give(self.host_token(name, pool), pool)
        return host

    def host_token(self, name, pool="blue", *more, **how):
        return self.token(pool, "host", "--host", name, "--url", f"http://127.0.0.1:{self.port}", *more, **how)

    def leased(self, pool="blue"):
        """{(host, vGPU): id} as the server has it."""
        found, after = {}, None
        while True:
            page = self.expect(200, "GET", f"/v1/usage?pool={pool}" + (f"&after={after}" if after else ""),
                               self.admin).json
            found.update({(lease["host"], lease["vgpu"]): lease["id"] for lease in page["leases"]})
            after = page.get("next")
            if not after:
                return found
