#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""openvgpu migration: what a vGPU is, whether a guest can go to another one, and
what it says if not. The rule itself is test_stream_compatible's."""

import json
import os

from cli_hello import MIB, NATIVE, hello, payload, record
from cli_machine import (
    FAILURE, FOREIGN, GPU, GPU2, IDLE, INCOMPATIBLE, NEW, NOT_FOUND, OK, USAGE, USED, CliTest,
    main)

LOGGING = "has no device DMA logging: QEMU migrates only with -device vfio-pci,...,enable-migration=on"
OFF = "migration is off: write auto to its openvgpu/migration while nobody has it open"


class Migration(CliTest):
    def setUp(self):
        super().setUp()
        self.fill()
        self.says(USED, uuid=USED)
        self.says(IDLE)
        for uuid in (USED, IDLE):
            self.machine.add_attributes(f"{GPU}/{uuid}", {"migration": "[auto] stop_copy off"})
        self.machine.add_attributes(GPU, {"dma_logging": 1})

    def says(self, vgpu, **values):
        self.machine.add_attributes(f"{GPU}/{vgpu}", {"migration_hello": hello(**values)})

    def refused(self, *reasons, ends=(USED, IDLE)):
        """Each of these reasons is said, nothing else, and the same as JSON."""
        value = self.expect_json(INCOMPATIBLE, "migration", "check", *ends)
        self.assertEqual(value["reasons"], list(reasons))
        self.assertIs(value["compatible"], False)
        self.assertEqual(value["error"]["message"], reasons[0])
        result = self.expect_unchanged(INCOMPATIBLE, "migration", "check", *ends)
        said = result.err.decode().splitlines()
        self.assertEqual([line for line in said if "warning: " not in line],
                         ["openvgpu: " + reason for reason in reasons])
        return value

    def description(self, vgpu):
        """A file with the description of a vGPU."""
        path = self.machine.path("description.json")
        with open(path, "wb") as file:
            file.write(self.expect_unchanged(OK, "migration", "describe", vgpu).out)
        return path

    def test_describe(self):
        value = self.expect_json(OK, "migration", "describe", IDLE)["migration"]
        self.assertEqual(value.pop("record"), hello())
        self.assertEqual(value, {
            "uuid": IDLE, "type": "openvgpu-256mq", "personality": "native", "family": "refgpu",
            "board": "REFGPU", "any_gpu": False, "hardware_version": "1.1",
            "interface_version": "1.2", "capabilities": 31, "framebuffer_bytes": 256 * MIB,
            "bar_bytes": 256 * MIB, "user_page_bytes": 65536, "aperture_pages": 32768, "heads": 4,
            "max_x": 5120, "max_y": 2880, "vectors": 3, "compute_slices": 0, "memory_slices": 0,
            "mode": "auto", "dma_logging": True})
        # Without --json likewise, and by first digits.
        self.assertEqual(json.loads(self.expect(OK, "migration", "describe", "1111").out)
                         ["migration"]["uuid"], IDLE)
        self.assertEqual(json.loads(self.expect(OK, "migration", "describe", USED.upper()).out)
                         ["migration"]["uuid"], USED)
        self.expect_unchanged(NOT_FOUND, "migration", "describe", NEW, err="there is no vGPU")
        self.expect_unchanged(NOT_FOUND, "migration", "describe", FOREIGN, err="not OpenVGPU's")
        self.expect_unchanged(USAGE, "migration", "describe", GPU, err="is not the UUID")
        self.expect_unchanged(USAGE, "migration", "describe", err="needs UUID")

    def test_compatible(self):
        result = self.expect_unchanged(OK, "migration", "check", USED, IDLE)
        self.assertEqual(result.out.decode(),
                         f"a guest of vGPU {USED} can go to vGPU {IDLE}\n")
        self.assertEqual(result.err, b"")
        value = self.expect_json(OK, "migration", "check", "0000", "1111")
        self.assertEqual(value, {"version": 1, "source": USED, "target": IDLE,
                                 "compatible": True, "reasons": [], "warnings": []})
        # More than the source has is no reason.
        self.says(IDLE, hardware=0x10002, capabilities=0xff)
        self.expect(OK, "migration", "check", USED, IDLE)
        self.refused(
            "migration refused: the source's hardware has version 1.2, this GPU 1.1",
            "migration refused: this GPU lacks capabilities 0xe0 that the source's has",
            ends=(IDLE, USED))

    def test_refused(self):
        self.says(USED, uuid=USED, framebuffer=1024 * MIB, bar_bytes=1024 * MIB,
                  type="openvgpu-1q", config=bytes(256))
        self.refused(
            "migration refused: the source has 1024 MiB, this vGPU 256: create openvgpu-1q",
            "migration refused: the source's framebuffer BAR has 1024 MiB, this vGPU's 256: "
            "create openvgpu-1q")
        self.says(USED, uuid=USED, config=b"\1" + NATIVE["config"][1:])
        self.refused("migration refused: the configuration spaces differ at 0x00")
        self.says(USED, personality="bochs", any_family=1, framebuffer=16 * MIB)
        self.refused("migration refused: the source has personality bochs, this vGPU native: "
                     "write bochs to its openvgpu/personality")

    def test_off(self):
        self.machine.add_attributes(f"{GPU}/{USED}", {"migration": "auto stop_copy [off]"})
        self.refused("migration refused: the source's " + OFF)
        # It is known of a description as well.
        self.refused("migration refused: the source's " + OFF,
                     ends=(self.description(USED), IDLE))
        self.says(USED, heads=1)
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"migration": "[off]"})
        self.refused("migration refused: the source has 1 heads, this vGPU 4",
                     "migration refused: the source's " + OFF,
                     "migration refused: the target's GPU can't save the state of a vGPU")

    def test_warnings(self):
        self.machine.add_attributes(GPU, {"dma_logging": 0})
        described = self.description(USED)
        source, target = "the source's kernel " + LOGGING, "the target's kernel " + LOGGING
        opened = ("process 4242 (qemu-system-x86) has the target open: end it, unless it is the "
                  "VMM that waits for the guest")
        for ends, warnings in (
                ((USED, IDLE), [source]), ((IDLE, USED), [source, opened]),
                ((described, IDLE), [source, target + ", for the way back, too"]),
                ((IDLE, described), [source, target + ", for the way back, too"])):
            value = self.expect_json(OK, "migration", "check", *ends)
            self.assertEqual(value["warnings"], warnings, ends)
            result = self.expect(OK, "migration", "check", *ends)
            self.assertEqual(result.err.decode(),
                             "".join(f"openvgpu: warning: {text}\n" for text in warnings))
            self.assertIn(b"can go to", result.out)
        # Those of a refusal come after its reasons.
        self.says(IDLE, uuid=IDLE, vectors=2)
        value = self.refused("migration refused: the source has 2 interrupt vectors, this vGPU 3",
                             ends=(IDLE, USED))
        self.assertEqual(value["warnings"], [source, opened])
        # An older module's kernel may have it.
        os.unlink(self.machine.path(f"sys/devices/pci0000:00/{GPU}/openvgpu/dma_logging"))
        self.assertIsNone(self.expect_json(OK, "migration", "describe", USED)
                          ["migration"]["dma_logging"])
        self.says(IDLE)
        self.assertEqual(self.expect_json(OK, "migration", "check", USED, IDLE)["warnings"], [])

    def test_descriptions(self):
        described = self.description(USED)
        for ends in ((described, IDLE), (IDLE, described), (described, described)):
            self.expect_unchanged(OK, "migration", "check", *ends)
        with open(described, "rb") as file:
            self.assertIn(b"can go to", self.expect(OK, "migration", "check", "-", IDLE,
                                                    stdin=file).out)
        with open(described, "rb") as file:
            self.expect(OK, "migration", "check", IDLE, "-", stdin=file)
        self.expect_unchanged(USAGE, "migration", "check", "-", "-", err="one description only")
        self.expect_unchanged(USAGE, "migration", "check", "-", IDLE, err="standard input is not JSON")
        self.expect_unchanged(NOT_FOUND, "migration", "check", "none.json", IDLE,
                              err="cannot open none.json: No such file")
        self.expect_unchanged(USAGE, "migration", "check", "/", IDLE, err="Is a directory")
        self.expect_unchanged(NOT_FOUND, "migration", "check", NEW, IDLE, err="there is no vGPU")
        self.expect_unchanged(NOT_FOUND, "migration", "check", IDLE, NEW, err="there is no vGPU")
        self.expect_unchanged(NOT_FOUND, "migration", "check", "beef", IDLE, err="begins with 'beef'")
        for words in ([], [IDLE], [IDLE, USED, NEW]):
            self.expect_unchanged(USAGE, "migration", "check", *words, err="openvgpu migration check --help")

    def test_bad_descriptions(self):
        def bad(status, text, err):
            if not isinstance(text, (str, bytes)):
                text = json.dumps(text)
            self.machine.write("bad.json", text)
            ends.reverse()
            self.expect_unchanged(status, "migration", "check", *ends, err=err)

        ends = [self.machine.path("bad.json"), IDLE]

        for text in ("", "{", "[]", "null", "7", '"x"', "{} {}", "\0", b"\xff", '{"migration": 1}x'):
            bad(USAGE, text, "bad.json is not ")
        bad(USAGE, "[" * 100, "bad.json is not JSON")
        bad(USAGE, " " * (64 << 10) + "{}", "bad.json is larger than 65536 bytes")
        for value in ({}, {"migration": None}, {"migration": []}, {"error": {"code": 3}}):
            bad(USAGE, value, "is no description that 'openvgpu migration describe' printed")
        whole = hello()
        for text in ("", "0", "xy", whole + "0", whole[:-1] + "g", "00" * 2049, 7, None, [whole]):
            bad(USAGE, {"migration": {"record": text}}, "has no record of 1 to 2048 bytes")
        for text, err in (
                (whole[:-2], "is not whole"), (whole[:30], "is not whole"), ("00" * 2048, "no vGPU wrote this"),
                (whole[:60] + "ff" + whole[62:], "the checksum is wrong"),
                (record(payload(), tag=b"VRAM"), "no vGPU wrote this"),
                (record(payload()[:-1]), f"it has {len(payload()) - 1} bytes"),
                (record(payload(board="a b")), "no vGPU wrote this"),
                (record(payload(type="\x1b[2J")), "no vGPU wrote this"),
                (record(payload()[8:] + bytes(8)), "no vGPU wrote this")):
            bad(USAGE, {"migration": {"record": text}}, err)

    def test_what_follows_is_not_read(self):
        """Only the first record counts, whatever comes behind it."""
        path = self.machine.path("more.json")
        for more in (record(bytes(16), tag=b"DONE"), record(bytes(65544), tag=b"VRAM")[:1000], "00"):
            self.machine.write("more.json", json.dumps({"migration": {"record": hello() + more}}))
            self.expect_unchanged(OK, "migration", "check", path, IDLE)

    def test_newer(self):
        """A newer minor version adds what is skipped, a newer major one is another form."""
        path = self.machine.path("newer.json")

        def write(text, **more):
            self.machine.write("newer.json", json.dumps({"migration": {"record": text, **more}}))

        write(record(payload() + b"more", version=0x103), mode="later", dma_logging="perhaps", x=1)
        self.expect_unchanged(OK, "migration", "check", path, IDLE)
        write(record(payload(), version=0x200))
        value = self.refused("migration refused: record 0: 0x4f4c4548 of version 2.0 is not known "
                             "here: update openvgpu on this host", ends=(path, IDLE))
        self.assertIsNone(value["source"])
        self.expect_unchanged(FAILURE, "migration", "check", IDLE, path,
                              err="check on its host, with a description of the source")

    def test_older_module(self):
        os.unlink(self.machine.path(
            f"sys/devices/pci0000:00/{GPU}/{IDLE}/openvgpu/migration_hello"))
        for words in (["describe", IDLE], ["check", IDLE, USED], ["check", USED, IDLE]):
            self.expect_unchanged(FAILURE, "migration", *words, err="the loaded module is too old")
        self.machine.add_attributes(f"{GPU}/{IDLE}", {"migration_hello": "00"})
        self.expect_unchanged(FAILURE, "migration", "describe", IDLE, err="not whole")

    def test_another_gpu(self):
        self.machine.add_vgpu(NEW, GPU2, "256mq")
        self.machine.add_attributes(f"{GPU2}/{NEW}", {
            "migration_hello": hello(uuid=NEW, board="OTHER"), "migration": "[auto] off"})
        self.refused("migration refused: the source's GPU is a REFGPU, this one a OTHER",
                     ends=(USED, NEW))

    def test_show_leaves_it_out(self):
        self.assertNotIn(b"migration_hello", self.expect(OK, "show", IDLE).out)
        self.assertEqual(self.expect_json(OK, "show", IDLE)["vgpu"]["attributes"]["migration_hello"],
                         hello())


if __name__ == "__main__":
    main()
