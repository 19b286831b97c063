#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the openvgpu command, built with sanitizers, on made-up trees of /sys,
/proc and /, and looks at what a user sees: output, exit status, and what the
command wrote. Real refusals of the module are tests/vm/suites/cli.sh's, the
scheduler's commands are test_cli_sched.py's."""

import json
import os
import re
import shutil
import uuid

from cli_machine import (
    BUSY, FAILURE, FOREIGN, GPU, GPU2, IDLE, NEW, NIC, NOT_FOUND, NO_CAPACITY,
    OK, OUTPUT, RELEASE, USAGE, USED, CliTest, main)


class Listing(CliTest):
    def test_list(self):
        self.fill()
        out = self.expect_unchanged(OK, "list").out.decode()
        self.assertEqual(len(out.splitlines()), 3, out)
        self.assertIn(IDLE, out)
        self.assertIn("4242 (qemu-system-x86)", out)
        self.assertNotIn(FOREIGN, out)

    def test_list_json(self):
        self.fill()
        vgpus = self.expect_json(OK, "list")["vgpus"]
        self.assertEqual(vgpus, [
            {"uuid": USED, "gpu": GPU, "type": "openvgpu-256mq",
             "name": "OpenVGPU TEST-256MQ", "state": "open",
             "owner_pid": 4242, "owner_name": "qemu-system-x86",
             "owner_ended": False,
             "iommu_group": 7, "guest_driver": None,
             "guest_interface": None, "guest_verdict": None,
             "instance": None, "compute_slices": None,
             "compute_instance": None, "tenant": None, "notice": None,
             "vm_name": None, "vm_uuid": None},
            {"uuid": IDLE, "gpu": GPU, "type": "openvgpu-256mq",
             "name": "OpenVGPU TEST-256MQ", "state": "closed",
             "owner_pid": None, "owner_name": None,
             "owner_ended": None, "iommu_group": 7, "guest_driver": None,
             "guest_interface": None, "guest_verdict": None,
             "instance": None, "compute_slices": None,
             "compute_instance": None, "tenant": None, "notice": None,
             "vm_name": None, "vm_uuid": None}])

    def test_guest_driver(self):
        self.fill()
        for line, words in (
                ("0.2.0 1.0-1.2 ok", None),
                ("none", None),
                ("0.1.0 0.1-0.9 guest_too_old", "driver 0.1.0 in its guest is "
                 "too old for this host: update the driver in the guest"),
                ("3.0.0 2.0-2.1 host_too_old", "this host is too old for driver "
                 "3.0.0 in its guest: update openvgpu on the host")):
            self.machine.add_attributes(f"{GPU}/{USED}", {"guest_driver": line})
            version, interface, verdict = (line.split() + [None] * 2)[:3]
            if line == "none":
                version = None
            for args in (("list",), ("show", USED)):
                err = self.expect_unchanged(OK, *args).err.decode()
                self.assertEqual(
                    err, f"openvgpu: vGPU {USED}: {words}\n" if words else "")
                self.assertEqual(self.expect(OK, *args, "--json").err, b"")
            self.assertEqual(self.expect(OK, "list", "--quiet").err, b"")
            self.assertEqual(
                self.expect(OK, "list", "-o", "driver").out.decode(),
                f"DRIVER\n{version or '-'}\n-\n")
            vgpu = self.expect_json(OK, "list")["vgpus"][0]
            self.assertEqual(
                [vgpu["guest_driver"], vgpu["guest_interface"],
                 vgpu["guest_verdict"]], [version, interface, verdict])
            self.assertEqual(self.expect_json(OK, "show", USED)["vgpu"]
                             ["attributes"]["guest_driver"], line)

    def test_filters(self):
        self.fill()
        self.machine.add_vgpu(NEW, GPU2, "2q")
        for args, uuids in ((["--gpu", "02:00.0"], [NEW]),
                            (["--type", "2q"], [NEW]),
                            (["--type", "openvgpu-256MQ"], [USED, IDLE]),
                            (["-t", "2q", "-g", GPU], [])):
            self.assertEqual([v["uuid"] for v in self.expect_json(
                OK, "list", *args)["vgpus"]], uuids, args)
            out = self.expect(OK, "list", "-q", *args).out.decode()
            self.assertEqual(out.split(), uuids, args)
        self.expect_unchanged(OK, "list", "--type", "77q", err="no such vGPU")
        self.expect_unchanged(NOT_FOUND, "list", "--gpu", NIC, err=NIC)
        self.expect_unchanged(USAGE, "list", "--type", "../x")
        types = self.expect_json(OK, "types", "--type", "256mq")["types"]
        self.assertEqual([(t["gpu"], t["type"]) for t in types],
                         [(GPU, "openvgpu-256mq"), (GPU2, "openvgpu-256mq")])
        self.expect_unchanged(NOT_FOUND, "types", "--type", "265mq",
                              err="did you mean '256mq'?")
        self.expect_unchanged(NOT_FOUND, "types", "--gpu", GPU, "--type", "2q")

    def test_columns(self):
        self.fill()
        self.assertEqual(
            self.expect(OK, "list", "--columns", "group,UUID,pid").out.decode(),
            f"GROUP  UUID                                  PID\n"
            f"7      {USED}  4242\n7      {IDLE}  -\n")
        self.assertEqual(
            self.expect(OK, "list", "-o", "process", "--no-legend").out.decode(),
            "qemu-system-x86\n-\n")
        self.assertEqual(
            self.expect(OK, "types", "-o", "TYPE,AVAILABLE", "-g", GPU,
                        "--no-legend").out.decode().split(),
            ["openvgpu-256mq", "2", "openvgpu-1q", "0"])
        out = self.expect(OK, "list").out.decode()
        self.assertEqual(self.expect(OK, "list", "--no-legend").out.decode(),
                         "".join(out.splitlines(True)[1:]))
        self.expect_unchanged(USAGE, "list", "-o", "uuid,sate",
                              err="did you mean 'STATE'?")
        for names in ("", ",", "uuid,", ",uuid", "uuid,,pid", "uuid pid",
                      "x" * 100000, b"\xff", ",".join(["uuid"] * 17)):
            self.expect_unchanged(USAGE, "list", "--columns", names)
        # Help names them all.
        for command in ("list", "types"):
            out = self.expect(OK, command, "--help").out.decode()
            names = re.search(r"^Columns: (.*)$", out, re.M)[1].split()
            out = self.expect(OK, command, "-o", ",".join(names)).out.decode()
            self.assertEqual(out.splitlines()[0].split(), names)
            result = self.expect(USAGE, command, "-o", "x")
            self.assertIn(", ".join(names).encode(), result.err)
        for option in (["-q"], ["-o", "uuid"], ["--no-legend"]):
            self.expect_unchanged(USAGE, "list", "--json", *option, err="--json")

    def test_types(self):
        self.fill()
        out = self.expect_unchanged(OK, "types").out.decode()
        self.assertEqual(len(out.splitlines()), 5, out)
        self.assertRegex(out, rf"{GPU} +openvgpu-1q +1 GiB +4 +1 +0 +OpenVGPU")
        out = self.expect(OK, "types", "--gpu", "02:00.0").out.decode()
        self.assertNotIn(GPU, out)
        self.assertIn("2 GiB", out)

    def test_uuid_of_a_gpu(self):
        self.fill()
        file = f"sys/devices/pci0000:00/{GPU}/openvgpu/serial"
        seen = {}
        for serial in ("0000000000000001", "0123456789abcdef", "fffffffffffffffe"):
            self.machine.write(file, serial + "\n")
            gpu = self.expect_json(OK, "show", GPU)["gpus"][0]
            number = uuid.UUID(gpu["uuid"])
            self.assertEqual((str(number), number.variant, number.version),
                             (gpu["uuid"], uuid.RFC_4122, 8))
            self.assertTrue(gpu["uuid"].startswith("1b360100-"), gpu)
            self.assertEqual(gpu["attributes"]["serial"], serial)
            self.assertIn(gpu["uuid"].encode(), self.expect(OK, "show", GPU).out)
            seen[gpu["uuid"]] = serial
        self.assertEqual(len(seen), 3)
        for bad in ("none", "", "0", "x" * 16, "0123456789abcdef0", "0123456789abcde"):
            self.machine.write(file, bad + "\n")
            self.assertIsNone(self.expect_json(OK, "show", GPU)["gpus"][0]["uuid"], bad)

    def test_bars(self):
        self.fill()
        file = f"sys/devices/pci0000:00/{GPU}/resource"
        self.assertEqual(self.expect_json(OK, "show", GPU)["gpus"][0]["bars"], [])
        self.machine.write(file, """\
