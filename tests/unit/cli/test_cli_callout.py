#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu callout on made-up trees: what mdevctl is told, which definitions and
changes are refused, and with which words. The suite callout has the real mdevctl."""

import json
import os
import re
import subprocess
import threading
import time

from cli_machine import (
    FAILURE, GPU, GPU2, IDLE, NEW, NIC, OK, OPENVGPU, USAGE, USED, FOR_NOW, VGPU_SETTINGS,
    CliTest, Result, main)

OTHERS = USAGE      # mdevctl's word for: ask another script
CAPABILITIES = {"version": 2,
                "actions": ["start", "stop", "define", "undefine", "modify",
                            "attributes", "capabilities"],
                "events": ["pre", "post", "notify", "get", "live"]}


class Callout(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", VGPU_SETTINGS)
        self.machine.add_attributes(GPU, {
            "scheduler": "[best_effort] equal_share",
            "framebuffer_free": 512 << 20, "largest_free": 256 << 20})

    def ask(self, event, action, uuid=IDLE, config=b"", kind="openvgpu-256mq",
            gpu=GPU, state="none"):
        """As mdevctl asks."""
        args = ["callout", "--", "-t", kind, "-e", event, "-a", action,
                "-s", state, "-u", uuid, "-p", gpu]
        if not isinstance(config, bytes):
            config = json.dumps({"mdev_type": kind, "start": "auto",
                                 "attrs": config}).encode()
        done = subprocess.run([OPENVGPU, *args], input=config, check=False,
                              capture_output=True, timeout=60,
                              env=self.environment())
        return self.check_result(args, Result(done.returncode, done.stdout,
                                              done.stderr))

    def answers(self, status, text, *args, **more):
        result = self.ask(*args, **more)
        self.assertEqual(result.status, status, result)
        self.assertIn(text.encode(), result.err, result)
        if status == OK:
            self.assertEqual(result.err, b"", result)
        return result

    def value(self, name, uuid=IDLE):
        return self.machine.read(
            f"sys/devices/pci0000:00/{GPU}/{uuid}/openvgpu/{name}").strip("\n")

    # ------------------------------------------------------------ the protocol

    def test_hidden(self):
        self.assertNotIn(b"callout", self.expect(OK, "--help").out)

    def test_of_others(self):
        for kind in ("nvidia-63", "", "openvgpu", "openvgpu-", "openvgpu-../x",
                     "openvgpu-1q/..", "openvgpu-" + "x" * 100):
            self.answers(OTHERS, "", "pre", "start", kind=kind)
        for uuid in ("", "x", "../x"):
            self.answers(OTHERS, "", "pre", "start", uuid=uuid)
        self.answers(OTHERS, "", "pre", "start", gpu="mtty")
        for args in ((), ("-t",), ("-t", "openvgpu-1q"), ("x",), ("-", "-t")):
            self.assertIn(self.run_cli("callout", "--", *args).status, (OTHERS,),
                          args)

    def test_capabilities(self):
        for uuid, gpu in ((IDLE, GPU), ("", "")):
            result = self.answers(OK, "", "get", "capabilities", uuid=uuid, gpu=gpu)
            self.assertEqual(json.loads(result.out)["supports"], CAPABILITIES)

    def test_nothing_to_do(self):
        for event, action in (("later", "dance"), ("notify", "start"),
                              ("post", "start"), ("post", "define"),
                              ("pre", "undefine"), ("get", "later")):
            result = self.answers(OK, "", event, action, config=b"{")
            self.assertEqual(result.out, b"")

    # --------------------------------------------------------- what is defined

    def kept(self, uuid=IDLE):
        result = self.answers(OK, "", "get", "attributes", uuid=uuid)
        return [(name, value) for entry in json.loads(result.out)
                for name, value in entry.items()]

    def test_attributes(self):
        chosen = lambda value: re.sub(r".*\[(.*)\].*", r"\1", str(value))
        every = [("openvgpu/" + name, chosen(value))
                 for name, value in VGPU_SETTINGS.items() if name not in FOR_NOW]
        kept = self.kept()
        self.assertEqual(sorted(kept), sorted(every))
        # The display and its limit depend on it.
        self.assertEqual(kept[0], ("openvgpu/personality", "native"))

    def test_attributes_that_cannot_be_written(self):
        names = lambda: [name.partition("/")[2] for name, _ in self.kept()]
        self.machine.add_attributes(f"{GPU}/{IDLE}", {
            "personality": "native [bochs]", "display": "[off]"})
        self.assertEqual(names(), ["personality", "weight", "cap_percent", "timeslice_us",
                                   "migration", "migration_throttle", "tenant"])
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"personality": "[bochs]"})
        self.machine.add_attributes(GPU, {"scheduler": "none"})
        self.assertEqual(names(), ["migration", "tenant"])
        self.machine.add_attributes(f"{GPU}/{IDLE}", VGPU_SETTINGS)
        self.assertIn("frame_rate_limit", names())
        self.machine.write(
            f"sys/devices/pci0000:00/{GPU}/mdev_supported_types/openvgpu-256mq/description",
            "num_heads=0, frl_config=60, framebuffer=256M, max_instance=4\n")
        self.assertNotIn("frame_rate_limit", names())

    def test_attributes_of_nothing(self):
        self.assertEqual(self.kept(NEW), [])

    # ------------------------------------------------------------- definitions

    def defines(self, status, text, config, **more):
        for action in ("define", "modify"):
            self.answers(status, text, "pre", action, uuid=NEW, config=config, **more)

    def test_define(self):
        self.defines(OK, "", b"")
        self.defines(OK, "", [])
        self.defines(OK, "", [{"openvgpu/weight": "512"},
                              {"openvgpu/display": "dmabuf"},
                              {"power/control": "on"}])

    def test_define_a_type_that_is_not_offered(self):
        self.defines(FAILURE, f"vGPU {NEW}: GPU {GPU} has no type openvgpu-9q; "
                     "it has openvgpu-256mq openvgpu-1q", [], kind="openvgpu-9q")
        # One that there is no room for now can be defined.
        self.defines(OK, "", [], kind="openvgpu-1q")
        # Nobody knows the types of a GPU that is not there.
        self.defines(OK, "", [], kind="openvgpu-9q", gpu="0000:99:00.0")
        self.defines(OK, "", [], kind="openvgpu-9q", gpu=NIC)

    def test_bad_values(self):
        for attribute, text in (
                ({"openvgpu/weight": "0"}, "openvgpu/weight can't be '0': it takes 1 to 10000"),
                ({"openvgpu/weight": "1" + "0" * 23}, "it takes 1 to 10000"),
                ({"openvgpu/weight": "much"}, "openvgpu/weight can't be 'much'"),
                ({"openvgpu/weight": ""}, "openvgpu/weight can't be ''"),
                ({"openvgpu/weight": "-5"}, "can't be '-5'"),
                ({"openvgpu/weight": " 5"}, "can't be ' 5'"),
                ({"openvgpu/weight": "5\n6"}, "can't be '5\\x0a6'"),
                ({"openvgpu/cap_percent": "101"}, "it takes 1 to 100"),
                ({"openvgpu/timeslice_us": "99"}, "it takes 100 to 1000000, or 0"),
                ({"openvgpu/frame_rate_limit": "61"}, "it takes 1 to 60, or 0"),
                ({"openvgpu/frozen": "2"}, "it takes 0 or 1"),
                ({"openvgpu/display": "gl"}, "it takes region, dmabuf or off"),
                ({"openvgpu/display": "region dmabuf"}, "it takes region, dmabuf or off"),
                ({"openvgpu/display": "of"}, "it takes region, dmabuf or off"),
                ({"openvgpu/personality": "vga"}, "it takes native or bochs"),
                ({"openvgpu/wieght": "5"}, "there is no setting 'openvgpu/wieght'; "
                 "there are openvgpu/ weight, cap_percent,"),
                ({"openvgpu/state": "closed"}, "there is no setting 'openvgpu/state'"),
                ({"openvgpu/../remove": "1"}, "there is no setting 'openvgpu/../remove'"),
                ({'openvgpu/"; reboot; "': "$(reboot)"}, "there is no setting"),
                # A number is a string to mdevctl, and was no value to us once.
                ({"openvgpu/weight": 50000}, 'entry 0 of "attrs"'),
                ({"openvgpu/weight": "5", "openvgpu/frozen": "7"}, 'entry 0 of "attrs"')):
            self.defines(FAILURE, text, [attribute])
        self.defines(FAILURE, "openvgpu/cap_percent can't be '0'",
                     [{"openvgpu/weight": "5"}, {"openvgpu/cap_percent": "0"}])

    def test_bad_definitions(self):
        good = b'{"mdev_type":"openvgpu-256mq","start":"auto"'
        for config in (b"{", b"[]", b"nonsense", good + b"} x", good + b',"attrs":7}',
                       good + b',"attrs":[{"openvgpu/weight":"\xff"}]}',
                       good + b"}" + b" " * 70000, b"{" * 100):
            self.defines(FAILURE, "its definition", config)

    # ------------------------------------------------------------------- start

    def test_start(self):
        self.answers(OK, "", "pre", "start", uuid=NEW)
        self.answers(FAILURE, "openvgpu/weight can't be '0'", "pre", "start", uuid=NEW,
                     config=[{"openvgpu/weight": "0"}])
        self.answers(FAILURE, f"GPU {GPU} has no room for another vGPU of type "
                     "openvgpu-1q: 512 MiB are free, 256 MiB of them in one piece",
                     "pre", "start", uuid=NEW, kind="openvgpu-1q")
        # mdevctl says itself that it exists.
        self.answers(OK, "", "pre", "start", uuid=IDLE, kind="openvgpu-1q")
        self.answers(FAILURE, f"GPU {GPU} has no type openvgpu-9q; it has",
                     "pre", "start", uuid=NEW, kind="openvgpu-9q")
        for gpu in ("0000:99:00.0", NIC):
            self.answers(FAILURE, f"no GPU {gpu} is bound to the driver openvgpu",
                         "pre", "start", uuid=NEW, gpu=gpu)

    def test_start_failed(self):
        reason = f"vGPU {NEW} not created: all 4 partitions are taken"
        self.machine.add_attributes(GPU, {"last_error": reason})
        self.answers(OK, "", "post", "start", uuid=NEW, state="success")
        result = self.ask("post", "start", uuid=NEW, state="failure")
        self.assertEqual((result.status, result.err),
                         (OK, f"openvgpu: {reason}\n".encode()))
        # What was said about another is of no interest.
        self.answers(OK, "", "post", "start", uuid=IDLE, state="failure")

    # -------------------------------------------------------------------- stop

    def test_stop(self):
        self.answers(OK, "", "pre", "stop")
        self.answers(OK, "", "pre", "stop", uuid=NEW)
        began = time.monotonic()
        self.answers(FAILURE, f"vGPU {USED}: process 4242 (qemu-system-x86) uses it; "
                     "end that first", "pre", "stop", uuid=USED)
        self.assertGreater(time.monotonic() - began, 1.5)

    def test_stop_lets_nobody_open_it_meanwhile(self):
        """From the look to the removal, and no longer when there is none."""
        for uuid in (IDLE, USED):
            self.machine.add_attributes(f"{GPU}/{uuid}", {"refuse_opens": 0})
        self.answers(OK, "", "pre", "stop")
        self.assertEqual(self.value("refuse_opens"), "1")
        self.answers(OK, "", "post", "stop", state="success")
        self.assertEqual(self.value("refuse_opens"), "1")
        self.answers(OK, "", "post", "stop", state="failure")
        self.assertEqual(self.value("refuse_opens"), "0")
        self.answers(FAILURE, "end that first", "pre", "stop", uuid=USED)
        self.assertEqual(self.value("refuse_opens", USED), "0")

    def test_stop_waits_for_a_process_that_ends(self):
        at = f"sys/devices/pci0000:00/{GPU}/{USED}/openvgpu/owner_pid"

        def end():
            # A reader never finds it half written.
            self.machine.write(at + ".new", "0\n")
            os.replace(self.machine.path(at + ".new"), self.machine.path(at))
        timer = threading.Timer(0.5, end)
        timer.start()
        self.answers(OK, "", "pre", "stop", uuid=USED)
        timer.join()

    # ------------------------------------------------------------ live changes

    def test_live(self):
        self.answers(OK, "", "live", "modify", config=[
            {"openvgpu/weight": "300"}, {"openvgpu/cap_percent": "100"}])
        self.assertEqual(self.value("weight"), "300")
        for attribute, text in (
                ({"openvgpu/cap_percent": "0"}, "openvgpu/cap_percent can't be '0'"),
                ({"power/control": "on"},
                 "power/control can't be changed while the device exists")):
            self.answers(FAILURE, text, "live", "modify",
                         config=[{"openvgpu/weight": "400"}, attribute])
            self.assertEqual(self.value("weight"), "300")
        self.answers(FAILURE, "it does not exist", "live", "modify", uuid=NEW)

    def test_live_while_a_vm_runs(self):
        self.answers(FAILURE, "openvgpu/display can't be changed from 'region' to 'dmabuf' "
                     "while process 4242 (qemu-system-x86) uses it; end that first",
                     "live", "modify", uuid=USED,
                     config=[{"openvgpu/weight": "200"}, {"openvgpu/display": "dmabuf"}])
        self.assertEqual(self.value("weight", USED), "100")
        self.answers(OK, "", "live", "modify", uuid=USED, config=[
            {"openvgpu/weight": "200"}, {"openvgpu/display": "region"},
            {"openvgpu/personality": "native"}])
        self.assertEqual(self.value("weight", USED), "200")
        self.assertEqual(self.value("display", USED), "[region] dmabuf off")

    def test_live_all_or_none(self):
        cap = self.machine.path(f"sys/devices/pci0000:00/{GPU}/{IDLE}/openvgpu/cap_percent")
        os.unlink(cap)
        self.answers(FAILURE, "this driver has no openvgpu/cap_percent", "live", "modify",
                     config=[{"openvgpu/weight": "450"}, {"openvgpu/cap_percent": "20"}])
        self.assertEqual(self.value("weight"), "100")
        # It can be read, and refuses what is written.
        os.symlink("/dev/full", cap)
        self.machine.add_attributes(GPU, {
            "last_error": f"vGPU {IDLE}: cap_percent not changed: because of the test"})
        self.answers(FAILURE, f"vGPU {IDLE}: openvgpu/cap_percent can't be changed from '' "
                     "to '20': cap_percent not changed: because of the test",
                     "live", "modify",
                     config=[{"openvgpu/weight": "450"}, {"openvgpu/cap_percent": "20"}])
        self.assertEqual(self.value("weight")[:3], "100")


if __name__ == "__main__":
    main()
