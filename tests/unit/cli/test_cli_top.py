#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu top on made-up trees: what it works out of the counters, once and
live in a terminal, while GPUs and vGPUs come and go."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile

from cli_machine import (
    GPU, GPU2, IDLE, INSIDE, NEW, NIC, NOT_FOUND, OK, OPENVGPU, OUTPUT, PLAIN, Result, USAGE, USED,
    CliTest, main)
from cli_terminal import Terminal

IN_CLOSE_NOWRITE = 0x10
MS = 1000000
INTERVAL = 2000     # milliseconds; what is written in between takes far less


class Watch:
    """Waits until a file was read."""

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init()
        if self.libc.inotify_add_watch(self.fd, path.encode(),
                                       IN_CLOSE_NOWRITE) < 0:
            raise OSError(ctypes.get_errno(), path)

    def wait(self):
        os.read(self.fd, 4096)
        os.close(self.fd)


class TopTest(CliTest):
    def fill(self):
        super().fill()
        for bdf in (GPU, GPU2):
            self.gpu_write(bdf, "scheduler", "[best_effort] equal_share\n")
            self.gpu_write(bdf, "timeslice_us", "2083\n")
            self.gpu_write(bdf, "state", "up\n")
        for uuid, used in ((IDLE, 0), (USED, 3 << 20)):
            self.prepare(uuid, used)

    def prepare(self, uuid, used=0):
        """What the scheduler adds to a vGPU."""
        for name, value in (("sched_state", "runnable"), ("weight", 150),
                            ("cap_percent", 90),
                            ("framebuffer_size", 256 << 20),
                            ("framebuffer_used", used)):
            self.machine.write(self.vgpu_file(uuid, f"openvgpu/{name}"),
                               f"{value}\n")
        self.count(uuid, wait_max_ns=6249000, faults=2)
        self.count(uuid)

    def gpu_write(self, bdf, name, value):
        self.machine.write(f"sys/devices/pci0000:00/{bdf}/openvgpu/{name}", value)

    def vgpu_file(self, uuid, name):
        return f"sys/devices/pci0000:00/{GPU}/{uuid}/{name}"

    def count(self, uuid, **counters):
        for name, value in (counters or dict(busy_ns=0, resident_ns=0,
                                             wait_ns=0)).items():
            self.machine.write(self.vgpu_file(uuid, f"stats/{name}"), f"{value}\n")

    def remove_vgpu(self, uuid):
        os.unlink(self.machine.path(f"sys/bus/mdev/devices/{uuid}"))
        shutil.rmtree(self.machine.path(self.vgpu_file(uuid, "")))

    def unbind(self, bdf):
        os.unlink(self.machine.path(f"sys/bus/pci/drivers/openvgpu/{bdf}"))

    def between(self, change, *args, status=OK, last=f"{GPU}/{IDLE}"):
        """Runs top once; change() is made between its two looks. last is the vGPU that
        it looks at last."""
        # And this the last file that it reads of it.
        watch = Watch(self.machine.path(f"sys/devices/pci0000:00/{last}/stats/faults"))
        process = subprocess.Popen(
            [OPENVGPU, "top", "--once", "--interval", str(INTERVAL), *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment())
        try:
            watch.wait()
            change()
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        result = self.check_result(args, Result(process.returncode, out, err))
        self.assertEqual(result.status, status, result)
        return result

    def between_json(self, change, *args, **options):
        gpus = json.loads(self.between(change, "--json", *args, **options).out)["gpus"]
        return gpus, {v["uuid"]: v for g in gpus for v in g["vgpus"]}


class Once(TopTest):
    def test_shares(self):
        self.fill()
        self.count(USED, busy_ns=10 ** 15, resident_ns=2 * 10 ** 15,
                   wait_ns=3 * 10 ** 15)

        def work():
            self.count(USED, busy_ns=10 ** 15 + 400 * MS,
                       resident_ns=2 * 10 ** 15 + 600 * MS,
                       wait_ns=3 * 10 ** 15 + 100 * MS)
            self.count(IDLE, busy_ns=200 * MS, resident_ns=200 * MS,
                       wait_ns=10 ** 13)

        gpus, vgpus = self.between_json(work)
        self.assertEqual([g["gpu"] for g in gpus], [GPU, GPU2])
        one, other = vgpus[USED], vgpus[IDLE]
        # The interval was at least as long as asked for.
        self.assertLessEqual(one["share_percent"], 100 * 600 / INTERVAL + 0.1)
        self.assertGreater(one["share_percent"], 0)
        self.assertAlmostEqual(one["share_percent"] / other["share_percent"], 3,
                               delta=0.1)
        self.assertAlmostEqual(one["share_percent"] / one["wait_percent"], 6,
                               delta=0.1)
        self.assertAlmostEqual(one["share_percent"] / one["busy_percent"], 1.5,
                               delta=0.1)
        self.assertAlmostEqual(gpus[0]["busy_percent"], one["busy_percent"] +
                               other["busy_percent"], delta=0.02)
        self.assertEqual(other["wait_percent"], 100)
        self.assertEqual(gpus[1]["busy_percent"], 0)

    def test_waits_and_lag(self):
        """Waits of the interval, not of before; a lag with its sign."""
        self.fill()
        before = [0] * 30 + [500, 0]

        def histogram(waits):
            self.machine.write(self.vgpu_file(USED, "stats/wait_histogram"),
                               " ".join(map(str, waits)) + "\n")

        def work():
            histogram([0, 0, 60, 0, 0, 38, 0, 0, 0, 2] + [0] * 20 + [500, 0])

        histogram(before)
        self.machine.write(self.vgpu_file(USED, "stats/lag_ns"), "-1234567\n")
        self.machine.write(self.vgpu_file(IDLE, "stats/lag_ns"), "8000000\n")
        _gpus, vgpus = self.between_json(work)
        self.assertEqual(vgpus[USED]["wait_p50_ns"], 1024 << 2)
        self.assertEqual(vgpus[USED]["wait_p99_ns"], 1024 << 9)
        self.assertEqual(vgpus[USED]["lag_ns"], -1234567)
        self.assertEqual(vgpus[IDLE]["lag_ns"], 8000000)
        self.assertIsNone(vgpus[IDLE]["wait_p99_ns"])
        out = self.expect(OK, "top", "--interval", "50").out.decode()
        self.assertRegex(out, rf"6\.2 ms +-1\.2ms +4242 +2  {USED}\n")
        self.assertRegex(out, rf"6\.2 ms +\+8\.0ms +- +2  {IDLE}\n")

    def test_json(self):
        self.fill()
        value = self.expect_json(OK, "top", "01:00.0", "--interval", "50")
        self.assertRegex(value.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(value, {
            "version": 1, "interval_ms": 50, "gpus": [{
                "gpu": GPU, "state": "up", "scheduler": "best_effort",
                "timeslice_us": 2083, "busy_percent": 0, "vgpus": [{
                    "uuid": uuid, "type": "openvgpu-256mq", "instance": None,
                    "sched_state": "runnable", "share_percent": 0,
                    "busy_percent": 0, "wait_percent": 0, "weight": 150,
                    "cap_percent": 90, "cap_ceiling_percent": None, "framebuffer_bytes": 256 << 20,
                    "framebuffer_used_bytes": used, "wait_p50_ns": None,
                    "wait_p99_ns": None, "wait_max_ns": 6249000, "lag_ns": None,
                    "owner_pid": pid, "faults": 2}
                    for uuid, used, pid in ((USED, 3 << 20, 4242),
                                            (IDLE, 0, None))], "instances": []}]})

    def test_instances(self):
        """Below their GPU instance, behind those of the pool, and a GPU is as busy as
        the compute slices that are."""
        self.fill_divisible()
        for uuid in (INSIDE, PLAIN):
            self.machine.add_attributes(f"{GPU2}/{uuid}", {
                "busy_ns": 0, "resident_ns": 0, "wait_ns": 0, "faults": 0}, "stats")

        def work():
            # Longer than any interval: all the time.
            self.machine.add_attributes(f"{GPU2}/{INSIDE}", {
                "busy_ns": 10 ** 15, "resident_ns": 10 ** 15}, "stats")

        gpus, vgpus = self.between_json(work, last=f"{GPU2}/{PLAIN}")
        self.assertEqual((vgpus[INSIDE]["instance"], vgpus[PLAIN]["instance"]), (1, 0))
        self.assertEqual(gpus[0]["instances"], [])
        instance, = gpus[1]["instances"]
        self.assertEqual((instance["name"], instance["busy_percent"]), ("train", 100))
        self.assertEqual(gpus[1]["busy_percent"], 25)
        for sort in ("uuid", "share"):
            lines = self.expect(OK, "top", GPU2, "--interval", "50", "--sort",
                                sort).out.decode().splitlines()
            self.assertTrue(lines[2].endswith(PLAIN), lines)
            self.assertEqual(lines[3], "instance 1 train  2g.256m  compute 0-1  scheduler "
                             "best_effort  slice 2083 us  busy 0.0 %")
            self.assertTrue(lines[4].endswith(INSIDE), lines)
        # One that nobody knows any more, or yet.
        shutil.rmtree(self.machine.path(f"sys/devices/pci0000:00/{GPU2}/instances/1"))
        lines = self.expect(OK, "top", GPU2, "--interval", "50").out.decode().splitlines()
        self.assertTrue(lines[3].endswith(INSIDE), lines)

    def test_table(self):
        """Not on a terminal: one table, without being told."""
        self.fill()
        out = self.expect_unchanged(OK, "top", "--interval", "50").out.decode()
        lines = out.splitlines()
        self.assertEqual(lines[0], f"GPU {GPU}  scheduler best_effort  "
                                   "slice 2083 us  busy 0.0 %  2 vGPUs")
        self.assertRegex(lines[2], r"^runnable +0\.0 +0\.0 +150 +90 +3/256 "
                                   rf"+- +- +6\.2 ms +- +4242 +2  {USED}$")
        self.assertRegex(lines[3], rf" - +2  {IDLE}$")
        self.assertTrue(lines[5].startswith(f"GPU {GPU2} "), out)
        self.gpu_write(GPU, "state", "dead\n")
        out = self.expect(OK, "top", GPU, "--interval", "50").out.decode()
        self.assertIn("state dead", out)

    def test_order(self):
        self.fill()
        self.count(IDLE, wait_max_ns=9)
        self.count(USED, wait_max_ns=7)
        self.machine.write(self.vgpu_file(USED, "openvgpu/framebuffer_size"), "9")

        def work():
            self.count(IDLE, busy_ns=1, resident_ns=300 * MS, wait_ns=0)
            self.count(USED, busy_ns=1, resident_ns=0, wait_ns=300 * MS)

        for key, first in (("share", IDLE), ("wait", USED)):
            self.fill_counters()
            gpus, _ = self.between_json(work, "--sort", key)
            self.assertEqual(gpus[0]["vgpus"][0]["uuid"], first, key)
        for key, first in (("longest", IDLE), ("framebuffer", IDLE),
                           ("uuid", USED)):
            value = self.expect_json(OK, "top", "--sort", key, "--interval", "50")
            self.assertEqual(value["gpus"][0]["vgpus"][0]["uuid"], first, key)

    def fill_counters(self):
        for uuid in (IDLE, USED):
            self.count(uuid)

    def test_come_and_go(self):
        """What was not there before has no share yet; what is gone has none."""
        self.fill()

        def change():
            self.remove_vgpu(USED)
            self.machine.add_vgpu(NEW, GPU, "256mq")
            self.prepare(NEW)

        _, vgpus = self.between_json(change)
        self.assertEqual(set(vgpus), {IDLE, NEW})
        self.assertIsNone(vgpus[NEW]["share_percent"])
        self.assertEqual(vgpus[IDLE]["share_percent"], 0)

    def test_opened_anew(self):
        """Hardware counters start again at 0 then."""
        self.fill()
        self.count(USED, busy_ns=0, resident_ns=10 ** 18, wait_ns=10 ** 18)
        _, vgpus = self.between_json(
            lambda: self.count(USED, busy_ns=0, resident_ns=200 * MS, wait_ns=0))
        self.assertLessEqual(vgpus[USED]["share_percent"],
                             100 * 200 / INTERVAL + 0.1)
        self.assertGreater(vgpus[USED]["share_percent"], 0)
        self.assertEqual(vgpus[USED]["wait_percent"], 0)

    def test_gpu_goes(self):
        self.fill()
        gpus, _ = self.between_json(lambda: self.unbind(GPU))
        self.assertEqual([g["gpu"] for g in gpus], [GPU2])
        self.machine.link(f"sys/bus/pci/drivers/openvgpu/{GPU}",
                          f"sys/devices/pci0000:00/{GPU}")
        result = self.between(lambda: self.unbind(GPU), GPU, status=NOT_FOUND)
        self.assertIn(b"went away", result.err)
        self.assertEqual(result.out, b"")

    def test_hostile_counters(self):
        self.fill()
        for value in (b"-1", b"\xff", b"", b"1" * 5000, b"0x1"):
            self.machine.write(self.vgpu_file(USED, "stats/resident_ns"), value)
            # What is not known comes last.
            vgpu = self.expect_json(OK, "top", GPU, "--interval",
                                    "50")["gpus"][0]["vgpus"][1]
            self.assertEqual((vgpu["uuid"], vgpu["share_percent"]), (USED, None))
        self.machine.write(self.vgpu_file(USED, "openvgpu/sched_state"),
                           b"\x1b[2J" * 99)
        self.gpu_write(GPU, "scheduler", b"[\x1b[2J]")
        self.gpu_write(GPU, "state", b"\x1b]0;x\x07" * 50)
        self.expect(OK, "top", "--once", "--interval", "50")

    def test_older_module(self):
        """No counters, no settings: dashes."""
        super().fill()
        shutil.rmtree(self.machine.path(self.vgpu_file(USED, "openvgpu")))
        shutil.rmtree(self.machine.path(self.vgpu_file(USED, "stats")))
        out = self.expect(OK, "top", "--interval", "50").out.decode()
        self.assertRegex(out, rf"\n- +- +- +- +- +- +- +- +- +- +- +-  {USED}\n")

    def test_nothing_there(self):
        self.expect(OK, "top", err="not loaded")
        self.assertEqual(self.expect_json(OK, "top")["gpus"], [])
        self.fill()
        self.expect_unchanged(NOT_FOUND, "top", NIC, err=NIC)
        self.expect_json(NOT_FOUND, "top", "99:00.0")

    def test_bad_arguments(self):
        self.fill()
        for interval in ("", "0", "49", "60001", "-1", "1.5", "9" * 30,
                         "9" * 100000, b"\xff", "0x100", " 100"):
            self.expect_unchanged(USAGE, "top", "--interval", interval,
                                  err="50 to 60000")
        for key in ("", "cap", "SHARE", b"\xff", "x" * 100000):
            self.expect_unchanged(USAGE, "top", "--sort", key, err="sort")
        for args in ([USED], ["GPU0"], [""], [GPU, GPU2], ["--once=1"],
                     ["--interval"], ["--sort"], ["--gpu", GPU], ["--frob"]):
            self.expect_unchanged(USAGE, "top", *args)
        for command in ("list", "show"):
            self.expect_unchanged(USAGE, command, "--once")
            self.expect_unchanged(USAGE, command, "--interval", "100")


class Follow(TopTest):
    def follow(self, *args, stdout=subprocess.PIPE):
        process = subprocess.Popen(
            [OPENVGPU, "top", "--follow", "--interval", "50", *args], stdout=stdout,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        if process.stdout:
            self.addCleanup(process.stdout.close)
        return process

    def until(self, process, seen):
        """Reads objects until one is as wanted."""
        for line in process.stdout:
            value = json.loads(line)
            self.assertEqual((value["version"], value["interval_ms"]), (1, 50))
            if seen(value):
                return value
        return self.fail(f"it ended: {process.stderr.read()}")

    def test_json(self):
        """An object a line, whatever comes and goes, until it is stopped."""
        self.fill()
        process = self.follow("--json", GPU)
        first = self.until(process, lambda value: len(value["gpus"][0]["vgpus"]) == 2)
        self.count(USED, resident_ns=10 ** 15)
        busy = self.until(process, lambda value: any(
            vgpu["share_percent"] for vgpu in value["gpus"][0]["vgpus"]))
        self.assertLess(first["time"], busy["time"])
        self.remove_vgpu(IDLE)
        self.until(process, lambda value: len(value["gpus"][0]["vgpus"]) == 1)
        self.unbind(GPU)
        self.until(process, lambda value: value["gpus"] == [])
        self.machine.link(f"sys/bus/pci/drivers/openvgpu/{GPU}",
                          f"sys/devices/pci0000:00/{GPU}")
        self.until(process, lambda value: value["gpus"])
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        self.assertEqual((process.wait(30), process.stderr.read()), (0, b""))

    def test_table(self):
        self.fill()
        process = self.follow(GPU)
        times = [line for line in (process.stdout.readline() for _ in range(20))
                 if line.endswith(b"Z\n")]
        self.assertGreater(len(times), 1)
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
        self.assertEqual(process.wait(30), 0)
        self.assertNotIn(b"\x1b", out)

    def test_reader_goes(self):
        self.fill()
        process = self.follow("--json")
        process.stdout.close()
        self.assertEqual(process.wait(30), 0)
        with open("/dev/full", "w", encoding="ascii") as full:
            process = self.follow(stdout=full)
            self.assertEqual(process.wait(30), OUTPUT)
            self.assertIn(b"cannot write", process.stderr.read())

    def test_bad_arguments(self):
        self.fill()
        self.expect_unchanged(USAGE, "top", "--follow", "--once", err="both")
        self.expect_unchanged(NOT_FOUND, "top", "--follow", "99:00.0", err="99:00.0")
        self.expect_unchanged(USAGE, "list", "--follow")


class Live(TopTest):
    def start(self, *args, rows=24, columns=130, term="vt100"):
        self.errors = tempfile.TemporaryFile()
        self.addCleanup(self.errors.close)
        terminal = Terminal([OPENVGPU, "top", "--interval", "100", *args],
                            self.environment(TERM=term), rows, columns,
                            self.errors)
        self.addCleanup(terminal.close)
        return terminal

    def sees(self, terminal, *wanted, no=()):
        self.assertTrue(
            terminal.wait(lambda text: all(w in text for w in wanted) and
                          not any(n in text for n in no)),
            f"looked for {wanted} without {no}, saw\n{terminal.screen.text()}\n"
            + self.said())

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def ends(self, terminal, status=0):
        self.assertEqual(terminal.end(), status, self.said())
        self.assertEqual(self.said(), "")

    def first_vgpu(self, terminal):
        lines = terminal.screen.lines()
        return lines[3] if len(lines) > 3 else ""

    def test_table(self):
        self.fill()
        terminal = self.start()
        self.sees(terminal, "openvgpu top", f"GPU {GPU}", USED, IDLE,
                  f"GPU {GPU2}", "busy 0.0 %", "3/256", "6.2 ms", "4242")
        terminal.keys("q")
        self.ends(terminal)

    def test_keys(self):
        self.fill()
        self.count(IDLE, wait_max_ns=10 ** 12)
        terminal = self.start()
        for key, word, first in (("l", "by longest", IDLE), ("u", "by uuid", USED),
                                 ("r", "by uuid, reversed", IDLE),
                                 ("w", "by wait, reversed", IDLE),
                                 ("m", "by framebuffer, reversed", IDLE),
                                 ("s", "by share, reversed", IDLE),
                                 ("r", "by share  ", USED)):
            terminal.keys(key)
            self.sees(terminal, word)
            self.assertTrue(terminal.wait(
                lambda text, uuid=first: uuid in self.first_vgpu(terminal)),
                f"{key}: {terminal.screen.text()}")
        terminal.keys("x7\x1b[Z\x1b\t\nq")      # what means nothing does nothing
        self.ends(terminal)

    def test_come_and_go(self):
        self.fill()
        terminal = self.start()
        self.sees(terminal, USED, "2 vGPUs")
        self.remove_vgpu(USED)
        self.sees(terminal, IDLE, "1 vGPU\n", no=[USED])
        self.machine.add_vgpu(NEW, GPU, "256mq")
        self.prepare(NEW)
        self.sees(terminal, IDLE, NEW, "2 vGPUs")
        self.unbind(GPU)
        self.sees(terminal, GPU2, no=[GPU, IDLE, NEW])
        self.unbind(GPU2)
        self.sees(terminal, "NO GPU", no=[GPU2])
        self.machine.link(f"sys/bus/pci/drivers/openvgpu/{GPU}",
                          f"sys/devices/pci0000:00/{GPU}")
        self.sees(terminal, GPU, IDLE, NEW, no=["NO GPU"])
        terminal.keys("q")
        self.ends(terminal)

    def test_its_gpu_goes(self):
        self.fill()
        terminal = self.start(GPU)
        self.sees(terminal, GPU, no=[GPU2])
        self.unbind(GPU)
        self.sees(terminal, "THE GPU IS GONE", no=[IDLE])
        terminal.keys("q")
        self.ends(terminal)

    def test_resize(self):
        self.fill()
        terminal = self.start(columns=60)
        self.sees(terminal, "WEIGHT", no=[IDLE])
        terminal.resize(30, 140)
        self.sees(terminal, IDLE, GPU2)
        for rows, columns in ((1, 1), (2, 3), (1, 200), (50, 1), (3, 10)):
            terminal.resize(rows, columns)
            terminal.keys("sr")
        terminal.resize(24, 130)
        self.sees(terminal, USED, IDLE)
        terminal.keys("q")
        self.ends(terminal)

    def test_scroll(self):
        """More vGPUs than lines."""
        self.fill()
        many = [f"22222222-0000-0000-0000-{i:012d}" for i in range(30)]
        for uuid in many:
            self.machine.add_vgpu(uuid, GPU, "256mq")
            self.prepare(uuid)
        terminal = self.start("--sort", "uuid", rows=12)
        self.sees(terminal, USED, "32 vGPUs", no=[many[20], GPU2])
        terminal.keys("\x1bOB" * 3)    # down, as a VT100 says it
        self.sees(terminal, many[5], no=[USED])
        terminal.keys("\x1bOA" * 9)
        self.sees(terminal, USED, no=[many[9]])
        # What it does not know as a key of this terminal it must not mind.
        terminal.keys("\x1b[6~\x1b[5~\x1b[H\x1b[F")
        for uuid in many:
            self.remove_vgpu(uuid)
        self.sees(terminal, USED, IDLE, "2 vGPUs")
        terminal.keys("q")
        self.ends(terminal)

    def test_end_by_signal(self):
        """Interrupted or hung up: it ends, and leaves the terminal as it was."""
        self.fill()
        for action in ("interrupt", "terminate", "hang up"):
            terminal = self.start()
            self.sees(terminal, USED)
            if action == "interrupt":
                terminal.keys("\x03")
            elif action == "terminate":
                terminal.process.send_signal(signal.SIGTERM)
            else:
                terminal.hang_up()
                self.assertIn(terminal.process.wait(60), (0, -signal.SIGHUP))
                continue
            self.assertEqual(terminal.end(), 0, action)
            self.assertNotIn("Sanitizer", self.said())

    def test_odd_terminals(self):
        """A terminal that can't be filled gets one table."""
        self.fill()
        for term in ("", "no-such-terminal"):
            terminal = self.start(term=term, rows=40)
            self.assertEqual(terminal.end(), 0, self.said())
            self.assertIn(USED, terminal.screen.text())
            self.assertIn("not known", self.said())
        terminal = self.start("--once", rows=40)
        self.assertEqual(terminal.end(), 0)
        self.assertIn(USED, terminal.screen.text())
        self.assertNotIn("openvgpu top", terminal.screen.text())

    def test_not_there(self):
        self.fill()
        terminal = self.start(NIC)
        self.assertEqual(terminal.end(), NOT_FOUND)
        self.assertIn(NIC, self.said())


if __name__ == "__main__":
    main()