0x00000000fe000000 0x00000000fe00ffff 0x0000000000040200
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x0000380000000000 0x00003803ffffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x000000000000e000 0x000000000000e07f 0x0000000000040101
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x00000000fd000000 0x00000000fd01ffff 0x0000000000046200
""")
        bars = self.expect_json(OK, "show", GPU)["gpus"][0]["bars"]
        self.assertEqual([(b["bar"], b["size_bytes"], b["memory"], b["prefetchable"])
                          for b in bars], [(0, 1 << 16, True, False),
                                           (2, 16 << 30, True, True),
                                           (4, 128, False, False)])
        self.assertRegex(self.expect(OK, "show", GPU).out.decode(),
                         r"\n  BAR 2 +16 GiB, memory, prefetchable\n")
        for bad in ("x\ny\n", "0x10 0x1 0x200\n", "\0" * 100, "0x1\n" * 3000):
            self.machine.write(file, bad)
            self.assertEqual(self.expect_json(OK, "show", GPU)["gpus"][0]["bars"], [])

    def test_types_say_why(self):
        self.fill()
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/openvgpu/why_unavailable",
                           "1q: no free part of the video memory is large enough\n")
        out = self.expect(OK, "types").out.decode().splitlines()
        self.assertTrue(out[0].endswith("WHY"), out)
        self.assertRegex(out[2], "openvgpu-1q .* OpenVGPU TEST-1Q +no free part of")
        self.assertRegex(out[1], "openvgpu-256mq .* OpenVGPU TEST-256MQ +-$")

    def test_types_json(self):
        self.fill()
        types = self.expect_json(OK, "types", "--gpu", GPU)["types"]
        self.assertEqual([t["type"] for t in types],
                         ["openvgpu-256mq", "openvgpu-1q"])
        self.assertEqual(types[0], {
            "gpu": GPU, "type": "openvgpu-256mq",
            "name": "OpenVGPU TEST-256MQ", "device_api": "vfio-pci",
            "available_instances": 2, "max_instance": 4, "num_heads": 4,
            "framebuffer_bytes": 256 << 20,
            "description": "num_heads=4, frl_config=60, framebuffer=256M, "
                           "max_resolution=5120x2880, max_instance=4",
            "compute_slices": 0, "why_unavailable": None, "series": "workstation",
            "max_width": 5120, "max_height": 2880, "frame_rate_limit": 60})
        file = (f"sys/devices/pci0000:00/{GPU}/mdev_supported_types/openvgpu-256mq/"
                "description")
        for text, size in (("max_resolution=0x0", None), ("max_resolution=5x", None),
                           ("max_resolution=x5", None), ("frl_config=x", None),
                           ("", None), ("max_resolution=1x2x3", None),
                           ("max_resolution=1024x768", (1024, 768))):
            self.machine.write(file, text + "\n")
            one, = self.expect_json(OK, "types", "-g", GPU, "-t", "256mq")["types"]
            self.assertEqual((one["max_width"], one["max_height"]), size or (None, None))
            self.assertIsNone(one["frame_rate_limit"])

    def test_what_types_are_for(self):
        self.fill()
        machine = self.machine
        machine.add_types(GPU2, {"1b": (1024, 1, 1), "1a": (1024, 1, 1),
                                 "2-1c": (1024, 1, 1), "x": (1024, 1, 1)})
        out = self.expect(OK, "types", "-g", GPU2, "--no-legend", "-o",
                          "type,series,resolution,frames").out.decode()
        self.assertEqual({tuple(line.split()) for line in out.splitlines()}, {
            (f"openvgpu-{kind}", series, "5120x2880", "60") for kind, series in (
                ("256mq", "workstation"), ("2q", "workstation"), ("1b", "desktop"),
                ("1a", "application"), ("2-1c", "compute"), ("x", "-"))})

    def test_types_of_what_is_not_there(self):
        self.fill()
        for bdf in ("0000:99:00.0", NIC):
            self.expect_unchanged(NOT_FOUND, "types", "--gpu", bdf, err=bdf)
            self.expect_json(NOT_FOUND, "types", "--gpu", bdf)

    def test_types_broken_number(self):
        self.fill()
        self.machine.write(self.machine.create_file(GPU, "1q")
                           .replace("create", "available_instances"), "many\n")
        self.expect(FAILURE, "types")

    def test_nothing_there(self):
        """No module at all: empty answers, and a hint for people."""
        self.expect(OK, "list", err="not loaded")
        self.expect(OK, "types", err="not loaded")
        self.expect(OK, "show", err="not loaded")
        self.assertEqual(self.expect_json(OK, "list")["vgpus"], [])
        self.assertEqual(self.expect_json(OK, "types")["types"], [])
        self.assertEqual(self.expect_json(OK, "show")["gpus"], [])

    def test_no_gpu(self):
        os.makedirs(self.machine.path("sys/bus/pci/drivers/openvgpu"))
        self.expect(OK, "list", err="no GPU is bound")

    def test_no_vgpu(self):
        self.machine.add_gpu(GPU, {"1q": (1024, 1, 1)})
        self.expect(OK, "list", err="no vGPU exists")

    def test_show_vgpu(self):
        self.fill()
        out = self.expect_unchanged(OK, "show", USED).out.decode()
        self.assertIn("4242", out)
        self.assertIn("/dev/vfio/7", out)
        vgpu = self.expect_json(OK, "show", USED.upper())["vgpu"]
        self.assertEqual(vgpu["uuid"], USED)
        self.assertEqual(vgpu["attributes"]["owner_pid"], 4242)
        self.assertEqual(vgpu["attributes"]["type_name"], "OpenVGPU TEST-1Q")
        self.assertEqual(vgpu["stats"]["trapped_writes"], 2 ** 64 - 1)

    def test_show_gpu(self):
        self.fill()
        out = self.expect_unchanged(OK, "show", "01:00.0").out.decode()
        self.assertIn(IDLE, out)
        self.assertNotIn(GPU2, out)
        gpus = self.expect_json(OK, "show")["gpus"]
        self.assertEqual([g["gpu"] for g in gpus], [GPU, GPU2])
        self.assertEqual([v["uuid"] for v in gpus[0]["vgpus"]], [USED, IDLE])
        self.assertEqual(gpus[0]["attributes"]["framebuffer_total"], 1 << 30)
        self.assertEqual(gpus[0]["attributes"]["scheduler"], "[round_robin]")
        self.assertEqual(len(gpus[1]["types"]), 2)

    def test_show_for_a_vm(self):
        self.fill()
        bios = "/usr/share/seabios/vgabios-bochs-display.bin"
        qemu = f"-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/{IDLE}"
        source = f"  <source>\n    <address uuid='{IDLE}'/>\n  </source>\n"
        hostdev = "<hostdev mode='subsystem' type='mdev' model='vfio-pci'"
        for personality, display, shown, note in (
                ("[native] bochs", "[region] dmabuf off", False, ""),
                ("native [bochs]", "region dmabuf [off]", False, ""),
                ("native [bochs]", "[region] dmabuf off", True, ""),
                ("native [bochs]", "region [dmabuf] off", True, "OpenGL")):
            self.machine.add_attributes(f"{GPU}/{IDLE}", {
                "personality": personality, "display": display})
            result = self.expect_unchanged(OK, "show", IDLE, "--qemu")
            self.assertEqual(result.out.decode(),
                             qemu + (",display=on" if shown else "") + "\n")
            self.assertEqual(b"OpenGL" in result.err, bool(note), result)
            self.assertEqual(
                self.expect(OK, "show", IDLE[:8], "--libvirt").out.decode(),
                hostdev + (" display='on'" if shown else "") + ">\n" + source +
                "</hostdev>\n")
        self.machine.write("root" + bios)
        self.assertEqual(self.expect(OK, "show", IDLE, "--qemu").out.decode(),
                         f"{qemu},display=on,romfile={bios}\n")
        # libvirt ignores a <rom> of a mediated device.
        self.assertNotIn("rom", self.expect(OK, "show", IDLE, "--libvirt").out.decode())
        for args in (["--qemu"], [GPU, "--libvirt"], [IDLE, "--qemu", "--libvirt"]):
            self.expect_unchanged(USAGE, "show", *args)
        self.expect_unchanged(NOT_FOUND, "show", NEW, "--qemu")

    def test_show_what_is_not_there(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "show", NEW, err=NEW)
        self.expect_unchanged(NOT_FOUND, "show", FOREIGN, err="other-type")
        self.expect_unchanged(NOT_FOUND, "show", NIC, err=NIC)
        self.expect_unchanged(USAGE, "show", "GPU0")

    def test_hostile_attributes(self):
        """Text of a file can't break the output, JSON or terminal."""
        self.fill()
        base = f"sys/devices/pci0000:00/{GPU}/{IDLE}/openvgpu"
        self.machine.write(f"{base}/state", b'a"\x1b[2J\xff\xed\xa0\x80\xc0\xaf\n')
        self.machine.write(f"{base}/text", b"\xf0\x9f\x98\x80\n" * 2000)
        self.machine.write(f"{base}/owner_pid", "99999999999999999999\n")
        os.symlink("/dev/zero", self.machine.path(f"{base}/zero"))
        self.expect(OK, "list")
        self.expect(OK, "show", IDLE)
        vgpu = self.run_json_utf8("show", IDLE)["vgpu"]
        self.assertTrue(vgpu["state"].startswith('a"\x1b[2J\ufffd'), vgpu)
        self.assertIsNone(vgpu["owner_pid"])


