#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu apply and assert on made-up trees: what is planned, done, refused
and said. That vGPUs really come and go is tests/vm/suites/apply.sh's; the
grammar of the file is test_config_file.c's."""

import json
import os
import subprocess

from cli_machine import (
    BUSY, FAILURE, FOREIGN, GPU, GPU2, GPU_SETTINGS, IDLE, NEW, NIC,
    NO_CAPACITY, NOT_FOUND, OK, OPENVGPU, OUTPUT, USAGE, USED, VGPU_SETTINGS, CliTest,
    Result, main)

HEAD = "version: v1\nvgpu-configs:\n  default:\n"


class ApplyTest(CliTest):
    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, dict(GPU_SETTINGS, max_vgpus=16))
        self.machine.write(self.gpu_file(GPU2, "framebuffer_total"),
                           f"{2 << 30}\n")
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)

    def gpu_file(self, bdf, name):
        return f"sys/devices/pci0000:00/{bdf}/openvgpu/{name}"

    def vgpu_file(self, uuid, name):
        return f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu/{name}"

    def config(self, text):
        """A file with it, beside the machine."""
        self.machine.write("config.yaml", text)
        return self.machine.path("config.yaml")

    def entry(self, text, devices="all"):
        """A file with one entry."""
        return self.config(HEAD + f"    - devices: {devices}\n" + "".join(
            f"      {line}\n" for line in text.splitlines()))

    def assertWritten(self, name, value):
        """A file begins with it: unlike sysfs' files they keep the rest."""
        self.assertTrue(self.machine.read(name).startswith(value), name)

    def refused(self, status, path, err, *args, all_commands=True):
        """Neither apply nor its dry run nor assert take that."""
        self.expect_unchanged_but_lock(status, "apply", path, *args, err=err)
        if all_commands:
            self.expect_unchanged(status, "apply", "--dry-run", path, *args,
                                  err=err)
            self.expect_unchanged(status, "assert", path, *args, err=err)

    def expect_unchanged_but_lock(self, status, *args, err=None):
        before = self.machine.contents()
        result = self.expect(status, *args, err=err)
        after = self.machine.contents()
        after.pop(self.machine.path("root/run/openvgpu-apply.lock"), None)
        self.assertEqual(after, before, args)
        return result

    def changes(self, path, *args, status=OK, command="apply"):
        """What a dry run says, as tuples."""
        more = ["--dry-run"] if command == "apply" else []
        value = self.expect_json(status, command, path, *more, *args)
        return [(c["action"], c["uuid"] or c["gpu"], c["name"] or c["type"],
                 c["from"], c["to"]) for c in value["changes"]]


