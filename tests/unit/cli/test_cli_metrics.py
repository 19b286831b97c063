#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu metrics on made-up trees, read by a parser of the text format that
was written from its description. promtool judges too, in
tests/vm/suites/documents.sh."""

import os
import re
import stat

from cli_machine import (
    GPU, GPU2, IDLE, INSIDE, OK, OUTPUT, PLAIN, USAGE, USED, CliTest, main)

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\Z)')

WAITS = [0, 5, 0, 0, 1] + [0] * 17 + [9] + [0] * 8 + [1]
GPU_FILES = {
    "framebuffer_total": 1 << 30, "framebuffer_free": 768 << 20,
    "largest_free": 512 << 20, "max_vgpus": 16, "timeslice_us": 2083,
    "family": "refgpu", "board": "REFGPU", "driver_version": "0.1.0",
    "work_mode": "mixed [graphics] compute",
    "state": "up", "scheduler": "best_effort [equal_share] fixed_share"}
VGPU_FILES = {
    "framebuffer_size": 256 << 20, "framebuffer_used": 1 << 20,
    "guest_driver": "0.2.0 1.0-1.2 ok", "weight": 200,
    "cap_percent": 50, "frame_rate_limit": 60, "last_fault": 2,
    "cap_ceiling_percent": 25, "frame_rate_ceiling": 15, "tenant": "blue",
    "notice": "none grace [limited]"}
STATS = {
    "busy_ns": 1500000000, "resident_ns": 1, "wait_ns": 18446744073709551615,
    "slices": 1500, "preemptions": 3, "overrun_ns": 12, "idle_ns": 0,
    "switches": 7, "switch_ns": 350000, "faults": 2, "resets": 1,
    "violations": 0, "bad_accesses": 4, "interrupts": 5, "packets": 6,
    "bytes_read": 4096, "bytes_written": 8192, "dma_pinned_bytes": 12288,
    "wait_histogram": " ".join(map(str, WAITS)), "wait_sum_ns": 5500000000,
    "lag_ns": -2500000}


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


class MetricsTest(CliTest):
    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.machine.add_attributes(bdf, GPU_FILES)
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_FILES)
            self.machine.add_attributes(f"{GPU}/{uuid}", STATS, "stats")

    def parse(self, text):
        """Metrics by name, and samples by name and labels; checks the form."""
        kinds, samples, seen, current = {}, {}, set(), None
        self.assertTrue(text.endswith("\n"))
        for line in text.splitlines():
            if line.startswith("# HELP "):
                current = line.split(" ", 3)[2]
                self.assertNotIn(current, seen, "samples are not together")
                seen.add(current)
                self.assertTrue(line.split(" ", 3)[3])
                continue
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.assertEqual(name, current)
                kinds[name] = kind
                continue
            match = SAMPLE.fullmatch(line)
            self.assertTrue(match, line)
            name, labels, value = match.groups()
            pairs, at = [], 0
            while labels and at < len(labels):
                label = LABEL.match(labels, at)
                self.assertTrue(label, line)
                pairs.append((label[1], unescape(label[2])))
                at = label.end()
            base = re.sub("_(bucket|count|sum)$", "", name) \
                if kinds.get(current) == "histogram" else name
            self.assertEqual(base, current, line)
            key = (name, frozenset(pairs))
            self.assertNotIn(key, samples, line)
            samples[key] = float(value)
        return kinds, samples

    def metrics(self):
        return self.parse(self.expect_unchanged(OK, "metrics").out.decode())

    def value(self, samples, metric, **labels):
        return samples[("openvgpu_" + metric, frozenset(labels.items()))]


class Metrics(MetricsTest):
    def test_names(self):
        """Names follow Prometheus' rules: base units, _total for counters."""
        self.fill()
        kinds, samples = self.metrics()
        for name, kind in kinds.items():
            self.assertTrue(name.startswith("openvgpu_"), name)
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            for unit in ("_ns", "_us", "_ms", "_percent", "_mib"):
                self.assertNotRegex(name, unit + "(_total)?$")
        for name, labels in samples:
            self.assertLessEqual({"gpu"} if "_gpu_" in name or "_vgpu_" in name
                                 else set(), {key for key, _ in labels})

    def test_gpu(self):
        self.fill()
        self.machine.add_attributes(GPU, {"serial": "0000000000000001"})
        _, samples = self.metrics()
        self.assertEqual(self.value(samples, "gpus"), 2)
        self.assertEqual(self.value(
            samples, "gpu_info", gpu=GPU, gpu_uuid="1b360100-0000-8000-8000-000004000000",
            work_mode="graphics", family="refgpu", board="REFGPU",
            driver_version="0.1.0"), 1)
        for name, value in {"gpu_framebuffer_bytes": 1 << 30,
                            "gpu_framebuffer_allocated_bytes": 256 << 20,
                            "gpu_framebuffer_largest_free_bytes": 512 << 20,
                            "gpu_vgpus": 2, "gpu_max_vgpus": 16,
                            "gpu_timeslice_seconds": 0.002083}.items():
            self.assertEqual(self.value(samples, name, gpu=GPU), value, name)
        self.assertEqual([self.value(samples, "gpu_state", gpu=GPU, state=s)
                          for s in ("up", "reset", "going", "dead")],
                         [1, 0, 0, 0])
        self.assertEqual(self.value(samples, "gpu_scheduler_info", gpu=GPU,
                                    scheduler="equal_share"), 1)
        self.assertEqual(self.value(samples, "type_available_instances",
                                    gpu=GPU, type="openvgpu-256mq"), 2)
        self.assertEqual(self.value(samples, "type_available_instances",
                                    gpu=GPU, type="openvgpu-1q"), 0)

    def test_vgpu(self):
        self.fill()
        self.machine.write("proc/4242/cmdline", f"qemu\0-name\0guest=web\0-uuid\0{IDLE}\0")
        _, samples = self.metrics()
        who = {"gpu": GPU, "uuid": USED, "type": "openvgpu-256mq"}
        self.assertEqual(self.value(samples, "vgpu_info", **who, pid="4242",
                                    name="OpenVGPU TEST-256MQ",
                                    process="qemu-system-x86", vm="web", vm_uuid=IDLE,
                                    guest_driver="0.2.0", guest_verdict="ok",
                                    tenant="blue", notice="limited"), 1)
        for name, value in {
                "framebuffer_bytes": 256 << 20, "framebuffer_used_bytes": 1 << 20,
                "weight": 200, "cap_ratio": 0.5, "frame_rate_limit": 60,
                "cap_ceiling_ratio": 0.25, "frame_rate_ceiling": 15,
                "last_fault_code": 2, "engine_busy_seconds_total": 1.5,
                "engine_resident_seconds_total": 1e-9,
                "sched_wait_seconds_total": 18446744073.709551615,
                "timeslices_total": 1500, "preemptions_total": 3,
                "overrun_seconds_total": 12e-9, "reserved_idle_seconds_total": 0,
                "switches_total": 7, "switch_seconds_total": 350e-6,
                "faults_total": 2, "resets_total": 1, "violations_total": 0,
                "bad_accesses_total": 4, "interrupts_total": 5,
                "packets_total": 6, "memory_read_bytes_total": 4096,
                "memory_written_bytes_total": 8192,
                "dma_pinned_bytes": 12288}.items():
            self.assertEqual(self.value(samples, "vgpu_" + name, **who), value,
                             name)

    def test_instances(self):
        self.fill_divisible()
        self.machine.add_attributes(f"{GPU2}/{INSIDE}", STATS, "stats")
        kinds, samples = self.metrics()
        who = {"gpu": GPU2, "gpu_instance": "1"}
        self.assertEqual(self.value(samples, "instance_info", **who, name="train",
                                    profile="2g.256m", scheduler="best_effort",
                                    reserved="1"), 1)
        self.assertEqual(self.value(samples, "instance_compute_slices", **who), 2)
        self.assertEqual(self.value(samples, "instance_memory_bytes", **who), 256 << 20)
        self.assertEqual(self.value(samples, "instance_busy_seconds_total", **who), 1.5)
        self.assertEqual(kinds["openvgpu_instance_busy_seconds_total"], "counter")
        self.assertNotIn("openvgpu_queue_compute_slices", kinds)
        self.assertEqual(self.value(samples, "gpu_compute_slices", gpu=GPU2), 8)
        self.assertEqual(self.value(samples, "gpu_pool_compute_slices", gpu=GPU2), 6)
        self.assertEqual(self.value(
            samples, "vgpu_interrupts_total", **who, uuid=INSIDE,
            type="openvgpu-2-256mc"), 5)
        # Every sample of a vGPU says where it is; Prometheus owns "instance".
        for name, labels in samples:
            labels = dict(labels)
            self.assertNotIn("instance", labels)
            if "uuid" in labels:
                self.assertEqual(labels.get("gpu_instance"),
                                 {INSIDE: "1", PLAIN: "0"}.get(labels["uuid"]), name)

    def test_queues(self):
        self.fill_divisible()
        self.machine.add_queue(GPU2, 1, 2, "train.2", "1c.2g.256m", 0x02, 2, 2)
        _, samples = self.metrics()
        for queue in ("1", "2"):
            who = {"gpu": GPU2, "gpu_instance": "1", "queue": queue}
            self.assertEqual(self.value(samples, "queue_compute_slices", **who), 1)
            self.assertEqual(self.value(samples, "queue_busy_seconds_total", **who), 1.5)
        self.assertEqual(self.value(samples, "instance_compute_slices", gpu=GPU2,
                                    gpu_instance="1"), 2)

    def test_histogram(self):
        self.fill()
        kinds, samples = self.metrics()
        name = "openvgpu_vgpu_sched_wait_duration_seconds"
        self.assertEqual(kinds[name], "histogram")
        buckets = sorted((float(dict(labels)["le"]), value)
                         for (metric, labels), value in samples.items()
                         if metric == name + "_bucket" and
                         dict(labels)["uuid"] == USED)
        self.assertEqual(len(buckets), 12)
        self.assertEqual(buckets[0], (1.6384e-05, 6))
        self.assertEqual(buckets[-1], (float("inf"), sum(WAITS)))
        # Bucket 22 of the driver ends at 2^32 ns.
        self.assertEqual([v for le, v in buckets if 4 < le < 5], [15])
        self.assertEqual(buckets, sorted(buckets, key=lambda b: b[1]))
        self.assertEqual(samples[(name + "_count", frozenset(
            {"gpu": GPU, "uuid": USED, "type": "openvgpu-256mq"}.items()))],
            sum(WAITS))
        self.assertEqual(samples[(name + "_sum", frozenset(
            {"gpu": GPU, "uuid": USED, "type": "openvgpu-256mq"}.items()))], 5.5)

    def test_lag_has_a_sign(self):
        self.fill()
        kinds, samples = self.metrics()
        self.assertEqual(kinds["openvgpu_vgpu_lag_seconds"], "gauge")
        self.assertEqual(samples[("openvgpu_vgpu_lag_seconds", frozenset(
            {"gpu": GPU, "uuid": USED, "type": "openvgpu-256mq"}.items()))], -0.0025)

    def test_what_is_not_known_is_left_out(self):
        CliTest.fill(self)
        _, samples = self.metrics()
        self.assertFalse([n for n, _ in samples if "weight" in n])
        self.assertFalse([n for n, _ in samples if "histogram" in n])
        self.assertEqual(len([n for n, _ in samples
                              if n == "openvgpu_vgpu_info"]), 2)

    def test_no_gpu(self):
        _, samples = self.metrics()
        self.assertEqual(samples, {("openvgpu_gpus", frozenset()): 0})

    def test_hostile_text(self):
        self.fill()
        base = f"sys/devices/pci0000:00/{GPU}"
        self.machine.write(f"{base}/openvgpu/board", b'A"\\\n\x1b[2J\xff}\n')
        self.machine.write(f"{base}/{USED}/stats/busy_ns", "many\n")
        self.machine.write(f"{base}/{USED}/stats/wait_histogram", "1 2 x\n")
        self.machine.write(f"{base}/{USED}/openvgpu/weight", "9" * 4000)
        self.machine.write("proc/4242/comm", b'a"} 1\n# TYPE x\n')
        _, samples = self.metrics()
        boards = {dict(labels)["board"] for (name, labels) in samples
                  if name == "openvgpu_gpu_info"}
        self.assertIn('A"\\\n?[2J?}', boards)
        self.assertIn('a"} 1\n# TYPE x', {
            dict(labels)["process"] for (name, labels) in samples
            if name == "openvgpu_vgpu_info"})

    def test_json(self):
        self.fill()
        value = self.expect_json(OK, "metrics")
        metrics = {m["metric"]: m for m in value["metrics"]}
        _, samples = self.metrics()
        self.assertEqual(sum(len(m["samples"]) for m in metrics.values()),
                         len(samples))
        for sample in metrics["openvgpu_vgpu_weight"]["samples"]:
            self.assertEqual(sample["value"], 200)
            self.assertEqual(set(sample["labels"]), {"gpu", "uuid", "type"})