class Create(CliTest):
    def test_uuid_alone_on_stdout(self):
        self.fill()
        result = self.expect(OK, "create", "2q")
        self.assertRegex(result.out.decode(),
                         r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                         r"[89ab][0-9a-f]{3}-[0-9a-f]{12}\n\Z")
        self.assertEqual(result.err, b"")
        written = self.machine.read(self.machine.create_file(GPU2, "2q"))
        self.assertEqual(written, result.out.decode().strip())

    def test_two_get_different_names(self):
        self.fill()
        self.assertNotEqual(self.expect(OK, "create", "2q").out,
                            self.expect(OK, "create", "2q").out)

    def test_type_with_prefix_and_odd_uuid(self):
        self.fill()
        for uuid in (NEW.upper(), "00000000-0000-0000-0000-000000000000",
                     "99999999-0000-0000-0000-000000000199"):
            out = self.expect(OK, "create", "openvgpu-1q", "--uuid", uuid).out
            self.assertEqual(out.decode(), uuid.lower() + "\n")
            self.assertEqual(
                self.machine.read(self.machine.create_file(GPU, "1q")),
                uuid.lower())

    def test_emptiest_gpu(self):
        self.fill()
        value = self.expect_json(OK, "create", "256mq", "--uuid", NEW)
        self.assertEqual(value, {"version": 1, "uuid": NEW, "gpu": GPU2,
                                 "type": "openvgpu-256mq"})
        value = self.expect_json(OK, "create", "256mq", "--gpu", GPU)
        self.assertEqual(value["gpu"], GPU)

    def test_next_gpu_when_one_is_full(self):
        self.fill()
        self.machine.refuse(GPU2, "256mq", "no room\n")
        value = self.expect_json(OK, "create", "256mq")
        self.assertEqual(value["gpu"], GPU)

    def test_no_capacity(self):
        self.fill()
        reason = f"vGPU {NEW} not created: no 1024 MiB block is free"
        self.machine.refuse(GPU, "1q", reason + "\n")
        self.expect_unchanged(NO_CAPACITY, "create", "1q", "--uuid", NEW,
                              err=reason)
        value = self.expect_json(NO_CAPACITY, "create", "1q", "--uuid", NEW)
        self.assertIn(reason, value["error"]["message"])
        # Of another vGPU: not the reason here.
        result = self.expect_unchanged(NO_CAPACITY, "create", "1q",
                                       err="No space left")
        self.assertNotIn(b"block is free", result.err)
        self.machine.refuse(GPU, "256mq", "")
        self.expect_unchanged(NO_CAPACITY, "create", "256mq", "--gpu", GPU,
                              err="No space left")

    def test_unknown_type(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "create", "77q", err="openvgpu-77q")
        self.expect_unchanged(NOT_FOUND, "create", "2q", "--gpu", GPU, err=GPU)

    def test_unknown_gpu(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "create", "1q", "--gpu", NIC,
                              err="not bound")
        self.expect_unchanged(NOT_FOUND, "create", "1q", "--gpu", "99:00.0",
                              err="no PCI device 0000:99:00.0")

    def test_no_gpu_at_all(self):
        self.expect_unchanged(NOT_FOUND, "create", "1q", err="doctor")

    def test_bad_arguments(self):
        self.fill()
        huge = "a" * 100000
        for name in ("", "openvgpu-", "../1q", "1q/create", "1 q", "1q\n",
                     b"\xff\xfe", "\u0661q", huge, "a" * 64, "\x1b[31m"):
            self.expect_unchanged(USAGE, "create", "--", name)
        for uuid in ("", "1", NEW + "0", NEW[:-1], NEW.replace("-", ""),
                     "{" + NEW + "}", NEW[:-1] + "g", NEW[:-1] + "\n",
                     "../../../../../../../../../../../etc", huge,
                     b"\xff" * 36, NEW.replace("-", "_")):
            self.expect_unchanged(USAGE, "create", "1q", "--uuid", uuid)
        for bdf in ("", "0", GPU + ".0", "0000:01:00.8", "zz:00.0", "..",
                    "0000:01:00.0/..", "000000000:01:00.0", huge, b"\xff:00.0",
                    "0000:001:00.0", "0000:01:000.0", "000:01:00.0"):
            self.expect_unchanged(USAGE, "create", "1q", "--gpu", bdf)
            self.expect_unchanged(USAGE, "types", "--gpu", bdf)


