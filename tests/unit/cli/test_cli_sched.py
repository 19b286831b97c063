#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu sched show, set and log on made-up trees: what is printed, what is
written, and that bad input changes nothing."""

import os
import re
import shutil

from cli_machine import (
    FAILURE, FOREIGN, GPU, GPU2, IDLE, NEW, NIC, NOT_FOUND, OK, USAGE, USED,
    CliTest, main)

GPU_SETTINGS = {"sched_hz": 480, "timeslice_us": 2083, "averaging_factor": 33,
                "timeslice_max_us": 20000, "wake_budget_permille": 60,
                "preempt_timeout_us": 500000, "fault_limit": 3,
                "fault_window_s": 60}
VGPU_SETTINGS = {"weight": 100, "cap_percent": 100, "timeslice_us": 0,
                 "frozen": 0, "cap_ceiling_percent": 100}
COUNTERS = {"busy_ns": 900, "resident_ns": 1000, "wait_ns": 2083000,
            "switches": 7, "switch_ns": 350000, "preempt_max_ns": 51000,
            "run_ns": 3200000000, "slices": 1500, "preemptions": 3,
            "overrun_ns": 12, "debt_ns": 5, "idle_ns": 0,
            "wait_max_ns": 6249000, "resets": 1, "faults": 2,
            "wait_sum_ns": 31245000}
WAITS = [0, 5] + [0] * 20 + [9] + [0] * 8 + [1]

LOG = f"""\
# TIME_NS RUNQUEUE PARTITION UUID REASON QUANTUM_NS RUN_NS SWITCH_NS WAIT_NS
1000000000 0 3 {USED} quantum 2083333 2090000 50000 6249000
1002083333 0 - - slot 2083333 2083333 0 0
1004000000 0 0 {IDLE} idle 0 18446744073709551615 50000 12
"""


class SchedTest(CliTest):
    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.gpu_write(bdf, "scheduler",
                           "[best_effort] equal_share fixed_share\n")
            self.gpu_write(bdf, "state", "up\n")
            for name, value in GPU_SETTINGS.items():
                self.gpu_write(bdf, name, f"{value}\n")
        for uuid in (IDLE, USED):
            for name, value in VGPU_SETTINGS.items():
                self.vgpu_write(uuid, name, f"{value}\n")
            self.vgpu_write(uuid, "sched_state", "runnable\n")
            self.vgpu_write(uuid, "last_fault", "2\n")
            self.vgpu_write(uuid, "last_reset_reason", "2 run timeout\n")
            self.vgpu_write(uuid, "framebuffer_size", f"{256 << 20}\n")
            self.vgpu_write(uuid, "framebuffer_used", f"{1 << 20}\n")
            for name, value in COUNTERS.items():
                self.stat_write(uuid, name, f"{value}\n")
            self.stat_write(uuid, "wait_histogram",
                            " ".join(map(str, WAITS)) + "\n")

    def gpu_file(self, bdf, name):
        return f"sys/devices/pci0000:00/{bdf}/openvgpu/{name}"

    def vgpu_file(self, uuid, name):
        return f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu/{name}"

    def gpu_write(self, bdf, name, value):
        self.machine.write(self.gpu_file(bdf, name), value)

    def vgpu_write(self, uuid, name, value):
        self.machine.write(self.vgpu_file(uuid, name), value)

    def stat_write(self, uuid, name, value):
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{uuid}/stats/{name}",
                           value)

    def old_module(self):
        """What a module without these settings has."""
        for bdf in (GPU, GPU2):
            for name in GPU_SETTINGS:
                os.unlink(self.machine.path(self.gpu_file(bdf, name)))
            self.gpu_write(bdf, "scheduler", "round_robin\n")
        for uuid in (IDLE, USED):
            for name in (*VGPU_SETTINGS, "sched_state", "framebuffer_used",
                         "last_reset_reason"):
                os.unlink(self.machine.path(self.vgpu_file(uuid, name)))
            shutil.rmtree(self.machine.path(
                f"sys/devices/pci0000:00/{GPU}/{uuid}/stats"))


class Show(SchedTest):
    def test_gpus(self):
        self.fill()
        out = self.expect_unchanged(OK, "sched", "show").out.decode()
        self.assertIn("best_effort (of: best_effort equal_share fixed_share)", out)
        self.assertRegex(out, r"timeslice_us +2083\n")
        self.assertRegex(out, rf"{USED} +runnable +100 +100 +GPU's +3\.200 s "
                              rf"+2\.083 ms +6\.249 ms +1500 +2\n")
        self.assertIn(GPU2, out)
        out = self.expect(OK, "sched", "show", "02:00.0").out.decode()
        self.assertNotIn(GPU + "\n", out)
        self.assertIn("no vGPU", out)

    def test_gpus_json(self):
        self.fill()
        gpus = self.expect_json(OK, "sched", "show")["gpus"]
        self.assertEqual([g["gpu"] for g in gpus], [GPU, GPU2])
        vgpus = gpus[0].pop("vgpus")
        self.assertEqual(gpus[0], {
            "gpu": GPU, "scheduler": "best_effort",
            "schedulers": ["best_effort", "equal_share", "fixed_share"],
            **GPU_SETTINGS})
        self.assertEqual([v["uuid"] for v in vgpus], [USED, IDLE])
        self.assertEqual(vgpus[0], {
            "uuid": USED, "gpu": GPU, "type": "openvgpu-256mq",
            "sched_state": "runnable", **VGPU_SETTINGS, "owner_pid": 4242,
            "framebuffer_bytes": 256 << 20, "framebuffer_used_bytes": 1 << 20,
            "last_fault": 2, "last_reset_reason": "2 run timeout",
            "stats": {**COUNTERS, "wait_histogram": WAITS}})

    def test_vgpu(self):
        self.fill()
        out = self.expect_unchanged(OK, "sched", "show", USED.upper()).out.decode()
        for line in (r"sched_state +runnable", r"used by +4242 \(qemu-system-x86\)",
                     r"cap_percent +100", r"wait_max +6\.249 ms",
                     r"last_reset_reason +2 run timeout", r"slices +1500",
                     r"below 2\.048 us +5", r"below 4\.295 s +9",
                     r"from  1099\.512 s +1"):
            self.assertRegex(out, line + r"\n")
        vgpu = self.expect_json(OK, "sched", "show", IDLE)["vgpu"]
        self.assertEqual(vgpu["stats"]["wait_histogram"], WAITS)
        self.assertIsNone(vgpu["owner_pid"])

    def test_older_module(self):
        self.fill()
        self.old_module()
        self.expect(OK, "sched", "show")
        self.expect(OK, "sched", "show", USED)
        gpu = self.expect_json(OK, "sched", "show")["gpus"][0]
        self.assertEqual(gpu["scheduler"], "round_robin")
        self.assertIsNone(gpu["averaging_factor"])
        self.assertIsNone(gpu["vgpus"][0]["weight"])
        self.assertIsNone(gpu["vgpus"][0]["stats"]["run_ns"])
        self.assertIsNone(gpu["vgpus"][0]["stats"]["wait_histogram"])

    def test_hostile_attributes(self):
        self.fill()
        long = "x" * 300
        for text, scheduler in ((b"\x1b[2J\xff []", None), (b"", None),
                                (f"[{long}] a".encode(), None),
                                (("a " * 2000).encode(), None),
                                (b"[a] [b]", "b"), (b"[] [x]", "x")):
            self.gpu_write(GPU, "scheduler", text)
            self.expect(OK, "sched", "show")
            gpu = self.run_json_utf8("sched", "show", GPU)["gpus"][0]
            self.assertEqual(gpu["scheduler"], scheduler, text)
        for waits in ("1 " * 33, "1 " * 31, "a " * 32, "-1 " * 32, "",
                      "99999999999999999999 " * 32):
            self.stat_write(USED, "wait_histogram", waits)
            vgpu = self.expect_json(OK, "sched", "show", USED)["vgpu"]
            self.assertIsNone(vgpu["stats"]["wait_histogram"], waits)
        self.vgpu_write(USED, "weight", b"\xff\n")
        self.vgpu_write(USED, "sched_state", b"\x1b]0;x\x07\n")
        self.expect(OK, "sched", "show", USED)
        self.expect(OK, "sched", "show")

    def test_what_is_not_there(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "sched", "show", NEW, err=NEW)
        self.expect_unchanged(NOT_FOUND, "sched", "show", FOREIGN, err="other-type")
        self.expect_unchanged(NOT_FOUND, "sched", "show", NIC, err=NIC)
        self.expect_json(NOT_FOUND, "sched", "show", NIC)
        for name in ("", "GPU0", "../" + GPU, b"\xff" * 36, "x" * 100000):
            self.expect_unchanged(USAGE, "sched", "show", "--", name)

    def test_no_module(self):
        self.expect(OK, "sched", "show", err="not loaded")
        self.assertEqual(self.expect_json(OK, "sched", "show")["gpus"], [])


class Set(SchedTest):
    def test_every_setting_of_a_gpu(self):
        self.fill()
        for name, values in {"scheduler": ("equal_share", "best_effort"),
                             "sched_hz": (0, 1, 10000),
                             "timeslice_us": (0, 100, 1000000),
                             "averaging_factor": (1, 60),
                             "timeslice_max_us": (100, 1000000),
                             "wake_budget_permille": (0, 1000),
                             "preempt_timeout_us": (100, 10000000),
                             "fault_limit": (0, 1, 100),
                             "fault_window_s": (1, 3600)}.items():
            for value in values:
                self.gpu_write(GPU2, name, "")
                if name == "scheduler":
                    self.gpu_write(GPU2, name, "best_effort equal_share")
                result = self.expect(OK, "sched", "set", "--gpu", GPU2,
                                     f"{name}={value}")
                self.assertEqual((result.out, result.err), (b"", b""))
                written = self.machine.read(self.gpu_file(GPU2, name))
                self.assertTrue(written.startswith(str(value)), written)
                if name != "scheduler":
                    self.assertEqual(written, str(value))

    def test_every_setting_of_a_vgpu(self):
        self.fill()
        for name, values in {"weight": (1, 10000), "cap_percent": (1, 100),
                             "timeslice_us": (0, 100, 1000000),
                             "frozen": (0, 1)}.items():
            for value in values:
                self.vgpu_write(IDLE, name, "")
                self.expect(OK, "sched", "set", IDLE.upper(), f"{name}={value}")
                self.assertEqual(self.machine.read(self.vgpu_file(IDLE, name)),
                                 str(value))

    def test_several(self):
        self.fill()
        for name in ("weight", "cap_percent"):
            self.vgpu_write(USED, name, "")
        value = self.expect_json(OK, "sched", "set", USED, "weight=200",
                                 "cap_percent=50")
        self.assertEqual(value, {"version": 1, "gpu": GPU, "uuid": USED,
                                 "set": {"weight": 200, "cap_percent": 50}})
        self.assertEqual(self.machine.read(self.vgpu_file(USED, "weight")), "200")
        self.assertEqual(self.machine.read(self.vgpu_file(USED, "cap_percent")), "50")
        value = self.expect_json(OK, "sched", "set", "01:00.0",
                                 "scheduler=fixed_share", "fault_limit=5")
        self.assertEqual(value, {"version": 1, "gpu": GPU, "set": {
            "scheduler": "fixed_share", "fault_limit": 5}})

    def test_the_only_gpu(self):
        self.expect(NOT_FOUND, "sched", "set", "sched_hz=100", err="doctor")
        self.fill()
        self.expect_unchanged(USAGE, "sched", "set", "sched_hz=100",
                              err="there are 2 GPUs")
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{GPU2}"))
        self.gpu_write(GPU, "sched_hz", "")
        value = self.expect_json(OK, "sched", "set", "sched_hz=100")
        self.assertEqual(value["gpu"], GPU)
        self.assertEqual(self.machine.read(self.gpu_file(GPU, "sched_hz")), "100")

    def test_bad_names(self):
        self.fill()
        for name in ("", "wieght", "Weight", " weight", "weight ", "state",
                     "../weight", "weight\n", b"\xff\xfe", "\x1b[31m",
                     "x" * 100000, "last_error", "weigh", "weightx" * 10):
            text = name + (b"=1" if isinstance(name, bytes) else "=1")
            self.expect_unchanged(USAGE, "sched", "set", USED, "cap_percent=5",
                                  text, err="there is no setting")
            self.expect_unchanged(USAGE, "sched", "set", "--gpu", GPU, text,
                                  err="there is no setting")
        self.expect_unchanged(USAGE, "sched", "set", "--gpu", GPU, "weight=5",
                              err="a setting of vGPUs")
        self.expect_unchanged(USAGE, "sched", "set", USED, "scheduler=x",
                              err="a setting of GPUs")
        value = self.expect_json(USAGE, "sched", "set", USED, "wieght=1")
        self.assertIn("weight, cap_percent", value["error"]["message"])

    def test_bad_values(self):
        self.fill()
        for value in ("", " ", "10001", "0", "-1", "+1", "1.5", "1e3", "0x10",
                      "ten", "1 ", " 1", "1\n", "100=", "\u0661", b"\xff",
                      "9" * 30, "1" * 100000, "18446744073709551616", "\x1b[2J"):
            text = (b"weight=" + value if isinstance(value, bytes) else
                    "weight=" + value)
            self.expect_unchanged(USAGE, "sched", "set", USED, "cap_percent=5",
                                  text, err="weight can't be")
        for text in ("cap_percent=0", "cap_percent=101", "frozen=2", "frozen=no",
                     "timeslice_us=99", "timeslice_us=1000001"):
            self.expect_unchanged(USAGE, "sched", "set", USED, text,
                                  err="it is a number of")
        for text in ("sched_hz=10001", "timeslice_us=99", "timeslice_us=1",
                     "averaging_factor=0", "averaging_factor=61",
                     "preempt_timeout_us=99", "preempt_timeout_us=0",
                     "fault_limit=101", "fault_window_s=0",
                     "fault_window_s=3601", "scheduler=", "scheduler=Equal",
                     "scheduler=[best_effort]", "scheduler=best effort",
                     "scheduler=" + "x" * 100000, b"scheduler=\xff"):
            first = "fault_limit=4"
            if text == "fault_limit=101":
                first = "sched_hz=4"
            self.expect_unchanged(USAGE, "sched", "set", "--gpu", GPU, first,
                                  text, err="can't be")
        self.expect_unchanged(USAGE, "sched", "set", "--gpu", GPU,
                              "scheduler=best", err="equal_share fixed_share")
        self.expect_json(USAGE, "sched", "set", USED, "weight=0")

    def test_bad_arguments(self):
        self.fill()
        for args in ([], [USED], ["--gpu", GPU], [GPU], ["--gpu"], ["--gpu="],
                     ["--gpu", "x", "sched_hz=1"], ["weight"], [USED, "weight"],
                     [USED, "weight", "=", "5"], [USED, IDLE, "weight=5"],
                     ["", "weight=5"], ["GPU0", "sched_hz=5"],
                     [USED, ""], [b"\xff", "weight=5"],
                     ["--gpu", GPU, USED, "weight=5"],
                     ["--gpu", GPU, GPU, "sched_hz=5"],
                     [USED, "weight=5", "weight=6"],
                     [GPU, "sched_hz=100", "timeslice_us=10000"],
                     [USED, "weight=5", "--force"], [USED, "weight=5", "--once"]):
            self.expect_unchanged(USAGE, "sched", "set", *args)
        self.expect_unchanged(USAGE, "sched", "set", "weight", err="weight=VALUE")

    def test_what_is_not_there(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "sched", "set", NEW, "weight=5", err=NEW)
        self.expect_unchanged(NOT_FOUND, "sched", "set", FOREIGN, "weight=5",
                              err="other-type")
        for bdf in (NIC, "0000:99:00.0"):
            self.expect_unchanged(NOT_FOUND, "sched", "set", "--gpu", bdf,
                                  "sched_hz=5", err=bdf)
            self.expect_json(NOT_FOUND, "sched", "set", bdf, "sched_hz=5")

    def test_no_engine(self):
        self.fill()
        self.gpu_write(GPU, "scheduler", "none\n")
        self.expect_unchanged(FAILURE, "sched", "set", "--gpu", GPU,
                              "scheduler=equal_share", err="no engine")

    def test_older_module(self):
        """What it lacks is known before anything is written."""
        self.fill()
        os.unlink(self.machine.path(self.vgpu_file(USED, "cap_percent")))
        self.expect_unchanged(FAILURE, "sched", "set", USED, "weight=5",
                              "cap_percent=5", err="no setting cap_percent")

    def refuse(self, path, reason):
        """Makes the kernel answer EINVAL to numbers over 1000."""
        os.unlink(self.machine.path(path))
        os.symlink("/proc/self/oom_score_adj", self.machine.path(path))
        self.gpu_write(GPU, "last_error", reason)

    def test_refused(self):
        """The reason of the driver, and what was set before."""
        self.fill()
        reason = f"vGPU {USED}: timeslice_us not changed: it is being reset"
        self.refuse(self.vgpu_file(USED, "timeslice_us"), reason + "\n")
        self.expect_unchanged(FAILURE, "sched", "set", USED, "timeslice_us=2000",
                              err=f"refused timeslice_us=2000: {reason}\n")
        args = ("sched", "set", USED, "weight=7", "timeslice_us=2000",
                "cap_percent=5", "frozen=1")
        self.vgpu_write(USED, "weight", "")
        self.expect(FAILURE, *args,
                    err=f"{reason}; was set: weight=7; was not tried: "
                        "cap_percent, frozen\n")
        self.assertEqual(self.machine.read(self.vgpu_file(USED, "weight")), "7")
        self.assertEqual(self.machine.read(self.vgpu_file(USED, "frozen")), "0\n")
        value = self.expect_json(FAILURE, *args)
        self.assertEqual(value["set"], {"weight": 7})
        self.assertEqual(value["not_set"],
                         ["timeslice_us", "cap_percent", "frozen"])
        self.expect(FAILURE, "sched", "set", USED, "timeslice_us=2000",
                    "weight=1", err="nothing was set; was not tried: weight")

    def test_refused_without_a_reason(self):
        self.fill()
        for reason, said in (
                ("", "Invalid argument"),
                ("scheduler not changed: somebody else's", "Invalid argument"),
                (b"sched_hz \x1b[2J\xff", "\\x1b[2J\\xff")):
            self.refuse(self.gpu_file(GPU, "sched_hz"), reason)
            result = self.expect_unchanged(FAILURE, "sched", "set", GPU,
                                           "sched_hz=2000", err=said)
            self.assertNotIn(b"somebody", result.err)


class Log(SchedTest):
    def fill(self):
        super().fill()
        self.write_log(LOG)

    def write_log(self, log):
        for bdf in (GPU, GPU2):
            self.machine.write(f"sys/kernel/debug/openvgpu/{bdf}/switches", log)

    def test_log(self):
        self.fill()
        out = self.expect_unchanged(OK, "sched", "log", GPU).out.decode()
        lines = out.splitlines()
        self.assertEqual(len(lines), 5, out)
        self.assertRegex(lines[2], rf"^1\.000000000 +0 +quantum +2\.083 ms "
                                   rf"+2\.090 ms +50\.000 us +6\.249 ms +{USED}$")
        self.assertRegex(lines[3], r" slot +.* -$")
        self.assertRegex(lines[4], r" idle +- +18446744073\.710 s ")
        self.assertIn(GPU2, self.expect(OK, "sched", "log").out.decode())

    def test_json(self):
        self.fill()
        gpus = self.expect_json(OK, "sched", "log")["gpus"]
        self.assertEqual([g["gpu"] for g in gpus], [GPU, GPU2])
        self.assertEqual(len(gpus[0]["switches"]), 3)
        self.assertEqual(gpus[0]["switches"][0], {
            "time_ns": 1000000000, "runqueue": 0, "partition": 3, "uuid": USED,
            "reason": "quantum", "quantum_ns": 2083333, "run_ns": 2090000,
            "switch_ns": 50000, "wait_ns": 6249000})
        self.assertIsNone(gpus[0]["switches"][1]["partition"])
        self.assertIsNone(gpus[0]["switches"][1]["uuid"])
        self.assertEqual(gpus[0]["switches"][2]["run_ns"], 2 ** 64 - 1)

    def test_empty(self):
        self.fill()
        for log in ("", LOG.splitlines()[0] + "\n", "#"):
            self.write_log(log)
            gpu = self.expect_json(OK, "sched", "log", GPU)["gpus"][0]
            self.assertEqual(gpu["switches"], [])
            self.expect(OK, "sched", "log", GPU)

    def test_more_fields(self):
        """A newer driver may say more in a line."""
        self.fill()
        self.write_log(LOG.replace(" 6249000\n", " 6249000 17 x\n"))
        gpu = self.expect_json(OK, "sched", "log", GPU)["gpus"][0]
        self.assertEqual(gpu["switches"][0]["wait_ns"], 6249000)

    def test_not_understood(self):
        self.fill()
        for line in (b"x", b"1 0 3", LOG.encode().replace(b"quantum", b"q" * 99),
                     LOG.encode().replace(b"1000000000 0", b"1000000000 -1"),
                     LOG.encode().replace(b" 3 ", b" x "),
                     LOG.encode().replace(USED.encode(), b"../../etc"),
                     LOG.encode()[:-1] + b"9" * 40, b"\xff\xfe\n" * 1000,
                     LOG.encode().replace(b" 6249000", b"")):
            self.write_log(line)
            self.expect(FAILURE, "sched", "log", GPU, err="does not know")
            self.expect_json(FAILURE, "sched", "log", GPU)

    def test_endless(self):
        self.fill()
        path = self.machine.path(f"sys/kernel/debug/openvgpu/{GPU}/switches")
        os.unlink(path)
        os.symlink("/dev/zero", path)
        self.expect(FAILURE, "sched", "log", GPU, err="too large")

    def test_no_debugfs(self):
        self.fill()
        shutil.rmtree(self.machine.path(f"sys/kernel/debug/openvgpu/{GPU}"))
        self.expect(FAILURE, "sched", "log", GPU, err="keeps no log")
        shutil.rmtree(self.machine.path("sys/kernel/debug/openvgpu"))
        self.expect(FAILURE, "sched", "log", GPU, err="mount -t debugfs")
        self.expect_json(FAILURE, "sched", "log", GPU)
        shutil.rmtree(self.machine.path("sys/kernel/debug"))
        self.expect(FAILURE, "sched", "log", GPU, err="no debugfs")

    def test_what_is_not_there(self):
        self.fill()
        self.expect(NOT_FOUND, "sched", "log", NIC, err=NIC)
        for name in ("", USED, "GPU0", b"\xff", "x" * 100000):
            self.expect_unchanged(USAGE, "sched", "log", "--", name)

    def test_no_module(self):
        self.expect(OK, "sched", "log", err="not loaded")
        self.assertEqual(self.expect_json(OK, "sched", "log")["gpus"], [])


class Usage(SchedTest):
    def test_help(self):
        out = self.expect(OK, "--help").out.decode()
        for command in ("sched show", "sched set", "sched log", "top"):
            self.assertIn(f"  {command} ", out)
            args = command.split()
            text = self.expect(OK, *args, "--help").out.decode()
            self.assertTrue(text.startswith(f"Usage: openvgpu {command} "), text)
            self.assertIn("Exit status", text)
            self.assertIn("--json", text)
        out = self.expect(OK, "sched", "--help").out.decode()
        self.assertEqual(re.findall(r"^  sched (\w+) ", out, re.M),
                         ["show", "set", "log"])

    def test_help_names_every_setting(self):
        out = self.expect(OK, "sched", "set", "--help").out.decode()
        for name in ("scheduler", *GPU_SETTINGS, *VGPU_SETTINGS):
            self.assertRegex(out, rf"\n  {name} ")
        self.assertRegex(out, r"weight +1-10000 ")
        self.assertRegex(out, r"sched_hz +0, 1-10000 ")
        self.assertTrue(all(len(line) <= 100 for line in out.splitlines()), out)

    def test_wrong(self):
        self.fill()
        for args in (["sched"], ["sched", ""], ["sched", "shw"], ["sched", "--frob"],
                     ["sched", "show", IDLE, USED], ["sched", "show", "--gpu", GPU],
                     ["sched", "log", GPU, GPU2], ["sched", b"\xff"], ["sch"],
                     ["sched", "x" * 100000], ["sched show"], ["show", "sched"]):
            self.expect_unchanged(USAGE, *args)
        value = self.expect_json(USAGE, "sched", "frob")
        self.assertIn("sched frob", value["error"]["message"])


if __name__ == "__main__":
    main()