class Settings(ApplyTest):
    def test_gpu(self):
        self.fill()
        path = self.entry("settings:\n  scheduler: equal_share\n"
                          "  fault_limit: 0\n  averaging_factor: 33", f"[{GPU}]")
        self.assertEqual(self.changes(path), [
            ("set", GPU, "scheduler", "best_effort", "equal_share"),
            ("set", GPU, "fault_limit", "3", "0")])
        out = self.expect_unchanged(OK, "apply", path, "--dry-run").out.decode()
        self.assertEqual(out.splitlines(), [
            f"GPU {GPU}: scheduler: best_effort -> equal_share",
            f"GPU {GPU}: fault_limit: 3 -> 0"])
        self.assertEqual(self.expect(OK, "apply", path).out.decode(), out)
        self.assertWritten(self.gpu_file(GPU, "scheduler"), "equal_share")
        self.assertWritten(self.gpu_file(GPU, "fault_limit"), "0")
        self.assertWritten(self.gpu_file(GPU2, "fault_limit"), "3")

    def test_again_changes_nothing(self):
        self.fill()
        path = self.entry("settings: {fault_limit: 5}")
        self.expect(OK, "apply", path)
        self.assertEqual(self.changes(path), [])
        self.assertEqual(self.expect_unchanged_but_lock(OK, "apply", path).out,
                         b"")
        self.expect_unchanged(OK, "assert", path)

    def test_json(self):
        self.fill()
        path = self.entry("settings: {fault_limit: 5}", "[1]")
        value = self.expect_json(OK, "apply", path)
        self.assertEqual(value, {
            "version": 1, "dry_run": False, "file": path, "config": "default",
            "changes": [{"action": "set", "state": "done", "gpu": GPU2,
                         "uuid": None, "type": None, "instance": None,
                         "profile": None, "name": "fault_limit",
                         "from": "3", "to": "5", "reason": None}]})

    def test_assert(self):
        self.fill()
        path = self.entry("settings: {fault_limit: 5}", "[0]")
        result = self.run_cli("assert", path)
        self.assertEqual(result.status, FAILURE)
        self.assertIn("fault_limit: 3 -> 5", result.out.decode())
        self.assertIn("1 thing is not as 'default' says", result.err.decode())
        self.assertEqual(self.changes(path, status=FAILURE, command="assert"),
                         [("set", GPU, "fault_limit", "3", "5")])

    def test_default_slice(self):
        """0 asks for the driver's default, which reads as a number."""
        self.fill()
        for name in ("sched_hz", "timeslice_us"):
            path = self.entry(f"settings: {{{name}: 0}}", "[0]")
            self.expect(OK, "assert", path)
            file = self.gpu_file(GPU, name)
            before = self.machine.read(file)
            self.machine.write(file, "250\n")
            self.assertEqual(self.changes(path),
                             [("set", GPU, name, "250", "0")])
            self.machine.write(file, before)

    def test_numbers_in_another_form(self):
        self.fill()
        self.expect(OK, "assert", self.entry("settings: {fault_limit: '003'}"))

    def test_one_gpu(self):
        self.fill()
        path = self.config(HEAD + f"    - devices: [{GPU}]\n"
                           "      settings: {fault_limit: 5}\n"
                           "    - devices: [1, 7, 0000:99:00.0]\n"
                           "      settings: {fault_limit: 6}\n")
        self.assertEqual(self.changes(path, "--gpu", "02:00.0"),
                         [("set", GPU2, "fault_limit", "3", "6")])
        self.assertEqual(self.changes(path, "--gpu", GPU),
                         [("set", GPU, "fault_limit", "3", "5")])
        self.refused(NOT_FOUND, path, NIC, "--gpu", NIC)

    def test_console(self):
        self.fill()
        path = self.entry(f"settings: {{console: {IDLE.upper()}}}", "[0]")
        self.assertEqual(self.changes(path), [
            ("set", GPU, "console", "none", IDLE.upper())])
        self.machine.write(self.gpu_file(GPU, "console"), IDLE + "\n")
        self.expect(OK, "assert", path)

    def test_refused_by_the_driver(self):
        self.fill()
        file = self.machine.path(self.gpu_file(GPU, "fault_window_s"))
        os.unlink(file)
        os.symlink("/dev/full", file)   # reads as zeros: empty text
        self.machine.write(self.gpu_file(GPU, "last_error"),
                           "fault_window_s not changed: not today\n")
        path = self.entry("settings:\n  fault_limit: 5\n  fault_window_s: 9\n"
                          "  averaging_factor: 9", "[0]")
        result = self.expect(NO_CAPACITY, "apply", path, "--json")
        self.assertIn(b"not today", result.err)
        self.assertIn(b"1 of 3 changes were made", result.err)
        value = self.expect_json(NO_CAPACITY, "apply", path)
        self.assertEqual([c["state"] for c in value["changes"]],
                         ["failed", "planned"])
        self.assertEqual(value["changes"][0]["reason"],
                         "fault_window_s not changed: not today")


