#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu restore on made-up trees: with mdevctl's definitions, with a stand-in
for mdevctl and without one, twice, twice at once, and with files that nobody
could use."""

import fcntl
import json
import os
import subprocess

from cli_machine import (
    FAILURE, FOREIGN, GPU, GPU2, IDLE, NEW, NIC, NOT_FOUND, OK, OPENVGPU, USAGE,
    USED, CliTest, main)

OTHER = "77777777-7777-4777-8777-777777777777"

# Writes down what it is asked for, and creates a vGPU if $TEST_CREATES names
# its folder.
MDEVCTL = """#!/bin/sh
echo "$*" >>"$TEST_LOG"
if [ "$TEST_CREATES" ]; then
	/bin/mv "$TEST_CREATES/hidden" "$TEST_CREATES/mdev_type"
fi
[ -z "$TEST_SAYS" ] || printf '%b' "$TEST_SAYS" >&2
exit "${TEST_STATUS:-0}"
"""


class Restore(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        self.machine.write("root/run/there")
        # No mdevctl but the tests' own.
        os.makedirs(self.machine.path("bin"))

    def environment(self, **more):
        return super().environment(PATH=self.machine.path("bin"), **more)

    def define(self, uuid, kind, attrs=(), start="auto", gpu=GPU):
        text = {"mdev_type": "openvgpu-" + kind, "start": start,
                "attrs": [{name: value} for name, value in attrs]}
        self.machine.write(f"root/etc/mdevctl.d/{gpu}/{uuid}",
                           json.dumps(text, indent=2))

    def define_raw(self, uuid, text, gpu=GPU):
        self.machine.write(f"root/etc/mdevctl.d/{gpu}/{uuid}", text)

    def created(self, kind, gpu=GPU):
        return self.machine.read(self.machine.create_file(gpu, kind))

    def prepare(self, uuid, **values):
        """What the driver makes for a new vGPU; a file for create can't."""
        at = f"sys/devices/pci0000:00/{GPU}/{uuid}"
        for name, value in dict({"weight": "100\n"}, **values).items():
            self.machine.write(f"{at}/openvgpu/{name}", value)
        self.machine.write(f"{at}/remove")
        self.machine.link(f"sys/bus/mdev/devices/{uuid}", at)
        return at

    def add_mdevctl(self):
        self.machine.write("bin/mdevctl", MDEVCTL)
        os.chmod(self.machine.path("bin/mdevctl"), 0o755)
        self.log = self.machine.path("log")
        return {"TEST_LOG": self.log}

    def calls(self):
        with open(self.log, encoding="ascii") as log:
            return log.read().splitlines()

    # ------------------------------------------------------- without mdevctl

    def test_nothing_defined(self):
        result = self.expect(OK, "restore")
        self.assertEqual(result.out, b"")
        self.assertIn(b"0 vGPUs started, 0 were there already", result.err)

    def unload(self):
        os.rename(self.machine.path("sys/bus/pci/drivers/openvgpu"),
                  self.machine.path("gone"))

    def test_module_not_loaded(self):
        """Nobody wanted anything, or it is said what is missing and why."""
        self.unload()
        self.machine.write("proc/sys/kernel/osrelease", "6.12.1-amd64\n")
        self.machine.write("root/usr/src/openvgpu-0.2.0/dkms.conf")
        self.machine.write("root/etc/os-release", "ID=debian\n")
        self.define(FOREIGN, "256mq", start="manual")
        self.define_raw(USED, '{"mdev_type":"other-1","start":"auto"}', NIC)
        self.expect(OK, "restore")
        self.define(NEW, "256mq")
        result = self.expect(FAILURE, "restore", err=f"vGPU {NEW}, type openvgpu-256mq of GPU "
                             f"{GPU} is not there: the module openvgpu is not loaded")
        self.assertIn(b"DKMS has not built openvgpu for Linux 6.12.1-amd64, whose headers are "
                      b"not installed: apt install linux-headers-6.12.1-amd64 && dkms "
                      b"autoinstall -k 6.12.1-amd64 && modprobe openvgpu", result.err)
        self.assertIn(b"1 vGPU could not be restored", result.err)
        self.assertEqual(self.expect_json(FAILURE, "restore")["vgpus"][0]["result"], "failed")
        self.expect(NOT_FOUND, "restore", GPU, err=f"no GPU {GPU} is bound")
        os.unlink(self.machine.path(f"root/etc/mdevctl.d/{GPU}/{NEW}"))
        self.configure("# nothing yet\n")
        self.expect(OK, "restore")
        self.configure("version: v1\nvgpu-configs:\n  default:\n    - devices: all\n")
        result = self.expect(FAILURE, "restore", err="config.yaml is not in force: openvgpu: "
                             "no GPU is bound to the driver openvgpu")
        self.assertIn(b"apt install linux-headers-6.12.1-amd64", result.err)

    def test_gpu_got_another_address(self):
        self.define(NEW, "256mq", gpu="0000:99:00.0")
        self.define(IDLE, "256mq")
        result = self.run_cli("restore")
        self.assertEqual(result.status, FAILURE, result)
        self.assertIn(f"vGPU {NEW}, type openvgpu-256mq of GPU 0000:99:00.0 is not there: there "
                      "is no such GPU; 'openvgpu doctor' tells how to move", result.err.decode())
        self.assertIn(f"{IDLE} openvgpu-256mq: present", result.out.decode())
        self.expect(OK, "restore", GPU)
        # What has its address now is not a GPU of ours.
        folder = self.machine.path("root/etc/mdevctl.d")
        os.rename(f"{folder}/0000:99:00.0", f"{folder}/{NIC}")
        self.assertIn(b"that device is not bound to openvgpu", self.run_cli("restore").err)

    def test_bad_argument(self):
        self.expect_unchanged(USAGE, "restore", "../x", err="is not a PCI address")
        self.expect_unchanged(NOT_FOUND, "restore", NIC, err=f"no GPU {NIC} is bound")
        self.expect_unchanged(USAGE, "restore", GPU, GPU2, err="one argument too many")

    def test_starts(self):
        at = self.prepare(NEW, cap_percent="100\n")
        self.define(NEW, "256mq", [("openvgpu/weight", "300"),
                                   ("openvgpu/cap_percent", "50")])
        result = self.expect(OK, "restore", GPU)
        self.assertEqual(result.out.decode(), f"{NEW} openvgpu-256mq: started\n")
        self.assertEqual(self.created("256mq"), NEW)
        self.assertEqual(self.machine.read(f"{at}/openvgpu/weight").strip(), "300")
        self.assertEqual(self.machine.read(f"{at}/openvgpu/cap_percent")[:2], "50")
        self.assertEqual(self.machine.read(f"{at}/remove"), "")

    def test_manual_stays_away(self):
        self.define(NEW, "256mq", start="manual")
        self.expect(OK, "restore")
        self.assertEqual(self.created("256mq"), "")

    def test_other_gpu_stays_as_it_is(self):
        self.define(NEW, "256mq", gpu=GPU2)
        self.expect(OK, "restore", GPU)
        self.assertEqual(self.created("256mq", GPU2), "")
        self.expect(OK, "restore")
        self.assertEqual(self.created("256mq", GPU2), NEW)

    def test_there_already(self):
        self.define(IDLE, "256mq", [("openvgpu/weight", "300")])
        self.expect(OK, "restore")    # makes the lock file
        self.expect_unchanged(OK, "restore")
        self.assertEqual(self.expect_json(OK, "restore")["vgpus"],
                         [{"uuid": IDLE, "gpu": GPU, "type": "openvgpu-256mq",
                           "result": "present"}])

    def test_there_as_something_else(self):
        self.define(IDLE, "1q")
        self.expect(FAILURE, "restore",
                    err=f"vGPU {IDLE}, type openvgpu-1q of GPU {GPU} is not there: "
                    f"it exists on GPU {GPU} with type openvgpu-256mq")

    def test_refused(self):
        self.machine.refuse(GPU, "1q", f"vGPU {NEW} not created: no room\n")
        self.define(NEW, "1q")
        self.define(OTHER, "256mq")
        result = self.run_cli("restore")
        self.assertEqual(result.status, FAILURE, result)
        self.assertIn(f"vGPU {NEW}, type openvgpu-1q of GPU {GPU} is not there: "
                      f"vGPU {NEW} not created: no room".encode(), result.err)
        # The others are started all the same.
        self.assertEqual(self.created("256mq"), OTHER)
        answer = self.expect_json(FAILURE, "restore")
        self.assertEqual({v["uuid"]: v["result"] for v in answer["vgpus"]},
                         {NEW: "failed", OTHER: "started"})

    def test_no_such_type(self):
        self.define(NEW, "9q")
        self.expect(FAILURE, "restore", err="the GPU does not have its type")
        self.define_raw(NEW, '{"mdev_type":"nvidia-63","start":"auto"}')
        self.expect(FAILURE, "restore", err="'nvidia-63' is not a type of OpenVGPU")

    def test_setting_refused(self):
        for name, value, text in (
                ("openvgpu/weight", "0", "openvgpu/weight can't be '0'"),
                ("openvgpu/weight", "\n", "openvgpu/weight can't be '\\x0a'"),
                ("openvgpu/colour", "1", "there is no setting 'openvgpu/colour'"),
                ("../remove", "1", "there is no setting '../remove'"),
                ("openvgpu/../../x", "1", "there is no setting"),
                ("power/control", "on", "there is no setting 'power/control'")):
            with self.subTest(name=name, value=value):
                at = self.prepare(NEW)
                self.define(NEW, "256mq", [(name, value)])
                self.expect(FAILURE, "restore", err=text)
                # Not left behind half set.
                self.assertEqual(self.machine.read(f"{at}/remove"), "1")
                os.unlink(self.machine.path(f"sys/bus/mdev/devices/{NEW}"))

    def test_large_ones_first(self):
        more = self.add_mdevctl()
        self.define("00000001-0000-4000-8000-000000000000", "256mq")
        self.define("00000002-0000-4000-8000-000000000000", "1q")
        self.define("00000003-0000-4000-8000-000000000000", "256mq")
        self.expect(OK, "restore", GPU, env=more)
        self.assertEqual([call.split()[2][7] for call in self.calls()],
                         ["2", "1", "3"])

    # ------------------------------------------------------------- bad files

    def test_bad_definitions(self):
        good = '{"mdev_type":"openvgpu-256mq","start":"auto"'
        for text, reason in (
                ("", "is not JSON"),
                ("{", "is not JSON"),
                ("[]", "is not a JSON object"),
                ("null", "is not a JSON object"),
                (good + "} more", "is not JSON"),
                (good + "}\0", "is not JSON"),
                (b'{"mdev_type":"\xff"}', "is not JSON"),
                ('{"a":' * 50 + "1" + "}" * 50, "is not JSON"),
                ('{"start":"auto"}', 'no "mdev_type"'),
                ('{"mdev_type":7,"start":"auto"}', 'no "mdev_type"'),
                ('{"mdev_type":"' + "x" * 200 + '","start":"auto"}', 'no "mdev_type"'),
                ('{"mdev_type":"openvgpu-256mq"}', 'no "start"'),
                (good + ',"attrs":{}}', "is not an array"),
                (good + ',"attrs":[5]}', "entry 0"),
                (good + ',"attrs":[{}]}', "entry 0"),
                (good + ',"attrs":[{"a":"1","b":"2"}]}', "entry 0"),
                (good + ',"attrs":[{"openvgpu/weight":5}]}', "entry 0"),
                (good + ',"attrs":[{"openvgpu/weight":"5\\u0000"}]}', "entry 0"),
                (good + ',"attrs":[{"' + "a" * 500 + '":"1"}]}', "entry 0"),
                (good + ',"attrs":[{"a":"' + "1" * 500 + '"}]}', "entry 0"),
                (good + "}" + " " * 70000, "is larger than 65536 bytes")):
            with self.subTest(text=text[:60]):
                self.define_raw(NEW, text)
                self.expect(FAILURE, "restore", err=f"vGPU {NEW}")
                self.expect(FAILURE, "restore", err=reason)
                self.assertEqual(self.created("256mq"), "")

    def test_not_a_file(self):
        folder = self.machine.path(f"root/etc/mdevctl.d/{GPU}")
        os.makedirs(folder)
        os.mkfifo(f"{folder}/{NEW}")
        self.expect(FAILURE, "restore", err="its definition is not a file")
        os.unlink(f"{folder}/{NEW}")
        os.mkdir(f"{folder}/{NEW}")
        self.expect(FAILURE, "restore", err="its definition is not a file")

    def test_files_of_other_names(self):
        for name in (NEW + "~", NEW + ".bak", "README", "." + NEW, NEW.upper()):
            self.machine.write(f"root/etc/mdevctl.d/{GPU}/{name}", "{")
        self.expect(OK, "restore")

    # ---------------------------------------------------------- with mdevctl

    def test_mdevctl_starts(self):
        more = self.add_mdevctl()
        self.define(NEW, "256mq", [("openvgpu/weight", "300")])
        result = self.expect(OK, "restore", GPU, env=more)
        self.assertEqual(self.calls(), [f"start -u {NEW} -p {GPU}"])
        self.assertIn(b": started", result.out)
        self.assertEqual(self.created("256mq"), "")

    def test_mdevctl_is_not_asked_for_what_is_there(self):
        more = self.add_mdevctl()
        self.define(IDLE, "256mq")
        self.expect(OK, "restore", env=more)
        self.assertFalse(os.path.exists(self.log))

    def test_mdevctl_fails(self):
        more = self.add_mdevctl()
        self.define(NEW, "256mq")
        more.update(TEST_STATUS="1", TEST_SAYS="Error: no\\nthe driver: no room\\n")
        self.expect(FAILURE, "restore", env=more,
                    err=f"vGPU {NEW}, type openvgpu-256mq of GPU {GPU} is not there: "
                    "Error: no; the driver: no room")
        more.update(TEST_SAYS="")
        self.expect(FAILURE, "restore", env=more, err="mdevctl ended with status 1")
        # However much it says, and whatever.
        more.update(TEST_SAYS="\\0377\\0033[2J" + "x" * 100000)
        self.expect(FAILURE, "restore", env=more, err="\\xff\\x1b[2Jxxx")

    def test_somebody_else_was_faster(self):
        more = self.add_mdevctl()
        at = self.machine.path(self.prepare(NEW))
        os.symlink("../mdev_supported_types/openvgpu-256mq", f"{at}/hidden")
        self.define(NEW, "256mq")
        more.update(TEST_STATUS="1", TEST_SAYS="Error: Device already exists",
                    TEST_CREATES=at)
        result = self.expect(OK, "restore", env=more)
        self.assertIn(b": present", result.out)

    # ------------------------------------------------------------- settings

    def configure(self, text):
        self.machine.write("root/etc/openvgpu/config.yaml", text)
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/sched_hz", "480\n")
        self.machine.write(f"sys/devices/pci0000:00/{GPU2}/openvgpu/sched_hz", "480\n")

    def sched_hz(self, gpu):
        return self.machine.read(
            f"sys/devices/pci0000:00/{gpu}/openvgpu/sched_hz").strip()

    def test_settings(self):
        self.configure("version: v1\nvgpu-configs:\n  default:\n"
                       "    - devices: all\n      settings: {sched_hz: 960}\n")
        self.expect(OK, "restore", GPU)
        self.assertEqual((self.sched_hz(GPU), self.sched_hz(GPU2)), ("960", "480"))
        self.expect(OK, "restore")
        self.assertEqual(self.sched_hz(GPU2), "960")

    def test_settings_name_a_vgpu_that_comes_back(self):
        more = self.add_mdevctl()
        at = self.prepare(NEW)
        os.symlink("../mdev_supported_types/openvgpu-256mq",
                   self.machine.path(f"{at}/hidden"))
        self.define(NEW, "256mq")
        self.configure("version: v1\nvgpu-configs:\n  default:\n"
                       f"    - devices: ['{GPU}']\n      settings: {{console: {NEW}}}\n")
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/console",
                           "none" + " " * 40)
        more["TEST_CREATES"] = self.machine.path(at)
        self.expect(OK, "restore", GPU, env=more)
        self.assertIn(NEW, self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/openvgpu/console"))

    def test_settings_of_a_gpu_that_is_not_there(self):
        self.configure("version: v1\nvgpu-configs:\n  default:\n"
                       "    - devices: ['0000:77:00.0']\n      settings: {sched_hz: 960}\n"
                       f"    - devices: ['{GPU}']\n      settings: {{sched_hz: 100}}\n")
        # Others have theirs.
        self.expect(FAILURE, "restore", err="config.yaml is not in force: openvgpu: line 4: "
                    "no GPU 0000:77:00.0 is bound to the driver openvgpu")
        self.assertEqual(self.sched_hz(GPU), "100")

    def test_bad_settings(self):
        self.configure("version: v1\nvgpu-configs: [\n")
        self.define(NEW, "256mq")
        result = self.run_cli("restore", GPU)
        self.assertEqual(result.status, FAILURE, result)
        self.assertIn(b"config.yaml is not in force on GPU " + GPU.encode(), result.err)
        self.assertIn(b"not all settings could be restored", result.err)
        # The vGPUs are there all the same.
        self.assertEqual(self.created("256mq"), NEW)
        self.assertFalse(self.expect_json(FAILURE, "restore")["settings"])

    def test_empty_file(self):
        self.configure("# nothing yet\n")
        self.expect(OK, "restore")

    # ------------------------------------------------------------- at once

    def test_one_at_a_time(self):
        with open(self.machine.path("root/run/openvgpu-restore.lock"), "w",
                  encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with subprocess.Popen([OPENVGPU, "restore"], stderr=subprocess.PIPE,
                                  env=self.environment()) as second:
                said = second.stderr.readline()
                self.assertIn(b"another 'openvgpu restore' runs: waiting", said)
                self.assertIsNone(second.poll())
                fcntl.flock(held, fcntl.LOCK_UN)
                self.assertEqual(second.wait(60), OK)

    def test_no_lock(self):
        self.machine.write("root/run/openvgpu-restore.lock")
        os.unlink(self.machine.path("root/run/openvgpu-restore.lock"))
        os.symlink("/etc/passwd", self.machine.path("root/run/openvgpu-restore.lock"))
        self.expect_unchanged(FAILURE, "restore",
                              err="cannot lock /run/openvgpu-restore.lock")


if __name__ == "__main__":
    main()