class Remove(CliTest):
    def removed(self, uuid, bdf=GPU):
        return self.machine.read(f"sys/devices/pci0000:00/{bdf}/{uuid}/remove")

    def test_remove(self):
        self.fill()
        result = self.expect(OK, "remove", IDLE.upper())
        self.assertEqual((result.out, result.err), (b"", b""))
        self.assertEqual(self.removed(IDLE), "1")
        self.assertEqual(self.removed(USED), "")

    def test_json(self):
        self.fill()
        self.assertEqual(self.expect_json(OK, "remove", IDLE)["removed"], IDLE)

    def test_in_use(self):
        self.fill()
        self.expect_unchanged(BUSY, "remove", USED,
                              err="4242 (qemu-system-x86)")
        self.expect_json(BUSY, "remove", USED)
        self.assertEqual(self.removed(USED), "")

    def test_opened_in_between(self):
        """Opens are refused first, so that nobody is made to let go."""
        self.fill()
        folder = f"sys/devices/pci0000:00/{GPU}/{IDLE}/openvgpu"
        self.machine.write(f"{folder}/refuse_opens", "0\n")
        self.expect(OK, "remove", IDLE)
        self.assertEqual(self.removed(IDLE), "1")
        self.assertEqual(self.machine.read(f"{folder}/refuse_opens"), "1\n")
        # A process that opens it as late as it can: number 1.
        self.machine.write(f"sys/devices/pci0000:00/{GPU}/{IDLE}/remove")
        self.machine.write(f"{folder}/owner_pid", "0\n")
        os.unlink(self.machine.path(f"{folder}/refuse_opens"))
        os.symlink("owner_pid", self.machine.path(f"{folder}/refuse_opens"))
        self.expect_unchanged(BUSY, "remove", IDLE, err="in use")
        self.assertEqual(self.removed(IDLE), "")

    def test_owner_has_ended(self):
        """The process that is named is gone: what else can hold it is said."""
        self.fill()
        shutil.rmtree(self.machine.path("proc/4242"))
        self.machine.write("proc/1/comm", "init\n")
        result = self.expect_unchanged(BUSY, "remove", USED, err="4242, which opened it, has ended")
        for word in (b"vhost", b"fuser -v /dev/vfio/7"):
            self.assertIn(word, result.err)
        self.assertIn(b"4242 (ended)", self.expect(OK, "list").out)
        self.assertIs(self.expect_json(OK, "list")["vgpus"][0]["owner_ended"], True)
        self.expect(OK, "remove", "--force", USED)

    def test_force(self):
        self.fill()
        self.expect(OK, "remove", "--force", USED, err="4242")
        self.assertEqual(self.removed(USED), "1")

    def test_not_found(self):
        self.fill()
        self.expect_unchanged(NOT_FOUND, "remove", NEW, err=NEW)
        self.expect_unchanged(NOT_FOUND, "remove", FOREIGN, err="other-type")
        self.expect_unchanged(NOT_FOUND, "remove", "--force", FOREIGN)
        self.assertEqual(self.removed(FOREIGN, NIC), "")

    def test_bad_uuid(self):
        self.fill()
        for uuid in ("", "all", "../" + IDLE, IDLE + "/", b"\xff\x00"[:1] * 36,
                     "x" * 100000):
            self.expect_unchanged(USAGE, "remove", uuid)