class Output(MetricsTest):
    def test_file(self):
        self.fill()
        path = self.machine.path("openvgpu.prom")
        result = self.expect(OK, "metrics", "--output", path)
        self.assertEqual((result.out, result.err), (b"", b""))
        with open(path, encoding="ascii") as file:
            self.parse(file.read())
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.assertEqual([n for n in os.listdir(self.machine.top)
                          if n.startswith(".")], [])

    def test_replaces(self):
        """Whoever has the old file open goes on reading the old one."""
        self.fill()
        self.machine.write("openvgpu.prom", "old\n")
        path = self.machine.path("openvgpu.prom")
        with open(path, encoding="ascii") as old:
            self.expect(OK, "metrics", "--output", path)
            self.assertEqual(old.read(), "old\n")
        self.assertIn("openvgpu_gpus 2", self.machine.read("openvgpu.prom"))

    def test_bad_names(self):
        self.fill()
        os.mkdir(self.machine.path("folder"))
        self.machine.write("file")
        for status, name in ((OUTPUT, self.machine.path("no/x.prom")),
                             (OUTPUT, self.machine.path("folder")),
                             (OUTPUT, self.machine.path("file/x.prom")),
                             (OUTPUT, self.machine.path("x" * 300)),
                             (OUTPUT, "x/" * 5000), (USAGE, "")):
            self.expect_unchanged(status, "metrics", "--output", name)

    def test_no_room(self):
        """Output that was lost is not output."""
        self.fill()
        with open("/dev/full", "w", encoding="ascii") as full:
            result = self.run_cli("metrics", stdout=full)
        self.assertEqual(result.status, OUTPUT, result)
        # Not "no capacity": that is about vGPUs.
        self.expect(OUTPUT, "metrics", "--output", "/dev/full",
                    err="No space left")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/full").st_mode))

    def test_what_is_no_file_stays(self):
        """Anything but a regular file is written in place, by a link too."""
        self.fill()
        pipe = self.machine.path("pipe")
        os.mkfifo(pipe)
        os.symlink("pipe", self.machine.path("to-pipe"))
        for name in ("pipe", "to-pipe"):
            reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            self.expect(OK, "metrics", "--output", self.machine.path(name))
            self.assertTrue(stat.S_ISFIFO(os.lstat(pipe).st_mode), name)
            self.assertIn(b"openvgpu_gpus 2", os.read(reader, 1 << 16))
        self.assertTrue(os.path.islink(self.machine.path("to-pipe")))
        self.expect(OK, "metrics", "--output", "/dev/stderr")
        # A device, where we may make one: root's mistake is the worst.
        null = self.machine.path("null")
        try:
            os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            return
        self.expect(OK, "metrics", "--output", null)
        self.assertTrue(stat.S_ISCHR(os.lstat(null).st_mode))

    def test_links(self):
        """What a link leads to is replaced, not the link."""
        self.fill()
        os.mkdir(self.machine.path("folder"))
        self.machine.write("folder/old.prom", "old\n")
        for link, target in (("a", "folder/old.prom"), ("b", "folder/new.prom"),
                             ("folder/c", "d.prom"), ("e", "a")):
            os.symlink(target, self.machine.path(link))
            self.expect(OK, "metrics", "--output", self.machine.path(link))
            self.assertEqual(os.readlink(self.machine.path(link)), target)
            self.assertIn("openvgpu_gpus 2", self.machine.read(link))
        self.assertFalse(os.path.islink(self.machine.path("folder/d.prom")))
        os.symlink("loop", self.machine.path("loop"))
        self.expect_unchanged(OUTPUT, "metrics", "--output",
                              self.machine.path("loop"))

    def test_usage(self):
        self.fill()
        for args in (["metrics", "now"], ["metrics", "--output"],
                     ["metrics", "--gpu", GPU], ["list", "--output", "x"]):
            self.expect_unchanged(USAGE, *args)


if __name__ == "__main__":
    main()
