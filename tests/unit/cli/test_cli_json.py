#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""doc/json.md against what the command prints: every key that is printed is
described, with its type, and every key that is described is printed."""

import base64
import json
import os
import re
import socket
import struct
import subprocess
import sys

from cli_hello import hello, payload, record
from cli_machine import (
    BUSY, FAILURE, GPU, GPU2, GPU_SETTINGS, IDLE, INCOMPATIBLE, INSIDE, NEW, NIC, NOT_FOUND, NO_CAPACITY,
    OK, OPENVGPU, RELEASE, USED, VGPU_SETTINGS, CliTest, main)
from tree import read

AWAY = "0000:05:00.0"
RESOURCE = "0x10 0x1f 0x40200\n" + 6 * "0x0 0x0 0x0\n"
TYPES = {str: "string", bool: "boolean", int: "number", float: "number",
         type(None): "null"}
# Objects whose keys are names of files, settings or labels.
OPEN = ("attributes", "stats", "set", "labels", "settings", "vgpu-devices",
        "output")

# Of these the values are objects; lists of the same name have no names.
NAMED = ("instances",)


def flatten(value, path=""):
    """(path, type) of all that is in a JSON value."""
    if isinstance(value, dict):
        for key, more in value.items():
            name = "*" if path.split(".")[-1] in OPEN + NAMED * isinstance(more, dict) \
                else key
            yield from flatten(more, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for more in value:
            yield from flatten(more, path + "[]")
    else:
        yield path, TYPES[type(value)]


def document():
    """{command: {path: set of types}} of doc/json.md. A row may say that a value
    is "as `COMMAND`" or "as `COMMAND` `PATH`" of rows before it."""
    commands, command = {}, None
    for line in read("doc/json.md").splitlines():
        match = re.match(r"## (?:`(.*)`)?", line)
        if match:
            command = commands.setdefault(match[1], {}) if match[1] else None
        match = re.match(r"\| `(.*?)` \| (.*?) \|", line)
        if not match or command is None:
            continue
        path, kind = match.groups()
        same = re.fullmatch(r"as `(.*?)`(?: `(.*)`)?", kind)
        if not same:
            command[path] = set(kind.split(" or "))
            continue
        for other, kinds in list(commands[same[1]].items()):
            if not same[2]:
                command[other] = kinds
            elif other.startswith(same[2] + "."):
                command[path + other[len(same[2]):]] = kinds
    return commands


class Json(CliTest):
    """Runs in a network namespace of its own, for openvgpu events."""

    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, {
                **GPU_SETTINGS, "state": "up", "framebuffer_total": 4 << 30,
                "framebuffer_free": 1 << 30, "family": "refgpu",
                "max_vgpus": 16})
            self.machine.write(
                f"sys/kernel/debug/openvgpu/{bdf}/switches",
                "# TIME_NS RUNQUEUE PARTITION UUID REASON QUANTUM_NS RUN_NS "
                "SWITCH_NS WAIT_NS\n"
                f"1000000000 0 3 {USED} quantum 2083333 2090000 50000 6249000\n"
                "1002083333 0 - - slot 2083333 2083333 0 0\n")
        for uuid in (IDLE, USED):
            folder = f"{GPU}/{uuid}"
            self.machine.add_attributes(folder, {
                **VGPU_SETTINGS, "framebuffer_size": 1 << 28,
                "framebuffer_used": 4096, "sched_state": "idle",
                "guest_driver": "0.2.0 1.0-1.2 ok" if uuid == USED else "none",
                "last_fault": 2, "last_reset_reason": "2 run timeout",
                **({"tenant": "42", "notice": "none [grace] limited"} if uuid == USED else {})})
            self.machine.add_attributes(folder, dict.fromkeys((
                "busy_ns", "resident_ns", "wait_ns", "switches", "switch_ns",
                "preempt_max_ns", "run_ns", "slices", "preemptions",
                "overrun_ns", "debt_ns", "idle_ns", "wait_max_ns", "resets",
                "faults"), 12), "stats")
            self.machine.add_attributes(
                folder, {"wait_histogram": " ".join(["3"] * 32)}, "stats")
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/serial",
                           "0123456789abcdef\n")
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/resource", RESOURCE)
        self.machine.write("root/run/there")
        self.machine.write("proc/4242/cmdline", f"qemu\0-name\0guest=a\0-uuid\0{NEW}\0")
        self.hand_over()

    def hand_over(self):
        """A third GPU is vfio-pci's; the second one could be."""
        machine = self.machine
        machine.write("proc/sys/kernel/osrelease", RELEASE + "\n")
        machine.write(f"root/lib/modules/{RELEASE}/modules.alias",
                      "alias pci:v00001B36d00000100sv* openvgpu\n")
        device = machine.add_device(AWAY, "vfio-pci", "pci:v00001B36d00000100sv")
        machine.write(f"{device}/driver_override", "vfio-pci\n")
        for number, bdf in ((11, AWAY), (12, GPU2)):
            group = f"sys/kernel/iommu_groups/{number}"
            for member in (bdf, NIC):
                machine.link(f"{group}/devices/{member}", f"sys/devices/pci0000:00/{member}")
            machine.link(f"sys/devices/pci0000:00/{bdf}/iommu_group", group)

    def config(self, text):
        self.machine.write("config.yaml", "version: v1\nvgpu-configs:\n"
                           "  default:\n    - devices: [0]\n      " + text)
        return self.machine.path("config.yaml")

    def event_lines(self):
        """What openvgpu events prints of two events."""
        process = subprocess.Popen(
            [OPENVGPU, "events", "--json"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertIn(b"following", process.stderr.readline())
        path = f"/devices/pci0000:00/{GPU}/{USED}"
        for words in (["create"], ["open", "OPENVGPU_PID=7"],
                      ["fault", "OPENVGPU_FAULT=2",
                       "OPENVGPU_FAULT_NAME=run timeout"],
                      ["notice", "OPENVGPU_TENANT=42", "OPENVGPU_NOTICE=grace"],
                      ["instance-create", "OPENVGPU_INSTANCE=3",
                       "OPENVGPU_INSTANCE_NAME=train"]):
            if "instance" in words[0]:
                path = path[:-len(USED) - 1]
            data = b"\0".join(word.encode() for word in [
                f"change@{path}", "ACTION=change", f"DEVPATH={path}",
                "SUBSYSTEM=mdev", f"OPENVGPU_EVENT={words[0]}",
                "OPENVGPU_TYPE=openvgpu-1q", f"OPENVGPU_GPU={GPU}",
                *words[1:], "SEQNUM=1"]) + b"\0"
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15) as sender:
                sender.sendto(struct.pack("=IHHII", 16 + len(data), 16, 1, 0, 0) +
                              data, (0, 0))
            yield json.loads(process.stdout.readline())

    def migration(self):
        """What is printed of two vGPUs, the second of which is another one every time."""
        machine, ends = self.machine, (USED, NEW)
        machine.add_vgpu(NEW, GPU, "256mq", pid=4242)
        machine.add_attributes(GPU, {"dma_logging": 0})
        for uuid in ends:
            machine.add_attributes(f"{GPU}/{uuid}", {
                "migration_hello": hello(uuid=uuid), "migration": "[auto] off"})
        values = {"migration describe": [self.expect_json(OK, "migration", "describe", USED)],
                  "migration check": [self.expect_json(OK, "migration", "check", *ends)]}
        machine.add_attributes(f"{GPU}/{NEW}", {"migration_hello": hello(
            uuid=NEW, interface=0, heads=1)})
        values["migration check"].append(
            self.expect_json(INCOMPATIBLE, "migration", "check", *ends))
        os.unlink(machine.path(f"sys/devices/pci0000:00/{GPU}/openvgpu/dma_logging"))
        os.unlink(machine.path(f"sys/devices/pci0000:00/{GPU}/{NEW}/openvgpu/migration"))
        values["migration describe"].append(self.expect_json(OK, "migration", "describe", NEW))
        machine.write("newer.json", json.dumps({"migration": {"record": record(
            payload(), version=0x200)}}))
        values["migration check"].append(self.expect_json(
            INCOMPATIBLE, "migration", "check", machine.path("newer.json"), USED))
        return values

    def no_gpu(self, command, status):
        """What it says of a machine without the driver."""
        folder = self.machine.path("sys/bus/pci/drivers/openvgpu")
        os.rename(folder, folder + ".away")
        value = self.expect_json(status, command)
        os.rename(folder + ".away", folder)
        return value

    def fleet(self):
        """What two machines say that are this one, of which one does not answer."""
        self.machine.write("fleet", "here\naway\n")
        self.machine.write("bin/ssh", "#!/bin/sh\nwhile [ $1 != -- ]; do shift; done\n"
                           f"[ $2 = here ] && exec {OPENVGPU} stats start fleet --json\nexit 255\n")
        os.chmod(self.machine.path("bin/ssh"), 0o755)
        done = subprocess.run(
            [OPENVGPU, "fleet", "--hosts", self.machine.path("fleet"), "--json", "stats", "start",
             "x"], check=False, capture_output=True, env=dict(
                 self.environment(), PATH=self.machine.path("bin") + ":" + os.environ["PATH"]))
        self.assertEqual(done.returncode, FAILURE, done)
        return json.loads(done.stdout)

    def job(self, gone):
        """What stats stop says when one vGPU is gone, and one counts nothing."""
        path = "root/run/openvgpu/stats/job"
        self.machine.write(path, self.machine.read(path).replace(IDLE, gone))
        folder = self.machine.path(f"sys/devices/pci0000:00/{GPU}/{IDLE}/stats")
        os.rename(folder, folder + ".away")
        value = self.expect_json(OK, "stats", "stop", "job")
        os.rename(folder + ".away", folder)
        return value

    def printed(self):
        """{command: values it printed}."""
        self.fill()
        values = {
            "list": [self.expect_json(OK, "list")],
            "types": [self.expect_json(OK, "types")],
            "show": [self.expect_json(OK, "show"),
                     self.expect_json(OK, "show", USED),
                     self.expect_json(OK, "show", USED, "--qemu"),
                     self.expect_json(OK, "show", USED, "--libvirt")],
            "top": [self.expect_json(OK, "top", "--interval", "50")],
            "sched show": [self.expect_json(OK, "sched", "show"),
                           self.expect_json(OK, "sched", "show", USED)],
            "sched log": [self.expect_json(OK, "sched", "log")],
            "doctor": [self.expect_json(FAILURE, "doctor")],
            "health": [self.expect_json(OK, "health"), self.no_gpu("health", OK)],
            "diag": [self.expect_json(FAILURE, "diag"), self.no_gpu("diag", FAILURE)],
            "metrics": [self.expect_json(OK, "metrics")],
            "events": list(self.event_lines()),
            "assert": [
                self.expect_json(FAILURE, "assert",
                                 self.config("settings: {fault_limit: 4}\n")),
                self.expect_json(OK, "assert", self.config("settings: {}\n"))],
            "apply": [
                self.expect_json(OK, "apply", self.config(
                    "settings: {fault_limit: 5}\n"
                    "      vgpu-devices:\n        1q: 1\n        256mq: 1\n")),
                self.expect_json(BUSY, "apply",
                                 self.config("vgpu-devices: {}\n"))],
            "export": [self.expect_json(OK, "export")],
            "gpu hand-over": [self.expect_json(OK, "gpu", "hand-over", bdf, "--to",
                                               "vfio-pci", "--dry-run")
                              for bdf in (GPU2, AWAY)],
            "gpu take-back": [self.expect_json(OK, "gpu", "take-back", AWAY,
                                               "--dry-run")],
            **self.entitlement(),
            "stats start": [self.expect_json(OK, "stats", "start", "job")],
            "stats stop": [self.job(NEW)],
            "fleet": [self.fleet()],
            "create": [self.expect_json(OK, "create", "2q", "--uuid", NEW)],
            "remove": [self.expect_json(OK, "remove", IDLE)],
            "set": [self.expect_json(OK, "set", IDLE, "weight=3",
                                     "display=off")],
            "settings": [self.expect_json(OK, "settings")],
            "mode show": [self.expect_json(OK, "mode", "show")],
            "mode set": [
                self.expect_json(OK, "mode", "set", "compute", "--gpu", GPU2),
                self.expect_json(BUSY, "mode", "set", "compute", "--gpu", GPU)],
            "sched set": [self.expect_json(OK, "sched", "set", "--gpu", GPU,
                                           "fault_limit=4",
                                           "scheduler=equal_share"),
                          self.expect_json(OK, "sched", "set", USED,
                                           "weight=3")],
        }
        # Of three the second is refused.
        file = self.machine.path(
            f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/cap_percent")
        os.unlink(file)
        os.symlink("/dev/full", file)
        args = ["set", USED, "weight=4", "cap_percent=5", "timeslice_us=100"]
        values["set"].append(self.expect_json(NO_CAPACITY, *args))
        values["sched set"].append(self.expect_json(NO_CAPACITY, "sched", *args))
        self.machine.refuse(GPU, "1q", f"vGPU {NEW} not created: no block\n")
        self.machine.write(f"root/etc/mdevctl.d/{GPU}/{NEW}",
                           '{"mdev_type": "openvgpu-1q", "start": "auto"}')
        self.machine.write(f"root/etc/mdevctl.d/{GPU}/{USED}",
                           '{"mdev_type": "openvgpu-256mq", "start": "auto"}')
        values["restore"] = [self.expect_json(FAILURE, "restore",
                                              err="could not be restored")]
        self.add_divisible()
        machine = self.machine
        for key in ("list", "types", "show", "metrics"):
            values[key].append(self.expect_json(OK, key))
        values["top"].append(self.expect_json(OK, "top", "--interval", "50"))
        for words in (["set"], ["sched", "set"]):
            values[" ".join(words)].append(self.expect_json(
                OK, *words, f"{GPU2}/train", "timeslice_us=3000"))
        machine.add_instance(GPU2, 1, "train", "2g.256m", 3, 2, 2, 1, **{
            name: GPU_SETTINGS[name] for name in (
                "wake_budget_permille", "averaging_factor", "preempt_timeout_us",
                "fault_limit", "fault_window_s")})
        machine.add_attributes(GPU2, {"scheduler": GPU_SETTINGS["scheduler"]})
        values["export"].append(self.expect_json(OK, "export"))
        values["apply"].append(self.expect_json(
            OK, "apply", "--dry-run", "--gpu", GPU2, self.config(
                "settings: {}\n    - devices: [1]\n"
                "      instances: {train: {profile: 2g}, a: {profile: 1g}}")))
        values["instance list"] = [self.expect_json(OK, "instance", "list")]
        values["instance profiles"] = [self.expect_json(OK, "instance", "profiles")]
        values["instance create"] = [self.expect_json(
            OK, "instance", "create", "1g", "--name", "train")]
        values["instance plan"] = [self.expect_json(OK, "instance", "plan", "4g 1g")]
        machine.add_attributes(f"{GPU2}/{INSIDE}", {"owner_pid": 4242})
        values["instance plan"].append(
            self.expect_json(NO_CAPACITY, "instance", "plan", "4g"))
        machine.add_queue(GPU2, 1, 5, "train.5", "1c.2g.256m", 0x02, 2, 2)
        values["export"].append(self.expect_json(OK, "export"))
        machine.add_instance(GPU2, 2, "empty", "1g.128m", 4, 0, 1, timeslice_us="x",
                             scheduler="", busy_ns="", idle_ns="")
        values["instance list"].append(self.expect_json(OK, "instance", "list"))
        values["instance remove"] = [self.expect_json(OK, "instance", "remove", "empty")]
        values["any failure"] = [
            self.expect_json(NOT_FOUND, "show", NEW),
            self.expect_json(NO_CAPACITY, "create", "1q", "--gpu", GPU)]
        values.update(self.migration())
        return values

    def entitlement(self):
        """Of a server that is this test: one vGPU has a seat, borrows it and gives it back."""
        claims = {"iss": "openvgpu-entitled", "scope": "host", "pool": "blue", "exp": 1 << 33,
                  "urls": ["http://127.0.0.1:1"]}
        texts = {"online": claims, "local": {**claims, "pool": "red", "host": "h1", "urls": [], "vgpus": 2},
                 "root/etc/openvgpu/entitlement/green.tok": {**claims, "pool": "green", "host": "h2"}}
        for name, what in texts.items():
            body = base64.urlsafe_b64encode(json.dumps(what).encode()).rstrip(b"=").decode()
            self.machine.write(name, f"e30.{body}.AAAA")
        root = "root/var/lib/openvgpu/entitlement.json"
        os.makedirs(self.machine.path("root/var/lib"), exist_ok=True)
        os.makedirs(self.machine.path("root/usr/bin"), exist_ok=True)
        lease = {"id": "0" * 32, "expires_in": 30 * 86400, "renew_in": 28800}
        self.machine.write("root/usr/bin/curl", "#!/bin/sh\n" + "".join(
            f"echo '{json.dumps(lease)}'\necho '@@ 200 '\n" for _ in range(4)))
        os.chmod(self.machine.path("root/usr/bin/curl"), 0o755)
        self.machine.write("root/etc/openvgpu/config.yaml", "version: v1\nentitlement: {host: h1}\n")
        self.machine.add_attributes(f"{GPU}/{USED}", {"tenant": "blue"})
        values = {"entitlement import": [self.expect_json(
            OK, "entitlement", "import", *map(self.machine.path, ("online", "local")))]}
        self.machine.write("root/etc/openvgpu/entitlement/token.pub", "no key")
        borrowed = self.expect_json(OK, "entitlement", "borrow", USED, "--days", "30")
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"tenant": "red", "owner_pid": 4242})
        self.expect(OK, "entitlement", "agent", "--once")
        values["entitlement status"] = [self.expect_json(NO_CAPACITY, "entitlement", "status")]
        self.assertEqual(values["entitlement status"][0]["vgpus"][0]["state"], "leased")
        returned = self.expect_json(OK, "entitlement", "return", USED)
        self.assertFalse(returned["vgpu"]["borrowed_days"])
        # Closed: nobody needs the seat any more.
        self.expect_json(OK, "entitlement", "borrow", USED, "--days", "30")
        self.machine.add_attributes(f"{GPU}/{USED}", {"owner_pid": 0})
        values["entitlement return"] = [self.expect_json(OK, "entitlement", "return", USED)]
        refused = json.loads(self.machine.read(root))
        self.assertEqual([seat["reason"] for seat in refused["seats"]], ["token-forged"])
        for name in ("config.yaml", "entitlement/blue.tok", "entitlement/red.tok", "entitlement/green.tok"):
            os.unlink(self.machine.path(f"root/etc/openvgpu/{name}"))
        self.machine.add_attributes(f"{GPU}/{USED}", {"tenant": "none", "owner_pid": 4242})
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"tenant": "none", "owner_pid": 0})
        values["entitlement borrow"] = [borrowed]
        return values

    def test_document(self):
        documented = document()
        printed = self.printed()
        out = self.expect(OK, "--help").out.decode()
        names = set(re.findall(r"^  ((?:sched|gpu|instance|migration|mode|stats|entitlement) [\w-]+|\w+) .*$",
                               out.split("Commands:\n")[1].split("\n\n")[0],
                               re.MULTILINE))
        self.assertEqual(names, set(printed) - {"any failure"},
                         "commands of --help, and those tried here")
        self.assertEqual(set(documented), set(printed), "commands in json.md")
        failure = documented["any failure"]
        for command, values in printed.items():
            described = documented[command]
            seen = {}
            for value in values:
                for path, kind in flatten(value):
                    if path in described or path not in failure:
                        seen.setdefault(path, set()).add(kind)
            for path, kinds in sorted(seen.items()):
                self.assertIn(path, described, f"{command}: not in json.md")
                self.assertLessEqual(kinds, described[path],
                                     f"{command}: {path}")
            missing = set(described) - set(seen)
            self.assertFalse(missing, f"{command}: in json.md, not printed")


if __name__ == "__main__":
    if "OPENVGPU_TEST_NAMESPACE" not in os.environ:
        # Events come from the network namespace the program runs in.
        os.environ["OPENVGPU_TEST_NAMESPACE"] = "own"
        os.execvp("unshare", ["unshare",
                              *([] if os.geteuid() == 0 else ["-r"]), "-n",
                              sys.executable, *sys.argv])
    main()