class Vgpus(ApplyTest):
    def test_count(self):
        """What is in use is kept first; the rest of the GPU goes."""
        self.fill()
        path = self.entry('vgpu-devices: {"256mq": 1}', "[0]")
        self.assertEqual(self.changes(path),
                         [("remove", IDLE, "openvgpu-256mq", None, None)])
        path = self.entry('vgpu-devices: {256mq: 4}', "[0]")
        self.assertEqual(self.changes(path), [
            ("create", GPU, "openvgpu-256mq", None, None)] * 2)
        self.assertEqual(self.changes(self.entry(
            'vgpu-devices: {256mq: 2}', "[0]")), [])

    def test_remove(self):
        self.fill()
        path = self.entry('vgpu-devices: {256mq: 1}', "[0]")
        out = self.expect(OK, "apply", path).out.decode()
        self.assertEqual(out, f"GPU {GPU}: remove openvgpu-256mq {IDLE}\n")
        self.assertEqual(self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/{IDLE}/remove"), "1")

    def test_create(self):
        self.fill()
        path = self.entry(f"vgpu-devices: {{2q: [{{uuid: {NEW.upper()}}}]}}",
                          "[1]")
        out = self.expect(OK, "apply", path).out.decode()
        self.assertEqual(out, f"GPU {GPU2}: create openvgpu-2q {NEW}\n")
        self.assertEqual(self.machine.read(self.machine.create_file(GPU2, "2q")),
                         NEW)

    def test_leaves_alone(self):
        """Without vgpu-devices vGPUs are nobody's business."""
        self.fill()
        self.assertEqual(self.changes(self.entry("settings: {}")), [])
        self.assertEqual(self.changes(self.entry("vgpu-devices: {}", "[1]")), [])

    def test_named(self):
        self.fill()
        path = self.entry("vgpu-devices:\n  256mq:\n"
                          f"    - {{uuid: {IDLE}, weight: 200, display: off}}\n"
                          f"    - {{uuid: {USED}, cap_percent: 50, weight: 100}}",
                          f"[{GPU}]")
        self.assertEqual(self.changes(path), [
            ("set", IDLE, "weight", "100", "200"),
            ("set", IDLE, "display", "region", "off"),
            ("set", USED, "cap_percent", "100", "50")])
        self.expect(OK, "apply", path)
        self.assertWritten(self.vgpu_file(USED, "cap_percent"), "50")

    def test_order(self):
        """GPU, then what makes room, what takes it, what is set, the console."""
        self.fill()
        path = self.entry(f"settings: {{console: {NEW}, fault_limit: 4}}\n"
                          "vgpu-devices:\n  256mq:\n"
                          f"    - {{uuid: {NEW}, weight: 200}}\n"
                          f"    - {{uuid: {USED}, weight: 300}}", f"[{GPU}]")
        self.assertEqual(self.changes(path), [
            ("set", GPU, "fault_limit", "3", "4"),
            ("remove", IDLE, "openvgpu-256mq", None, None),
            ("create", NEW, "openvgpu-256mq", None, None),
            ("set", NEW, "weight", None, "200"),
            ("set", USED, "weight", "100", "300"),
            ("set", GPU, "console", "none", NEW)])

    def test_other_type(self):
        """A vGPU of that name and another type makes way."""
        self.fill()
        path = self.entry("vgpu-devices:\n  256mq: 1\n  1q:\n"
                          f"    - uuid: {IDLE}", f"[{GPU}]")
        self.refused(NO_CAPACITY, path, "would need 1280 MiB")
        self.machine.write(self.gpu_file(GPU, "framebuffer_total"),
                           f"{2 << 30}\n")
        self.assertEqual(self.changes(path), [
            ("remove", IDLE, "openvgpu-256mq", None, None),
            ("create", IDLE, "openvgpu-1q", None, None)])

    def test_running_vm_is_not_broken(self):
        self.fill()
        for text, what in (
                ("vgpu-devices: {}", "it is not removed"),
                (f"vgpu-devices: {{256mq: [{{uuid: {IDLE}}}]}}",
                 "it is not removed"),
                ("vgpu-devices: {256mq: [{uuid: %s, display: off}]}" % USED,
                 "only while nobody uses it"),
                ("vgpu-devices: {256mq: [{uuid: %s, personality: bochs}]}" % USED,
                 "only while nobody uses it")):
            path = self.entry(text, "[0]")
            for more in ([], ["--dry-run"]):
                result = self.run_cli("apply", path, *more)
                self.assertEqual(result.status, BUSY, result)
                self.assertIn(f"vGPU {USED} is in use by process "
                              "4242 (qemu-system-x86)", result.err.decode())
                self.assertIn(what, result.err.decode())
                self.assertIn("nothing was changed", result.err.decode())
            value = self.expect_json(BUSY, "apply", path)
            self.assertIn("refused", [c["state"] for c in value["changes"]])
        self.assertEqual(self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/{IDLE}/remove"), "")

    def test_vgpu_elsewhere(self):
        """A UUID on a GPU that the file says nothing of is not taken away."""
        self.fill()
        path = self.entry(f"vgpu-devices: {{2q: [{{uuid: {IDLE}}}]}}", "[1]")
        result = self.run_cli("apply", path)
        self.assertEqual(result.status, BUSY, result)
        self.assertIn(f"vGPU {IDLE} exists on GPU {GPU}", result.err.decode())

    def test_foreign_mdev(self):
        """Another driver's mediated device is no vGPU, and stays."""
        self.fill()
        self.assertEqual(self.changes(self.entry("vgpu-devices: {}", "[1]")), [])
        path = self.entry(f"vgpu-devices: {{2q: [{{uuid: {FOREIGN}}}]}}", "[1]")
        self.assertEqual(self.changes(path), [
            ("create", FOREIGN, "openvgpu-2q", None, None)])

    def test_refused_create(self):
        self.fill()
        reason = f"vGPU {NEW} not created: no 2048 MiB block is free"
        self.machine.refuse(GPU2, "2q", reason + "\n")
        path = self.entry(f"vgpu-devices: {{2q: [{{uuid: {NEW}}}]}}", "[1]")
        self.expect(NO_CAPACITY, "apply", path, err=reason)


class Export(ApplyTest):
    """What is exported, applied to what it came from, changes nothing."""

    def export(self, *args):
        result = self.expect_unchanged(OK, "export", *args)
        self.assertEqual(result.err, b"")
        return result.out.decode()

    def test_round(self):
        self.fill()
        self.machine.add_attributes(GPU, {
            "scheduler": "best_effort [fixed_share]", "timeslice_us": 5000,
            "sched_hz": 200, "console": IDLE})
        self.machine.add_attributes(f"{GPU}/{USED}", {
            "weight": 7, "frozen": 1, "display": "region dmabuf [off]",
            "personality": "native [bochs]", "frame_rate_limit": 0})
        text = self.export()
        path = self.config(text)
        self.assertEqual(self.expect(OK, "assert", path).out, b"")
        self.assertEqual(self.changes(path), [])
        self.assertNotIn("frozen", text)
        # To others "off" is a truth value, and 0000:01 a time of day.
        self.assertIn('display: "off"\n', text)
        self.assertIn(f'devices: ["{GPU}"]\n', text)
        # What was the GPU's own choice stays that.
        self.assertIn("timeslice_us: 5000\n", text)
        self.assertIn("timeslice_us: 0\n", text.split(GPU2)[1])
        # And what is not as then is found.
        self.machine.add_attributes(f"{GPU}/{USED}", {"weight": 8})
        self.machine.add_attributes(GPU2, {"fault_limit": 9})
        self.assertEqual(self.changes(path), [
            ("set", GPU2, "fault_limit", "9", "3"),
            ("set", USED, "weight", "8", "7")])

    def test_what_cannot_be_written(self):
        """What the driver refuses is not in the file, whatever it reads as."""
        self.fill()
        self.machine.add_attributes(f"{GPU}/{USED}", {
            "personality": "native [bochs]", "frame_rate_limit": 60})
        self.machine.add_attributes(f"{GPU}/{IDLE}", {
            "personality": "[native]", "frame_rate_limit": 45})
        used, idle = self.export("--gpu", GPU).split(IDLE)
        self.assertIn("personality: bochs\n", used)
        self.assertNotIn("frame_rate_limit", used)
        self.assertNotIn("personality", idle)
        self.assertIn("frame_rate_limit: 45\n", idle)

    def test_one_gpu_and_json(self):
        self.fill()
        text = self.export("--gpu", GPU2)
        self.assertNotIn(GPU, text)
        self.assertIn("vgpu-devices: {}\n", text)
        self.assertEqual(self.changes(self.config(text)), [])
        value = self.expect_json(OK, "export")["config"]
        self.assertEqual(value["version"], "v1")
        entries = value["vgpu-configs"]["default"]
        self.assertEqual([e["devices"] for e in entries], [[GPU], [GPU2]])
        self.assertEqual([v["uuid"] for v in entries[0]["vgpu-devices"]["256mq"]],
                         [USED, IDLE])
        # YAML is more than JSON.
        self.assertEqual(self.changes(self.config(json.dumps(value))), [])
        self.expect_unchanged(NOT_FOUND, "export", "--gpu", NIC, err=NIC)
        self.expect_unchanged(USAGE, "export", "x")

    def test_file(self):
        self.fill()
        path = self.machine.path("out.yaml")
        self.assertEqual(self.expect(OK, "export", "--output", path).out, b"")
        self.assertEqual(self.machine.read("out.yaml"), self.export())
        self.expect(OUTPUT, "export", "--output", "/dev/full")

    def test_no_engine(self):
        """Settings of a scheduler that is not there would be refused."""
        self.fill()
        self.machine.add_attributes(GPU, {"scheduler": "none"})
        text = self.export("--gpu", GPU)
        for name in ("scheduler", "timeslice_us", "weight"):
            self.assertNotIn(name, text)
        self.assertEqual(self.changes(self.config(text)), [])

    def test_nothing(self):
        path = self.config(self.expect(OK, "export", err="not loaded").out.decode())
        self.expect(OK, "assert", path)


class Bad(ApplyTest):
    def test_what_is_not_there(self):
        self.fill()
        for text, devices, err in (
                ("settings: {}", "[0000:99:00.0]", "line 4: no GPU 0000:99:00.0"),
                ("settings: {}", f"[{NIC}]", NIC),
                ("settings: {}", "[2]", "no GPU number 2: 2 GPUs"),
                ("vgpu-devices: {2q: 1}", "[0]",
                 f"line 5: GPU {GPU} offers no type openvgpu-2q")):
            self.refused(NOT_FOUND, self.entry(text, devices), err)
        self.refused(NOT_FOUND, "/nonexistent", "cannot open /nonexistent")
        self.refused(FAILURE, self.machine.top, "cannot be read")

    def test_capacity(self):
        self.fill()
        self.refused(NO_CAPACITY, self.entry("vgpu-devices: {256mq: 5}", "[0]"),
                     "would need 1280 MiB, and it has 1024 MiB")
        self.machine.write(self.gpu_file(GPU, "max_vgpus"), "3\n")
        self.refused(NO_CAPACITY, self.entry("vgpu-devices: {256mq: 4}", "[0]"),
                     "can have 3 vGPUs, not 4")

    def test_content(self):
        self.fill()
        for text, devices, err in (
                ("settings: {speed: 1}", "all", "line 5: a GPU has no setting 'speed'"),
                ("settings: {weight: 1}", "all", "has no setting 'weight'"),
                ("settings: {fault_limit: 101}", "all",
                 "it is a number of 0, or 1 to 100"),
                ("settings: {fault_limit: -1}", "all", "can't be '-1'"),
                ("settings: {fault_limit: 0x1}", "all", "can't be '0x1'"),
                ("settings: {fault_limit: 99999999999999999999}", "all",
                 "fault_limit can't be"),
                ("settings: {scheduler: ../x}", "all", "scheduler can't be"),
                ("settings: {scheduler: lottery}", "all",
                 "line 5: scheduler can't be 'lottery': GPU"),
                ("settings: {console: me}", "all", "console can't be 'me'"),
                ("settings: {sched_hz: 1, timeslice_us: 100}", "all",
                 "two forms of the same"),
                ("settings: {}", "[here]", "neither a PCI address"),
                ("settings: {}", "[-1]", "neither a PCI address"),
                ("settings: {}", "[99999999]", "neither a PCI address"),
                ("settings: {}", f"[0, {GPU}]", "twice, first on line 4"),
                ("vgpu-devices: {../1q: 1}", "all", "not the name of a type"),
                ("vgpu-devices: {1q: 1, openvgpu-1q: 1}", "all",
                 "'openvgpu-1q' is there twice"),
                ("vgpu-devices: {1q: [{uuid: me}]}", "[0]", "'me' is not a UUID"),
                ("vgpu-devices: {1q: [{uuid: %s}]}" % NEW, "all",
                 "can be on one GPU only"),
                ("vgpu-devices: {1q: [{uuid: %s, frozen: 1}]}" % NEW, "[0]",
                 "'frozen' is for the moment"),
                ("vgpu-devices: {1q: [{uuid: %s, weight: 0}]}" % NEW, "[0]",
                 "weight can't be '0'"),
                ("vgpu-devices: {1q: [{uuid: %s, console: none}]}" % NEW, "[0]",
                 "a vGPU has no setting 'console'"),
                ("vgpu-devices: {1q: [{uuid: %s}, {uuid: %s}]}" %
                 (NEW, NEW.upper()), "[0]", "is there twice, first on line 5")):
            self.refused(USAGE, self.entry(text, devices), err,
                         all_commands=False)

    def test_configurations_that_are_not_used_are_checked(self):
        self.fill()
        self.refused(USAGE, self.config(
            HEAD + "    - devices: all\n  other:\n    - devices: all\n"
            "      settings: {speed: 1}\n"), "line 7: a GPU has no setting")

    def test_labels(self):
        self.fill()
        one = ("    - devices: [0]\n      settings: {fault_limit: %d}\n")
        two = ("version: v1\nvgpu-configs:\n  day:\n" + one % 5 +
               "  night:\n" + one % 6)
        self.refused(USAGE, self.config(two), "name one of the configurations "
                     "with --config")
        self.refused(NOT_FOUND, self.config(two), "it has day, night",
                     "--config", "dawn")
        for label, limit in (("day", "5"), ("night", "6")):
            self.assertEqual(self.changes(self.config(two), "--config", label),
                             [("set", GPU, "fault_limit", "3", limit)])
        self.assertEqual(self.changes(self.config(two.replace("day", "default"))),
                         [("set", GPU, "fault_limit", "3", "5")])

    def test_nothing_to_apply(self):
        self.fill()
        path = self.config("# all comments\n# version: v1\n")
        self.expect_unchanged_but_lock(OK, "apply", path,
                                       err="configures nothing")
        self.assertEqual(self.expect_json(OK, "assert", path)["changes"], [])

    def test_no_gpu(self):
        self.refused(NOT_FOUND, self.entry("settings: {}"), "doctor")

    def test_hostile_file(self):
        """Its bytes reach neither the terminal nor JSON as they are."""
        self.fill()
        for content in (b"\xff\xfe", b"\x1b[31m: 1\n", b"version: \"\x07\"\n",
                        b"version: '\xc2\x9b31m'\n", b"[" * 5000,
                        b"version: v1\nvgpu-configs: {\"\\e[2J\\n\": 1}\n",
                        b"a" * (2 << 20), b"version: v1\n\0",
                        b"version: v1\nvgpu-configs: {\"\\U0001F600\": 1}\n"):
            path = self.machine.path("config.yaml")
            self.machine.write("config.yaml", content)
            self.refused(USAGE, path, "config.yaml", all_commands=False)
            self.expect_json(USAGE, "apply", path)

    def test_very_many(self):
        self.fill()
        self.refused(USAGE, self.config("version: v1\nvgpu-configs:\n" + "".join(
            f"  label{i}: []\n" for i in range(20000))),
            "line 259: more than 256 configurations", all_commands=False)
        self.refused(USAGE, self.entry("settings:\n" + "".join(
            f"  name{i}: 1\n" for i in range(300))),
            "more than 256 settings", all_commands=False)
        self.refused(USAGE, self.entry("vgpu-devices:\n" + "".join(
            f"  {i}q: 1\n" for i in range(300))),
            "more than 256 types", all_commands=False)
        vgpus = "".join(f"    - uuid: 00000000-0000-0000-0000-{i:012}\n"
                        for i in range(4096))
        self.refused(NO_CAPACITY, self.entry("vgpu-devices:\n  256mq:\n" + vgpus,
                                             "[0]"), "would need 1048576 MiB",
                     all_commands=False)

    def test_usage(self):
        self.fill()
        path = self.entry("settings: {}")
        for args in (["apply"], ["assert"], ["apply", path, path],
                     ["apply", path, "--config"], ["assert", path, "--dry-run"],
                     ["apply", path, "--force"], ["apply", path, "--gpu", "x"],
                     ["apply", path, "--output", "x"]):
            self.expect_unchanged(USAGE, *args)

    def test_standard_input(self):
        self.fill()
        with open(self.entry("settings: {fault_limit: 5}", "[0]"), "rb") as file:
            done = subprocess.run([OPENVGPU, "apply", "-", "--dry-run"],
                                  stdin=file, capture_output=True, check=False,
                                  env=self.environment(), timeout=60)
        result = self.check_result(["apply", "-"], Result(
            done.returncode, done.stdout, done.stderr))
        self.assertEqual(result.status, OK, result)
        self.assertIn(b"fault_limit: 3 -> 5", result.out)

    def test_others_do_not_wait_for_standard_input(self):
        self.fill()
        self.machine.write("root/run/there")
        with subprocess.Popen([OPENVGPU, "apply", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE,
                              env=self.environment()) as process:
            self.addCleanup(process.kill)
            # More than a pipe holds: when this returns, it has begun to read.
            process.stdin.write(b"#\n" * 100000)
            process.stdin.flush()
            result = self.expect(OK, "apply", self.entry(
                "settings: {fault_limit: 5}", "[0]"))
            self.assertEqual(result.err, b"")
            with open(self.entry("settings: {fault_limit: 7}", "[0]"), "rb") as file:
                out = process.communicate(file.read(), timeout=60)[0]
        self.assertEqual(process.returncode, OK)
        self.assertIn(b"fault_limit: 5 -> 7", out)


if __name__ == "__main__":
    main()