class Usage(CliTest):
    def test_help(self):
        for args in (["--help"], ["-h"]):
            out = self.expect(OK, *args).out.decode()
            for command in ("list", "types", "create", "remove", "show",
                            "doctor", "Exit status"):
                self.assertIn(command, out)
        for command in ("list", "types", "create", "remove", "show", "doctor"):
            out = self.expect(OK, command, "--help").out.decode()
            self.assertIn(f"Usage: openvgpu {command}", out)
            self.assertIn("Exit status", out)

    def test_version(self):
        self.assertRegex(self.expect(OK, "--version").out.decode(),
                         r"\Aopenvgpu \d+\.\d+\.\d+\n\Z")

    def test_wrong(self):
        self.fill()
        for args in ([], [""], ["lst"], ["--frob"], ["--uuid"], [b"\xff"],
                     ["x" * 100000], ["list", "now"], ["list", "--force"],
                     ["list", "--frob"], ["list", "-x"], ["list", "-xy"],
                     ["list", "--json=yes"], ["list", b"-\xff"],
                     ["list", "--" + "x" * 100000], ["types", "1q"],
                     ["create"], ["create", "1q", "2q"], ["create", "--uuid"],
                     ["create", "1q", "--force"], ["remove"],
                     ["remove", IDLE, USED], ["remove", IDLE, "--uuid", NEW],
                     ["show", IDLE, GPU], ["doctor", "me"]):
            if args:
                self.expect_unchanged(USAGE, *args)
            else:
                self.assertEqual(self.run_cli().status, USAGE)
        value = self.expect_json(USAGE, "create", "--frob")
        self.assertIn("--frob", value["error"]["message"])

    def test_json_before_the_command(self):
        self.fill()
        result = self.run_cli("--json", "list")
        self.assertEqual(len(json.loads(result.out)["vgpus"]), 2)

    def test_module_with_another_interface(self):
        """What is read may mean something else; nothing is written."""
        self.fill()
        self.machine.add_attributes(GPU, {"abi_version": 1})
        self.assertEqual(self.expect(OK, "list").err, b"")
        self.machine.add_attributes(GPU, {"abi_version": 7})
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"weight": 100})
        note = b"the loaded module has version 7 of its interface, this command is for version 1"
        self.assertIn(note, self.expect(OK, "list").err)
        self.expect_unchanged(FAILURE, "create", "256mq", "--gpu", GPU,
                              err="the loaded module has version 7 of its interface")
        self.expect_unchanged(FAILURE, "set", IDLE, "weight=300",
                              err="the loaded module has version 7 of its interface")
        self.assertNotIn(note, self.run_cli("doctor").err)

    def test_lost_output(self):
        self.fill()
        with open("/dev/full", "w", encoding="ascii") as full:
            result = self.run_cli("list", stdout=full)
        self.assertEqual(result.status, OUTPUT, result)
        self.assertIn(b"cannot write", result.err)

    def test_no_sysfs(self):
        self.expect(FAILURE, "list", env={"OPENVGPU_SYSFS": "/nonexistent"},
                    err="sysfs")


if __name__ == "__main__":
    main()
